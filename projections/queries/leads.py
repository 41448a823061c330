"""Leads, hottest first, narrowed by what a reader names; and the card that each is shown with."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, literal, select, tuple_

from domain.conditions.parse import GRADES
from domain.fold.score import decayed
from domain.signals.kinds import HOT
from domain.touchpoints.identity import canonical
from projections.queries.cursors import give, take
from projections.queries.shapes import (
    IdentityShape,
    LeadShape,
    Page,
)
from projections.queries.view import View, known, known_segment
from projections.read_models.leads import said_of
from store.database.tables import Derived, open_signals


def find_leads(
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
        stages = ("visitor", *(each.name for each in view.model.stages))
        query = query.where(view.tables.leads.c.stage == known("stage", stage, stages))
    if grade is not None:
        query = query.where(view.tables.scores.c.grade == known("grade", grade, GRADES))
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


def lead_shape(view: View, row: Row[Any]) -> LeadShape:
    """The shape of a row of `leads` with `scores`."""
    return LeadShape(**card_fields(view, row))


def card_fields(view: View, row: Row[Any]) -> dict[str, Any]:
    """The fields of a lead card, of a row of `cards`."""
    said = said_of(row)
    return {
        "id": str(row.lead),
        "identities": [IdentityShape(kind=kind, value=value) for kind, value in said["identities"]],
        "identity_count": row.identity_count,
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
        "first_channel": row.first_channel,
        "last_channel": row.last_channel,
    }


def heat_now(view: View, heat: float, heat_at: int) -> float:
    """Heat decayed to the view's clock, as it is shown: at least 0, two decimals."""
    left = decayed(heat, heat_at, view.model.score.half_life, view.clock)
    return max(0.0, round(left * 100) / 100)
