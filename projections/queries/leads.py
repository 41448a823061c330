"""What readers ask of the read models: leads, one lead, its timeline and its score. Reports are in `reports.py`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Select, literal, select, tuple_

from domain.conditions.compile import compile_where
from domain.conditions.parse import GRADES
from domain.errors import NotFound, Retry
from domain.files.durations import show_duration
from domain.fold.fold import Fold
from domain.fold.score import decayed
from domain.model.definition import Model
from domain.signals.kinds import HOT
from domain.touchpoints.identity import KINDS, canonical
from domain.touchpoints.touchpoint import Touchpoint
from projections.projecting.projector import read_progress
from projections.queries.cursors import give, take
from projections.queries.lookup import Lookup
from projections.queries.shapes import (
    AwardShape,
    FitShape,
    IdentityShape,
    LeadDetail,
    LeadShape,
    Page,
    ScoreShape,
    StageShape,
    TouchpointShape,
    WithheldShape,
)
from projections.read_models.leads import said_of
from store.database.database import Database
from store.database.tables import Derived, live, open_signals
from store.events.ids import Ids
from store.events.store import EventStore
from store.models import active_model

LIMIT: Final = 1000
"""Most items of one page."""


class NotReady(Retry):
    """Nothing is projected yet."""


@dataclass(frozen=True, slots=True)
class View:
    """One consistent view of the read models: the fold to exactly (position, clock) under `model`."""

    conn: Connection
    ids: Ids
    lookup: Lookup
    model: Model
    position: int
    clock: int
    tables: Derived = live


class Reader:
    """Opens views."""

    def __init__(self, database: Database, events: EventStore, ids: Ids) -> None:
        self._database = database
        self._ids = ids
        self._lookup = Lookup(events, ids)

    @contextmanager
    def view(self) -> Iterator[View]:
        """A view of this moment. Raises NotReady where no model was ever activated, DatabaseAway."""
        with self._database.snapshot() as conn:
            model = active_model(conn)
            if model is None:
                raise NotReady("no model is active yet: start `leadline serve` (or `leadline project`) once")
            progress = read_progress(conn)
            yield View(conn, self._ids, self._lookup, model, progress.position, progress.clock)


def leads(
    view: View,
    identities: Mapping[str, str | None] | None = None,
    *,
    stage: str | None = None,
    segment: str | None = None,
    grade: str | None = None,
    hot: bool | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[LeadShape]:
    """Leads, hottest first. `identities` maps kinds to values: of these there is one lead or none. Raises NotFound."""
    query = cards(view.tables)
    if stage is not None:
        known = ("visitor", *(each.name for each in view.model.stages))
        query = query.where(view.tables.leads.c.stage == _known("stage", stage, known))
    if grade is not None:
        query = query.where(view.tables.scores.c.grade == _known("grade", grade, GRADES))
    if hot is not None:
        query = query.where(view.tables.scores.c.hot.is_(hot))
    if segment is not None:
        member = view.tables.segment_members
        inside = select(member.c.lead).where(member.c.segment == known_segment(view, segment))
        query = query.where(view.tables.leads.c.lead.in_(inside))
    for kind, value in (identities or {}).items():
        if value is not None:
            found = canonical(kind, value)
            lead = None if found is None else view.lookup.holder(view.conn, view.ids.of(found))
            if lead is None:
                return Page[LeadShape](items=[])
            query = query.where(view.tables.leads.c.lead == lead)
    rows = _by_heat(view, query, limit + 1, cursor)
    following = give("leads", rows[limit - 1].z, rows[limit - 1].lead) if len(rows) > limit else None
    return Page[LeadShape](items=[lead_shape(view, row) for row in rows[:limit]], next=following)


def leads_of(view: View, ids: Iterable[str]) -> list[LeadShape]:
    """The live leads of these ids, in no order; ids that no lead bears (any more) are left out."""
    wanted = [UUID(id) for id in ids]
    leads = view.tables.leads
    return [lead_shape(view, row) for row in view.conn.execute(cards(view.tables).where(leads.c.lead.in_(wanted)))]


def _by_heat(view: View, query: Select[Any], limit: int, cursor: str | None) -> list[Row[Any]]:
    """Two ranges of one index, with heat and without: NULLS LAST would sort everything."""
    scores = view.tables.scores
    after = None if cursor is None else take("leads", cursor, float | None, UUID)
    rows: list[Row[Any]] = []
    if after is None or after[0] is not None:
        ranked = query.where(scores.c.z.is_not(None)).order_by(scores.c.z.desc(), scores.c.lead.desc())
        if after is not None:
            place = tuple_(literal(after[0], scores.c.z.type), literal(after[1], scores.c.lead.type))
            ranked = ranked.where(tuple_(scores.c.z, scores.c.lead) < place)
        rows = list(view.conn.execute(ranked.limit(limit)))
        after = None
    if len(rows) < limit:
        cold = query.where(scores.c.z.is_(None)).order_by(scores.c.lead.desc())
        if after is not None:
            cold = cold.where(scores.c.lead < after[1])
        rows += view.conn.execute(cold.limit(limit - len(rows)))
    return rows


def cards(tables: Derived) -> Select[Any]:
    """Leads with their scores: the rows of which a card is made."""
    scores = [column for column in tables.scores.c if column.name != "lead"]
    opened = open_signals.c
    told = (opened.holder == tables.leads.c.lead) & (opened.kind == HOT.value) & opened.signal.is_not(None)
    query = select(tables.leads, *scores, select(opened.holder).where(told).exists().label("announced"))
    return query.join(tables.scores, tables.scores.c.lead == tables.leads.c.lead)


def known_segment(view: View, name: str) -> str:
    """The name, if the model has such a segment. Raises NotFound."""
    return _known("segment", name, [segment.name for segment in view.model.segments])


def _known(what: str, name: str, names: Sequence[str]) -> str:
    if name not in names:
        raise NotFound(f"no {what} {name[:80]!r}: the model has {', '.join(names) or 'none'}")
    return name


def live_lead(view: View, lead: str) -> UUID:
    """The live lead of an id, a former one too. Raises NotFound."""
    try:
        found = view.lookup.resolve(view.conn, UUID(lead))
    except ValueError:
        raise NotFound(f"no lead {lead[:80]!r}: a lead id is a UUID, as `id` of /api/leads") from None
    if found is None:
        raise NotFound(f"no lead {lead}: nothing with that id was ever projected")
    return found


def lead_of_identity(view: View, text: str) -> UUID:
    """The lead of `kind:value`, a bare e-mail address or a lead id. Raises NotFound."""
    kind, _, value = text.partition(":")
    if kind not in KINDS or not value:
        if "@" not in text:
            return live_lead(view, text)
        kind, value = "email", text
    identity = canonical(kind, value)
    found = None if identity is None else view.lookup.holder(view.conn, view.ids.of(identity))
    if found is None:
        raise NotFound(f"no lead has the {kind} {value!r}")
    return found


def heat_now(view: View, heat: float, heat_at: int) -> float:
    """Heat decayed to the view's clock, as it is shown: at least 0, two decimals."""
    left = decayed(heat, heat_at, view.model.score.half_life, view.clock)
    return max(0.0, round(left * 100) / 100)


