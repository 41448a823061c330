"""Stages: how many leads entered each, are in it and went on, and how long they stay; and the leads behind that."""

from typing import Annotated, Any, Final, Literal, assert_never, get_args
from uuid import UUID

from pydantic import Field
from sqlalchemy import CTE, BigInteger, ColumnElement, Row, Select, case, func, literal, select

from domain.errors import Refused
from domain.model.definition import Stage
from projections.queries.cursors import give, take
from projections.queries.days import EVER, DayRange, starts_at
from projections.queries.leads import card_fields, cards
from projections.queries.quartiles import QuartilesShape, quartiles
from projections.queries.shapes import LeadShape, Moment, Page, Shape
from projections.queries.view import View, known

StageState = Literal["entered", "inside", "left", "went_on", "furthest", "reentered"]
STATES: Final[tuple[StageState, ...]] = get_args(StageState)

_LIST: Final = "stage leads"
_NO_RANK: Final = -1
"""Of detours, and of the stage of visitors: nothing lies before or behind them."""


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


def stages(view: View, days: DayRange = EVER) -> StagesShape:
    """How leads go through the stages; of a period, those that came to a stage for the first time in it."""
    stays = _stays(view)
    entrants = _entrants(view, stays, days)
    counted = {row.stage: row for row in view.conn.execute(_counts(view, entrants))}
    theirs = stays if not days.bounded else _stays_of(stays, entrants)
    ended, goes_on = theirs.c.ended_at.is_not(None), theirs.c.ended_at.is_(None)
    span = select(theirs.c.stage.label("key"), (theirs.c.ended_at - theirs.c.at).label("span")).where(ended)
    since = literal(view.clock, BigInteger) - theirs.c.at
    stayed = quartiles(view.conn, span)
    ages = quartiles(view.conn, select(theirs.c.stage.label("key"), since.label("span")).where(goes_on))
    zone = view.model.timezone
    return StagesShape(
        from_=None if days.first is None else starts_at(days.first, zone),
        to=None if days.end is None else starts_at(days.end, zone),
        clock=view.clock,
        items=[
            _numbers(view, stage, counted.get(stage.name), stayed.get(stage.name), ages.get(stage.name))
            for stage in view.model.stages
        ],
    )


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
    known("stage", name, [stage.name for stage in view.model.stages])
    if state in ("went_on", "furthest") and name not in _ranks(view):
        raise BadStages(f"state: found {state!r}, which no detour has: {name} has no place in the order of stages")
    after = None if cursor is None else take(_LIST, cursor, UUID)[0]
    entrants = _entrants(view, _stays(view, after), days)
    query = cards(view.tables).join(entrants, entrants.c.lead == view.tables.leads.c.lead)
    query = query.add_columns(entrants.c.entered_at, entrants.c.entries, entrants.c.furthest.label("furthest_rank"))
    query = query.where(entrants.c.stage == name, *_in_state(view, entrants, name, state))
    rows = list(view.conn.execute(query.order_by(entrants.c.lead).limit(limit + 1)))
    following = give(_LIST, rows[limit - 1].lead) if len(rows) > limit else None
    names = {rank: stage for stage, rank in _ranks(view).items()}
    items = [
        StageLeadShape(
            **card_fields(view, row),
            entered_at=row.entered_at,
            entries=row.entries,
            furthest=names.get(row.furthest_rank),
        )
        for row in rows[:limit]
    ]
    return Page[StageLeadShape](items=items, next=following)


def _numbers(
    view: View, stage: Stage, counted: Row[Any] | None, stayed: QuartilesShape | None, age: QuartilesShape | None
) -> StageNumbersShape:
    entered, inside = (0, 0) if counted is None else (counted.entered, counted.inside)
    went_on, furthest = (None, None) if stage.detour else (0, 0)
    reentered = reentries = stays = 0
    oldest = None
    if counted is not None:
        if not stage.detour:
            went_on, furthest = counted.went_on, counted.furthest
        reentered, reentries = counted.reentered, counted.reentries
        stays = entered + reentries - inside
        if counted.inside_since is not None:
            oldest = (view.clock - counted.inside_since) / 1_000_000
    return StageNumbersShape(
        stage=stage.name,
        label=stage.label,
        detour=stage.detour,
        retired=stage.retired,
        entered=entered,
        inside=inside,
        left=entered - inside,
        went_on=went_on,
        rate=went_on / entered if entered and went_on is not None else None,
        furthest=furthest,
        reentered=reentered,
        reentries=reentries,
        stays=stays,
        stayed=stayed,
        age=age,
        oldest=oldest,
    )


