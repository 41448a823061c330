"""The leads behind a number of a stage."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, assert_never, get_args
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, and_, exists, select

from domain.errors import Refused
from domain.phrases import phrase
from projections.queries.cursors import give, take
from projections.queries.days import EVER, DayRange, bounds_of
from projections.queries.leads import card_fields, cards
from projections.queries.shapes import LeadShape, Moment, Page
from projections.queries.view import View, known
from projections.reports.answer import CellLeads, ReportCell, ReportQuestion
from projections.reports.stages.ways import Way, ranks_of, visits_of

StageState = Literal["entered", "inside", "left", "went_on", "furthest", "reentered"]
STATES: Final[tuple[StageState, ...]] = get_args(StageState)

NUMBERS: Final = (*STATES, "reentries", "stays")
"""The numbers of a stage that have leads behind them: the last two count what leads did, one several times."""
_LIST: Final = "stage leads"


class BadStages(Refused):
    """A number that a stage does not have."""


class StageLeadShape(LeadShape):
    """A lead with its way through a stage."""

    entered_at: Annotated[Moment, Field(description="when it first came there")]
    entries: Annotated[int, Field(description="how often it came there")]
    furthest: Annotated[str | None, Field(description="the last in the model's order that it was in; null: none")]


def leads_of_stage(
    view: View,
    name: str,
    state: StageState = "entered",
    days: DayRange = EVER,
    *,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[StageLeadShape]:
    """The leads that a number of the report counts, by their ids. Raises NotFound, BadStages, BadCursor."""
    ranks = ranks_of(view)
    _check(view, name, state)
    leads = view.tables.leads.c
    query = cards(view).where(*_first_came(view, name, days), *_in_state(view, name, state))
    if cursor is not None:
        query = query.where(leads.lead > take(view.tables.prefix + _LIST, cursor, UUID)[0])
    rows = list(view.conn.execute(query.order_by(leads.lead).limit(limit + 1)))
    following = give(view.tables.prefix + _LIST, rows[limit - 1].lead) if len(rows) > limit else None
    ways = _ways_of(view, [row.lead for row in rows[:limit]])
    names = {rank: stage for stage, rank in ranks.items()}
    items = []
    for row in rows[:limit]:
        visits, furthest = visits_of(ways[row.lead], ranks)
        visit = visits[name]
        items.append(
            StageLeadShape(
                **card_fields(view, row),
                entered_at=visit.entered_at,
                entries=visit.entries,
                furthest=names.get(furthest),
            )
        )
    return Page[StageLeadShape](items=items, next=following)


def people(view: View, question: ReportQuestion, cell: ReportCell) -> CellLeads:
    """Who is behind a number of the report, each with when it first came there, else with each time that is counted.

    Raises NotFound, BadStages.
    """
    name = cell.row.get("stage", "")
    state: StageState | None = next((each for each in STATES if each == cell.number), None)
    _check(view, name, state)
    leads = view.tables.leads
    came, other = (view.tables.stage_history.alias(alias).c for alias in ("came", "another"))
    before = exists().where(other.lead == came.lead, other.stage == name, other.n < came.n)
    after = exists().where(other.lead == came.lead, other.n > came.n)
    query = select(came.lead, came.at, came.n.label("again"))
    query = query.join_from(came.lead.table, leads, leads.c.lead == came.lead).where(came.stage == name)
    if state is not None:
        start, end = bounds_of(question.days, view.model.timezone)
        inside = [*([] if start is None else [came.at >= start]), *([] if end is None else [came.at < end])]
        return CellLeads(query.where(~before, *inside, *_in_state(view, name, state)), again=int)
    counted = before if cell.number == "reentries" else after
    return CellLeads(query.where(counted, *_first_came(view, name, question.days)), again=int)


def _check(view: View, name: str, state: StageState | None) -> None:
    """That there is such a number. Raises NotFound, BadStages."""
    known("stage", name, [stage.name for stage in view.model.stages])
    if state in ("went_on", "furthest") and name not in ranks_of(view):
        raise BadStages(
            phrase(
                "state: found {state!r}, which no detour has: {name:stage} has no place in the order of stages",
                state=state,
                name=name,
            )
        )


def _ways_of(view: View, leads: Sequence[UUID]) -> dict[UUID, Way]:
    """What each of a page's leads entered, in order."""
    rows = view.tables.stage_history.c
    query = select(rows.lead, rows.stage, rows.at).where(rows.lead.in_(leads)).order_by(rows.lead, rows.n)
    ways: dict[UUID, Way] = {}
    for lead, stage, at in view.conn.execute(query):
        ways.setdefault(lead, []).append((stage, at))
    return ways


def _first_came(view: View, name: str, days: DayRange) -> list[ColumnElement[bool]]:
    """The lead came to the stage, for the first time in the period."""
    came, before = view.tables.stage_history.alias("came").c, view.tables.stage_history.alias("before").c
    theirs = [came.lead == view.tables.leads.c.lead, came.stage == name]
    start, end = bounds_of(days, view.model.timezone)
    theirs += [] if start is None else [came.at >= start]
    theirs += [] if end is None else [came.at < end]
    if days.bounded:
        theirs.append(~exists().where(before.lead == came.lead, before.stage == name, before.n < came.n))
    return [exists().where(*theirs)]


def _in_state(view: View, name: str, state: StageState) -> list[ColumnElement[bool]]:
    """What holds of the leads that a number counts, beside having come to the stage."""
    leads, ranks = view.tables.leads.c, ranks_of(view)
    one, other = view.tables.stage_history.alias("one").c, view.tables.stage_history.alias("other").c
    came, behind = one.lead == leads.lead, and_(other.lead == leads.lead, other.n > one.n)
    later = [other for other, rank in ranks.items() if rank > ranks.get(name, -1)]
    match state:
        case "entered":
            return []
        case "inside":
            return [leads.stage == name]
        case "left":
            return [leads.stage != name]
        case "reentered":
            return [exists().where(came, one.stage == name, behind, other.stage == name)]
        case "went_on":
            return [exists().where(came, one.stage == name, behind, other.stage.in_(later))]
        case "furthest":
            return [~exists().where(other.lead == leads.lead, other.stage.in_(later))]
        case _:
            assert_never(state)