def card(view: View, lead: UUID) -> dict[str, Any]:
    """The fields of one live lead's card. Raises NotFound."""
    row = view.conn.execute(cards(view.tables).where(view.tables.leads.c.lead == lead)).first()
    if row is None:
        raise NotFound(f"no lead {lead}")
    return card_fields(view, row)


def lead_shape(view: View, row: Row[Any]) -> LeadShape:
    """The shape of a row of `leads` with `scores`."""
    return LeadShape(**card_fields(view, row))


def card_fields(view: View, row: Row[Any]) -> dict[str, Any]:
    """The fields of a lead card, of a row of `cards`."""
    said = said_of(row)
    return {
        "id": str(row.lead),
        "identities": [IdentityShape(kind=kind, value=value) for kind, value in said["identities"]],
        "profile": said["profile"],
        "stage": row.stage,
        "stage_since": row.stage_since,
        "identified": row.identified,
        "heat": heat_now(view, row.heat, row.heat_at),
        "grade": row.grade,
        "fit": row.fit,
        "hot": row.hot,
        "announced": row.announced,
        "hot_since": row.hot_since,
        "cools_at": row.cools_at,
        "not_a_lead": row.not_a_lead,
        "first_touch": row.first_touch,
        "last_touch": row.last_touch,
        "touches": row.touches,
        "findings": said["findings"],
    }


