"""What a reader narrows a list of leads by; all of it must hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select

from domain.conditions.parse import GRADES
from domain.errors import Refused
from domain.files.durations import SECOND
from domain.fold.score import zero_point
from domain.fold.terms import READ, asked_for
from domain.model.channels import every_channel
from domain.model.owners import NOBODY
from domain.phrases import phrase, phrased
from domain.signals.kinds import HOT
from domain.touchpoints.identity import Identity, NoIdentity, named
from domain.touchpoints.text import storable
from projections.queries.searching import Search, segment_mark, term_mark
from projections.queries.tags import has_tag
from projections.queries.view import View, known, known_segment
from projections.read_models.lead_sources import FIRST, LAST
from store.database.tables import hot_told, open_signals


class BadSearch(Refused):
    """What is searched for is nothing that could be found, or too much."""


MOST_TERMS: Final = 16
"""What one search may ask for."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; None: nothing is asked of it."""

    identities: Mapping[str, str | None] = field(default_factory=dict)
    """Kind -> value: of these there is one lead or none."""
    q: str | None = None
    """Beginnings of words of the name, the company or an e-mail; of Chinese, Japanese or Korean any part."""
    stage: str | None = None
    segment: str | None = None
    grade: str | None = None
    hot: bool | None = None
    announced: bool | None = None
    excluded: bool | None = None
    """Whether the person is no lead (an employee, a competitor, ...)."""
    first_channel: str | None = None
    last_channel: str | None = None
    campaign: str | None = None
    """Of the first or the last source."""
    owner: str | None = None
    """Who takes care of it; NOBODY: nobody does."""
    tag: str | None = None
    """One of the model's that people put on it."""
    owned_by: tuple[str, ...] = ()
    """Owners of whom one takes care of it; (): anybody, or nobody."""
    not_owned_by: tuple[str, ...] = ()
    """Owners of whom none takes care of it."""
    closed: bool | None = None
    """Whether its way has ended: won, or in a detour where nobody is hot."""
    changed_since: int | None = None
    """An instant: at or after it a touchpoint, or time alone, changed something."""


def conditions(view: View, filters: Filters, *, by_heat: bool = False) -> list[ColumnElement[bool]]:
    """The filters as conditions over `leads` and `scores`. Raises NotFound, BadSearch.

    `by_heat`: of a list in this order, for which the leads of a stage have an index.
    """
    return [
        *_of_rows(view, filters, (view.tables.scores if by_heat else view.tables.leads).c.stage),
        *_of_sources(view, filters),
        *(search.conditions() if (search := search_of(view, filters)) else []),
        *(_named(view, kind, value) for kind, value in filters.identities.items() if value is not None),
    ]


def asked_identity(kind: str, value: str) -> Identity:
    """The identity that a reader asks for. Raises BadSearch where nobody could ever have it."""
    try:
        return named(kind, value)
    except NoIdentity as error:
        hint = " (a + is %2B in a URL)" if " " in value else ""
        raise BadSearch(
            phrase(
                "{kind}: found {found!r}, which names nobody: {why}{hint}",
                kind=kind,
                found=value[:80],
                why=phrased(error),
                hint=hint,
            )
        ) from None


def is_announced(view: View) -> ColumnElement[bool]:
    """Whether a lead is hot and somebody was told: a probe a lead, where EXISTS may read all that is open first."""
    leads, scores = view.tables.leads.c, view.tables.scores.c
    if view.past is None:
        opened = open_signals.c
        hot = select(opened.signal).where(opened.holder == leads.lead, opened.kind == HOT.value, opened.subject == "")
        return hot.scalar_subquery().is_not(None)
    told = hot_told.c
    held = select(told.signal).where(told.lead == leads.lead, told.at <= view.clock).order_by(told.at.desc()).limit(1)
    return and_(scores.hot, leads.identified, held.scalar_subquery().is_not(None))