# ---- queries -----------------------------------------------------------------------------------------------------


def _ranks(view: View) -> dict[str, int]:
    """The places of stages in the model's order, detours left out."""
    return {stage.name: rank for rank, stage in enumerate(view.model.stages) if not stage.detour}


def _rank(view: View, stage: ColumnElement[str]) -> ColumnElement[int]:
    ranks = _ranks(view)
    return case(ranks, value=stage, else_=_NO_RANK)


def _stays(view: View, after: UUID | None = None) -> CTE:
    """Every stay of a lead in a stage: lead, stage, `at`, `ended_at` (null: it goes on).

    `behind`: the greatest rank of what the lead entered later; `furthest`: of all that it ever entered. `after`: only
    of leads behind this one.
    """
    entries = view.tables.stage_history.c
    rank = _rank(view, entries.stage)
    query = select(
        entries.lead,
        entries.stage,
        entries.at,
        func.lead(entries.at).over(partition_by=entries.lead, order_by=entries.n).label("ended_at"),
        func.max(rank).over(partition_by=entries.lead, order_by=entries.n, rows=(1, None)).label("behind"),
        func.max(rank).over(partition_by=entries.lead).label("furthest"),
    )
    return (query if after is None else query.where(entries.lead > after)).cte("stays")


def _entrants(view: View, stays: CTE, days: DayRange) -> CTE:
    """One row a lead and stage that it ever entered: when first, how often, since when it is inside, and its ranks."""
    entered_at = func.min(stays.c.at)
    query = select(
        stays.c.lead,
        stays.c.stage,
        entered_at.label("entered_at"),
        func.count().label("entries"),
        func.max(case((stays.c.ended_at.is_(None), stays.c.at))).label("inside_since"),
        func.max(func.coalesce(stays.c.behind, _NO_RANK)).label("behind"),
        func.max(stays.c.furthest).label("furthest"),
    ).group_by(stays.c.lead, stays.c.stage)
    zone = view.model.timezone
    if days.first is not None:
        query = query.having(entered_at >= starts_at(days.first, zone))
    if days.end is not None:
        query = query.having(entered_at < starts_at(days.end, zone))
    return query.cte("entrants")


def _stays_of(stays: CTE, entrants: CTE) -> CTE:
    """The stays of those who entered."""
    same = (entrants.c.lead == stays.c.lead) & (entrants.c.stage == stays.c.stage)
    return select(stays.c.stage, stays.c.at, stays.c.ended_at).join(entrants, same).cte("theirs")


def _counts(view: View, entrants: CTE) -> Select[Any]:
    rank, one = _rank(view, entrants.c.stage), literal(1)
    return select(
        entrants.c.stage,
        func.count().label("entered"),
        func.count(entrants.c.inside_since).label("inside"),
        func.sum(case((entrants.c.behind > rank, one), else_=0)).label("went_on"),
        func.sum(case((entrants.c.furthest == rank, one), else_=0)).label("furthest"),
        func.sum(case((entrants.c.entries > 1, one), else_=0)).label("reentered"),
        func.sum(entrants.c.entries - 1).label("reentries"),
        func.min(entrants.c.inside_since).label("inside_since"),
    ).group_by(entrants.c.stage)


def _in_state(view: View, entrants: CTE, name: str, state: StageState) -> list[ColumnElement[bool]]:
    rank = _ranks(view).get(name, _NO_RANK)
    match state:
        case "entered":
            return []
        case "inside":
            return [entrants.c.inside_since.is_not(None)]
        case "left":
            return [entrants.c.inside_since.is_(None)]
        case "reentered":
            return [entrants.c.entries > 1]
        case "went_on":
            return [entrants.c.behind > rank]
        case "furthest":
            return [entrants.c.furthest == rank]
        case _:
            assert_never(state)