def lead_detail(view: View, lead: UUID) -> LeadDetail:
    """One live lead with its stages and segments. Raises NotFound."""
    history, members = view.tables.stage_history, view.tables.segment_members
    stages = select(history.c.stage, history.c.at, history.c.source).where(history.c.lead == lead).order_by(history.c.n)
    segments = select(members.c.segment).where(members.c.lead == lead).order_by(members.c.segment)
    return LeadDetail(
        **card(view, lead),
        stages=[StageShape(stage=row.stage, at=row.at, source=row.source) for row in view.conn.execute(stages)],
        segments=list(view.conn.execute(segments).scalars()),
        clock=view.clock,
    )


def timeline(
    view: View, lead: UUID, *, limit: int = 100, cursor: str | None = None, newest: bool = False
) -> Page[TouchpointShape]:
    """A lead's touchpoints in the order of the fold, or the other way round."""
    name = "timeline-newest" if newest else "timeline"
    history: list[Touchpoint] = list(view.lookup.history(view.conn, lead))
    if newest:
        history.reverse()
    if cursor is not None:
        place = tuple(take(name, cursor, int, int, str, str))
        history = [each for each in history if (each.order < place if newest else each.order > place)]
    following = give(name, *history[limit - 1].order) if len(history) > limit else None
    return Page[TouchpointShape](items=[_touchpoint(each) for each in history[:limit]], next=following)


def _touchpoint(touchpoint: Touchpoint) -> TouchpointShape:
    return TouchpointShape(
        id=touchpoint.id,
        type=touchpoint.type,
        source={"kind": touchpoint.source.kind, "name": touchpoint.source.name},
        occurred_at=touchpoint.occurred_at,
        received_at=touchpoint.received_at,
        identities=[IdentityShape(kind=kind, value=value) for kind, value in touchpoint.identities],
        properties=dict(touchpoint.properties),
        profile=dict(touchpoint.profile),
        context=dict(touchpoint.context),
    )


def score(view: View, lead: UUID) -> ScoreShape:
    """Every point explained: the increments in the order of the fold, and the fit rules that the profile meets."""
    fields = card(view, lead)
    explanation = view.lookup.explain(view.conn, Fold(view.model), lead)
    met = [rule for rule in view.model.fit.rules if compile_where(rule.where)({}, fields["profile"])]
    return ScoreShape(
        lead=fields["id"],
        heat=explanation.heat,
        half_life=show_duration(view.model.score.half_life),
        hot=fields["hot"],
        cools_at=fields["cools_at"],
        grade=fields["grade"],
        fit=fields["fit"],
        fit_items=[FitShape(rule=rule.name, points=rule.points) for rule in met],
        not_a_lead=fields["not_a_lead"],
        clock=view.clock,
        items=[
            AwardShape(
                rule=point.award.rule,
                touchpoint=point.award.touchpoint,
                type=point.award.type,
                at=point.award.at,
                points=point.award.points,
                now=point.now,
            )
            for point in explanation.points
        ],
        withheld=[
            WithheldShape(
                rule=withheld.rule,
                touchpoint=withheld.touchpoint,
                type=withheld.type,
                at=withheld.at,
                points=withheld.points,
                why=withheld.why,
                until=withheld.until,
            )
            for withheld in explanation.withheld
        ],
    )
