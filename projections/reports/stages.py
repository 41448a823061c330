"""Stages: how many leads entered each, are in it and went on, and how long they stay; and the leads behind that.

The report goes once through all that leads entered: at a million leads that is several times as fast as windows of SQL.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, assert_never, get_args
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, and_, exists, select

from domain.errors import Refused
from domain.model.definition import Stage
from domain.phrases import phrase
from projections.queries.cursors import give, take
from projections.queries.days import EVER, DayRange, bounds_of, starts_at
from projections.queries.leads import card_fields, cards
from projections.queries.quartiles import QuartilesShape, quarters, quartiles
from projections.queries.shapes import LeadShape, Moment, Page, Shape
from projections.queries.view import View, known
from projections.reports.answer import (
    ColumnKind,
    Report,
    ReportQuestion,
    ReportRows,
    column,
    columns_of,
    quarter_columns,
)

StageState = Literal["entered", "inside", "left", "went_on", "furthest", "reentered"]
STATES: Final[tuple[StageState, ...]] = get_args(StageState)

_LIST: Final = "stage leads"
_FETCHED: Final = 10_000
"""Rows that are read at once."""


class BadStages(Refused):
    """A number that a stage does not have."""


class StageNumbersShape(Shape):
    """One stage in numbers. entered = inside + left."""

    stage: str
    label: Any = None
    detour: bool
    retired: bool
    entered: Annotated[int, Field(description="leads that ever came there; of a period those that first did in it")]
    inside: Annotated[int, Field(description="of them in it now")]
    left: Annotated[int, Field(description="of them not in it now")]
    went_on: Annotated[
        int | None, Field(description="of them afterwards ever in a later stage, whichever; null: of a detour")
    ]
    rate: Annotated[float | None, Field(description="went_on of entered; null: nobody entered, or a detour")]
    furthest: Annotated[
        int | None, Field(description="of them never in a later stage, before or after; null: of a detour")
    ]
    reentered: Annotated[int, Field(description="of them more than once in it")]
    reentries: Annotated[int, Field(description="how often they came there again")]
    stays: Annotated[int, Field(description="of them that ended; those of who is inside go on")]
    stayed: Annotated[QuartilesShape | None, Field(description="how long those took; null: none ended")]
    age: Annotated[QuartilesShape | None, Field(description="how long who is inside has been; null: nobody is")]
    oldest: Annotated[float | None, Field(description="of these ages the longest, in seconds")]


class StagesShape(Shape):
    """Every stage of the model, in its order."""

    from_: Annotated[Moment | None, Field(serialization_alias="from")] = None
    to: Moment | None = None
    clock: Annotated[Moment, Field(description="the instant at which it is told who is inside, and for how long")]
    items: list[StageNumbersShape]


class StageLeadShape(LeadShape):
    """A lead with its way through a stage."""

    entered_at: Annotated[Moment, Field(description="when it first came there")]
    entries: Annotated[int, Field(description="how often it came there")]
    furthest: Annotated[str | None, Field(description="the last in the model's order that it was in; null: none")]


Way = list[tuple[str, int]]
"""The stages that a lead entered and when (microseconds), in order."""


@dataclass(slots=True)
class _Visit:
    """What a lead did with one stage. Instants and spans are microseconds."""

    entered_at: int
    """When it first came there."""
    behind: int
    """The greatest rank of what it entered after that; -1: none."""
    inside_since: int | None
    stays: list[int]
    """How long each took that ended."""

    @property
    def entries(self) -> int:
        """How often it came there."""
        return len(self.stays) + (self.inside_since is not None)


@dataclass(slots=True)
class _Counted:
    """What is counted of one stage; instants and spans are microseconds."""

    entered: int = 0
    went_on: int = 0
    furthest: int = 0
    reentered: int = 0
    reentries: int = 0
    since: "array[int]" = field(default_factory=lambda: array("q"))
    """Of each lead that is inside, since when."""
    stays: "array[int]" = field(default_factory=lambda: array("q"))
    """How long each stay took that ended."""


def stages(view: View, days: DayRange = EVER) -> StagesShape:
    """How leads go through the stages; of a period, those that came to a stage for the first time in it."""
    ranks, (start, end) = _ranks(view), bounds_of(days, view.model.timezone)
    counted = {stage.name: _Counted() for stage in view.model.stages}
    for way in _ways(view):
        _count(counted, way, ranks, start, end)
    return StagesShape(
        from_=start,
        to=end,
        clock=view.clock,
        items=[_numbers(view.clock, stage, counted[stage.name]) for stage in view.model.stages],
    )


def _ways(view: View) -> Iterator[Way]:
    """What each lead entered. A lead's entries are numbered from 1."""
    rows = view.tables.stage_history.c
    query = select(rows.n, rows.stage, rows.at).order_by(rows.lead, rows.n)
    way: Way = []
    for n, stage, at in view.conn.execute(query.execution_options(yield_per=_FETCHED)):
        if n == 1 and way:
            yield way
            way = []
        way.append((stage, at))
    if way:
        yield way


