"""The numbers of two weeks and of today, day by day."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, select

from domain.fold.days import ZoneDays
from domain.model.definition import Stage
from domain.signals.deadlines import DeadlineKind, DeadlineState
from domain.touchpoints.touchpoint import Instant
from projections.projecting.projector import read_progress
from projections.queries.counting import counted_between, counted_touchpoints
from projections.queries.days import starts_at
from projections.queries.money import purse_of
from projections.queries.view import View
from projections.reports.answer import MILLIONTHS
from projections.reports.overview.conditions import entered_first
from projections.reports.overview.shapes import CountOf, OverviewShape, WeekShape
from projections.reports.overview.standing_out import standing_out
from store.database.tables import deadlines

WEEK: Final = 7
DAYS: Final = 2 * WEEK + 1
"""Seven days, seven more, and today."""

_ByDay = Mapping[int, float]
"""By the number of the day, from 0; a day that it lacks has nothing."""


def overview(view: View) -> OverviewShape:
    """What is different from last week. Raises SavedByAnother."""
    read_progress(view.conn, view.tables).check_format()  # before a rebuild there are no touches, and no first times
    first = first_day(view.model.timezone, view.clock)
    bounds = [starts_at(first + number, view.model.timezone) for number in range(DAYS + 1)]
    types, channels, stages = _types(view, first), _channels(view, bounds), _stages(view, bounds)
    touchpoints = _week(CountOf.TOUCHPOINTS, None, _added(types.values()))
    people = [_week(CountOf.NEW_VISITORS, None, _added(channels.values())), *_of_leads(view, bounds)]
    by_stage = [_week(CountOf.STAGE, stage.name, stages.get(stage.name, {})) for stage in view.model.stages]
    apart = [
        *(_week(CountOf.TYPE, name, days) for name, days in types.items()),
        *(_week(CountOf.CHANNEL, name, days) for name, days in channels.items()),
        *by_stage,
    ]
    return OverviewShape(
        clock=view.clock,
        timezone=view.model.timezone,
        before_from=bounds[0],
        from_=bounds[WEEK],
        to=bounds[2 * WEEK],
        first_touch=view.conn.execute(select(func.min(view.tables.sort_keys.c.first_touch))).scalar_one(),
        numbers=[touchpoints, *people, *_revenue(view, first)],
        stages=[each for each, stage in zip(by_stage, view.model.stages, strict=True) if _is_told(each, stage)],
        stands_out=standing_out([touchpoints, *people, *apart], first),
    )


def first_day(zone: str, clock: Instant | int) -> int:
    """The first of the days that are looked at."""
    return ZoneDays(zone).of(clock) + 1 - DAYS


def _week(of: CountOf, name: str | None, days: _ByDay) -> WeekShape:
    each = [days.get(number, 0) for number in range(DAYS)]
    before, last = sum(each[:WEEK]), sum(each[WEEK : 2 * WEEK])
    return WeekShape(of=of, name=name, days=each, before=before, last=last, today=each[-1])


def _is_told(week: WeekShape, stage: Stage) -> bool:
    return not stage.retired or any(week.days)


def _added(days: Iterable[_ByDay]) -> _ByDay:
    together: Counter[int] = Counter()
    for each in days:
        together.update(each)
    return together


def _types(view: View, first: int) -> dict[str, _ByDay]:
    """Touchpoints that are no machine's, by type."""
    people, _ = counted_touchpoints(view, first, first + DAYS)
    return _apart((day - first, type, count) for (day, type), count in people.items())


def _channels(view: View, bounds: Sequence[int]) -> dict[str, _ByDay]:
    """People whose first touchpoint it was, by where they came from then."""
    came = view.tables.sort_keys.c
    counted = counted_between(view, came.first_touch, bounds, came.first_channel)
    return _apart((number, channel, count) for (number, channel), count in counted.items())


def _stages(view: View, bounds: Sequence[int]) -> dict[str, _ByDay]:
    """Leads that came to a stage for the first time."""
    entered = view.tables.stage_history.c
    counted = counted_between(view, entered.at, bounds, entered.stage, where=[entered_first(view)])
    return _apart((number, stage, count) for (number, stage), count in counted.items())


def _apart(counted: Iterable[tuple[int, str, int]]) -> dict[str, _ByDay]:
    told: dict[str, dict[int, float]] = defaultdict(dict)
    for number, name, count in counted:
        told[name][number] = count
    return dict(sorted(told.items()))


def _of_leads(view: View, bounds: Sequence[int]) -> Iterator[WeekShape]:
    tables = view.tables
    instants: list[tuple[CountOf, ColumnElement[Any], list[ColumnElement[bool]]]] = [
        (CountOf.NEW_LEADS, tables.sort_keys.c.identified_at, []),
        (CountOf.BECAME_HOT, tables.hot_episodes.c.began_at, []),
        (CountOf.WON, tables.sort_keys.c.won_at, [tables.sort_keys.c.won_at.is_not(None)]),
    ]
    if view.model.sales.owners:
        instants.append((CountOf.DEADLINES_MISSED, deadlines.c.asked, _missed(view)))
    for of, instant, where in instants:
        counted = counted_between(view, instant, bounds, where=where)
        yield _week(of, None, {number: count for (number,), count in counted.items()})


def _missed(view: View) -> list[ColumnElement[bool]]:
    """Of what was asked of owners: that it was not done in time, by the view's clock."""
    table = deadlines.c
    missed = table.state == DeadlineState.MISSED.value
    if view.past is not None:
        by_then = case((table.settled <= view.clock, missed), else_=table.due <= view.clock)
        missed = and_(table.state != DeadlineState.DROPPED.value, table.asked <= view.clock, by_then)
    return [table.kind != DeadlineKind.FOLLOW_UP.value, missed]


def _revenue(view: View, first: int) -> Iterator[WeekShape]:
    """What was paid, returns taken off, by currency."""
    touches = view.tables.touches
    paid = touches.c.revenue.is_not(None), touches.c.machine.is_(None)
    start, end = (starts_at(day, view.model.timezone) for day in (first, first + DAYS))
    inside = touches.c.at >= start, touches.c.at < end  # PostgreSQL keeps their months apart
    columns = touches.c.revenue, touches.c.currency, touches.c.day
    purse = purse_of(view.conn, view.model, touches, [touches.c.day], *columns, *paid, *inside)
    told: dict[str | None, dict[int, float]] = defaultdict(dict)
    for day in purse.known:
        for currency, amount in purse.of(day).items():
            told[currency][day - first] = float(amount / MILLIONTHS)
    for currency in sorted(told, key=lambda each: (each is None, each or "")):
        yield _week(CountOf.REVENUE, currency, told[currency])