def _of_rows(view: View, filters: Filters, stage: ColumnElement[str]) -> list[ColumnElement[bool]]:
    leads, scores = view.tables.leads.c, view.tables.scores.c
    narrowed: list[ColumnElement[bool]] = []
    if filters.stage is not None:
        stages = ("visitor", *(each.name for each in view.model.stages))
        narrowed.append(stage == known("stage", filters.stage, stages))
    if filters.grade is not None:
        narrowed.append(scores.grade == known("grade", filters.grade, GRADES))
    if filters.hot is not None:
        narrowed.append(scores.hot.is_(filters.hot))
    if filters.hot and (least := _least_of_hot(view)) is not None:
        narrowed.append(scores.z >= least)  # so that few hot ones are found without reading all the others
    if filters.announced is not None:
        announced = is_announced(view)
        narrowed.append(announced if filters.announced else ~announced)
    if filters.excluded is not None:
        narrowed.append(scores.not_a_lead.is_not(None) if filters.excluded else scores.not_a_lead.is_(None))
    if filters.owner == NOBODY:
        narrowed.append(leads.owner.is_(None))
    elif filters.owner is not None:
        owners = (NOBODY, *(each.name for each in view.model.sales.owners))
        narrowed.append(leads.owner == known("owner", filters.owner, owners))
    if filters.tag is not None:
        narrowed.append(has_tag(view, filters.tag))
    if filters.owned_by:
        narrowed.append(leads.owner.in_(filters.owned_by))
    if filters.not_owned_by:
        narrowed.append(or_(leads.owner.is_(None), leads.owner.not_in(filters.not_owned_by)))
    if filters.closed is not None:
        ended = [each.name for each in view.model.stages if each.won or (each.detour and not each.may_be_hot)]
        narrowed.append(stage.in_(ended) if filters.closed else stage.not_in(ended))
    if filters.changed_since is not None:
        narrowed.append(leads.changed_at >= filters.changed_since)
    return narrowed


def _least_of_hot(view: View) -> float | None:
    """A bound of z below which nobody is hot: a hot episode has ended where heat has fallen to `rearm_at`."""
    score = view.model.score
    least = None if score.rearm_at is None else zero_point(score.rearm_at, view.clock, score.half_life)
    return None if least is None else least - SECOND  # z is rounded


def _of_sources(view: View, filters: Filters) -> list[ColumnElement[bool]]:
    leads, sources = view.tables.leads.c, view.tables.lead_sources.c
    channels = every_channel(rule.name for rule in view.model.channels.rules)
    asked = ((leads.first_channel, filters.first_channel), (leads.last_channel, filters.last_channel))
    narrowed = [column == known("channel", name, channels) for column, name in asked if name is not None]
    if filters.campaign is not None:
        of_lead = select(sources.lead).where(sources.lead == leads.lead, sources.which.in_((FIRST, LAST)))
        narrowed.append(of_lead.where(sources.stage == "", sources.campaign == storable(filters.campaign)).exists())
    return narrowed


def search_of(view: View, filters: Filters) -> Search | None:
    """The marks that are asked for: words and a segment. Raises NotFound, BadSearch."""
    marks = [] if filters.q is None else [term_mark(view.tables, term) for term in _terms(filters.q)]
    if filters.segment is not None:
        marks.append(segment_mark(view.tables, known_segment(view, filters.segment)))
    return Search(view.tables, marks) if marks else None


def _terms(q: str) -> Sequence[str]:
    terms = asked_for(q)
    if not 0 < len(terms) <= MOST_TERMS or len(q) > READ:
        raise BadSearch(
            phrase(
                "q {q!r} is no search: give 1 to {words} words with letters or digits, at most {most} characters",
                q=q[:80],
                words=MOST_TERMS,
                most=READ,
            )
        )
    return terms


def _named(view: View, kind: str, value: str) -> ColumnElement[Any]:
    """The lead that an identity names. Raises BadSearch."""
    lead: UUID | None = view.lookup.holder(view.conn, view.ids.of(asked_identity(kind, value)))
    return false() if lead is None else view.tables.leads.c.lead == lead