def _count(
    counted: Mapping[str, _Counted], way: Way, ranks: Mapping[str, int], start: int | None, end: int | None
) -> None:
    """Count one lead, at each stage that it first entered from `start` to before `end`."""
    visits, furthest = _visits(way, ranks)
    for stage, visit in visits.items():
        numbers = counted.get(stage)  # none of visitors
        if numbers is None or (start is not None and visit.entered_at < start):
            continue
        if end is not None and visit.entered_at >= end:
            continue
        numbers.entered += 1
        rank = ranks.get(stage, furthest + 1)
        numbers.went_on += visit.behind > rank
        numbers.furthest += rank == furthest
        if visit.inside_since is not None:
            numbers.since.append(visit.inside_since)
        numbers.stays.extend(visit.stays)
        if visit.entries > 1:
            numbers.reentered += 1
            numbers.reentries += visit.entries - 1


def _visits(way: Way, ranks: Mapping[str, int]) -> tuple[dict[str, _Visit], int]:
    """What a lead did with each stage that it ever entered; the greatest rank of these, -1: it has none."""
    visits: dict[str, _Visit] = {}
    behind, ended = -1, None
    for stage, at in reversed(way):
        visit = visits.get(stage)
        if visit is None:
            visit = visits[stage] = _Visit(at, behind, at if ended is None else None, [])
        else:
            visit.entered_at, visit.behind = at, behind
        if ended is not None:
            visit.stays.append(ended - at)
        behind, ended = max(behind, ranks.get(stage, -1)), at
    return visits, behind


def _ranks(view: View) -> dict[str, int]:
    """The places of stages in the model's order, detours left out."""
    return {stage.name: rank for rank, stage in enumerate(view.model.stages) if not stage.detour}


def _numbers(clock: int, stage: Stage, counted: _Counted) -> StageNumbersShape:
    inside = len(counted.since)
    ages = sorted(clock - since for since in counted.since)
    return StageNumbersShape(
        stage=stage.name,
        label=stage.label,
        detour=stage.detour,
        retired=stage.retired,
        entered=counted.entered,
        inside=inside,
        left=counted.entered - inside,
        went_on=None if stage.detour else counted.went_on,
        rate=counted.went_on / counted.entered if counted.entered and not stage.detour else None,
        furthest=None if stage.detour else counted.furthest,
        reentered=counted.reentered,
        reentries=counted.reentries,
        stays=len(counted.stays),
        stayed=quartiles(sorted(counted.stays)),
        age=quartiles(ages),
        oldest=ages[-1] / 1_000_000 if ages else None,
    )


def _rows(view: View, question: ReportQuestion) -> ReportRows:
    return ReportRows([
        (
            each.stage, each.detour, each.retired, each.entered, each.inside, each.left, each.went_on, each.rate,
            each.furthest, each.reentered, each.reentries, each.stays, *quarters(each.stayed), *quarters(each.age),
            each.oldest,
        )
        for each in stages(view, question.days).items
    ])  # fmt: skip


STAGES: Final = Report(
    "stages",
    "How leads go through the stages, a row each; of a period those that came there for the first time in it",
    (
        column("stage", ColumnKind.STAGE, "in the order of the model"),
        column("detour", ColumnKind.FLAG, "whether it has no place in that order"),
        column("retired", ColumnKind.FLAG, "whether nobody is to come there any more"),
        *columns_of(StageNumbersShape, ColumnKind.COUNT, "entered", "inside", "left", "went_on"),
        *columns_of(StageNumbersShape, ColumnKind.SHARE, "rate"),
        *columns_of(StageNumbersShape, ColumnKind.COUNT, "furthest", "reentered", "reentries", "stays"),
        *quarter_columns("stayed", "how long the stays took that ended"),
        *quarter_columns("age", "how long who is inside has been"),
        *columns_of(StageNumbersShape, ColumnKind.SECONDS, "oldest"),
    ),
    _rows,
)


# ---- the leads behind a number -----------------------------------------------------------------------------------


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
    ranks = _ranks(view)
    known("stage", name, [stage.name for stage in view.model.stages])
    if state in ("went_on", "furthest") and name not in ranks:
        raise BadStages(
            phrase(
                "state: found {state!r}, which no detour has: {name:stage} has no place in the order of stages",
                state=state,
                name=name,
            )
        )
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
        visits, furthest = _visits(ways[row.lead], ranks)
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
    zone = view.model.timezone
    came, before = view.tables.stage_history.alias("came").c, view.tables.stage_history.alias("before").c
    theirs = [came.lead == view.tables.leads.c.lead, came.stage == name]
    if days.first is not None:
        theirs.append(came.at >= starts_at(days.first, zone))
    if days.end is not None:
        theirs.append(came.at < starts_at(days.end, zone))
    if days.bounded:
        theirs.append(~exists().where(before.lead == came.lead, before.stage == name, before.n < came.n))
    return [exists().where(*theirs)]


def _in_state(view: View, name: str, state: StageState) -> list[ColumnElement[bool]]:
    """What holds of the leads that a number counts, beside having come to the stage."""
    leads, ranks = view.tables.leads.c, _ranks(view)
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
