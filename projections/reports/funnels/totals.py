"""A funnel's counts and times of all leads together, read off indexes: of most leads not even the row is looked at.

A lead is counted on the first of its days in the period that reached a step: the day whose `before` is none of the
period. Who is young (a window of theirs may still be open) is said by the days of one window before the clock.
"""

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Table, and_, case, func, select, union_all

from domain.fold.days import ZoneDays
from domain.model.funnels import Funnel, StepOrder
from domain.touchpoints.touchpoint import EARLIEST
from projections.queries.days import EVER, DayRange, starts_at
from projections.queries.view import View
from projections.reports.funnels.counting import counted
from projections.reports.funnels.durations import Took, took_ever, took_in_period, ways_of
from projections.reports.funnels.numbers import Counts, FunnelStanding
from store.database.expressions import quartiles

_MOST_NAMED: Final = 400
"""Days of a period that a query names one by one: a year is read so."""
_Ranges = list[list[ColumnElement[bool]]]
"""Conditions of rows: those of one list hold together, and no row has those of two."""


class FunnelTotals(NamedTuple):
    """Of all leads of a period."""

    counts: Counts
    took: Took


def totals(view: View, plan: Funnel, days: DayRange) -> FunnelTotals:
    """How many leads stand where, and how long they took."""
    if len(plan.steps) == 1:
        return FunnelTotals(counted(view, plan, days), {})
    return _of_period(view, plan, days) if days.bounded else _of_all_time(view, plan)


def _of_period(view: View, plan: Funnel, days: DayRange) -> FunnelTotals:
    days = _known_by(view, days)
    steps = view.tables.funnel_steps.c
    entered = view.conn.scalars(select(_count(_starts(view, plan, days)))).one()
    ways = []
    for way in ways_of(plan):
        ranges = _steps(view, plan, days, way)
        spans = union_all(*(select(steps.took).where(*bounds) for bounds in ranges)).subquery()
        ways.append(view.conn.execute(select(func.count(), quartiles(spans.c.took))).one())
    by_step = _differences([entered, *(leads for leads, _ in ways[:-1])])
    nobody, (_, edge, _) = [0] * len(plan.steps), _edge(view, plan)
    is_over = (days.end or 0) <= (edge.first or 0)
    young = pending = nobody if is_over else _young_by_step(view, plan, days)
    if _may_end_early(plan) and not is_over:
        pending = _going_by_step(view, plan, days)
    young_complete = 0 if is_over else _young_complete(view, plan, days)
    counts = _counts(by_step, young, pending, young_complete)
    return FunnelTotals(counts, took_in_period(plan, [text for _, text in ways]))


def _of_all_time(view: View, plan: Funnel) -> FunnelTotals:
    sizes = view.tables.funnel_sizes.c
    query = select(sizes.step, sizes.leads).where(sizes.funnel == plan.name)
    kept = {row.step: row.leads for row in view.conn.execute(query)}
    by_step = [kept.get(step, 0) for step in range(1, len(plan.steps) + 1)]
    young = pending = _young_ever(view, plan)
    if _may_end_early(plan):
        pending = _going_ever(view, plan)
    counts = _counts(by_step, young, pending, _young_complete(view, plan, EVER))
    return FunnelTotals(counts, took_ever(view, plan))


def _counts(by_step: Sequence[int], young: Sequence[int], pending: Sequence[int], young_complete: int) -> Counts:
    """By standing, of leads by the furthest step that they reached."""
    counts = {
        FunnelStanding(len(by_step), False, False): young_complete,
        FunnelStanding(len(by_step), False, True): by_step[-1] - young_complete,
    }
    for place, leads in enumerate(by_step[:-1]):
        counts[FunnelStanding(place + 1, True, False)] = pending[place]
        counts[FunnelStanding(place + 1, False, False)] = young[place] - pending[place]
        counts[FunnelStanding(place + 1, False, True)] = leads - young[place]
    return {standing: leads for standing, leads in counts.items() if leads}


def _differences(reached: Sequence[int]) -> list[int]:
    """How many came no further than each step, of how many reached it."""
    return [leads - further for leads, further in pairwise([*reached, 0])]


def _may_end_early(plan: Funnel) -> bool:
    """Whether an attempt may end before its window does: else whoever is young and not through is pending."""
    return plan.order is StepOrder.STRICT or bool(plan.exclude)


# ---- days ----


def _starts(view: View, plan: Funnel, days: DayRange, since: int | None = None) -> _Ranges:
    """Of each lead the row of the first day of a period on which it started; `since`: none before is asked about."""
    rows = view.tables.funnel_days
    first = None if days.first is None else starts_at(days.first, view.model.timezone)
    return [[*_inside(rows, plan, days), narrowed] for narrowed in _none_since(rows, first if since is None else since)]


def _steps(view: View, plan: Funnel, days: DayRange, step: int, inside: DayRange | None = None) -> _Ranges:
    """Of each lead the row of the first day of a period of which a start reached a step; `inside`: if of these."""
    rows = view.tables.funnel_steps
    of_step = [*_inside(rows, plan, days if inside is None else _both(days, inside)), rows.c.step == step]
    return [[*of_step, narrowed] for narrowed in _none_since(rows, days.first)]


def _none_since(rows: Table, first: int | None) -> list[ColumnElement[bool]]:
    """That no earlier one is of the period, as conditions of which one holds, each for a range of an index."""
    never = rows.c.before.is_(None)
    return [never] if first is None else [never, rows.c.before < first]


def _inside(rows: Table, plan: Funnel, days: DayRange) -> list[ColumnElement[bool]]:
    """Days are named one by one, if they are few: what an index has behind the day is then a range of each of them."""
    bounds = [rows.c.funnel == plan.name]
    if days.first is not None and days.end is not None and days.end - days.first <= _MOST_NAMED:
        return [*bounds, rows.c.day.in_(range(days.first, days.end))]
    if days.first is not None:
        bounds.append(rows.c.day >= days.first)
    if days.end is not None:
        bounds.append(rows.c.day < days.end)
    return bounds


def _known_by(view: View, days: DayRange) -> DayRange:
    """A period that ends where the clock is, at the latest: no start lies behind it."""
    tomorrow = ZoneDays(view.model.timezone).of(view.clock) + 1
    return DayRange(days.first, tomorrow if days.end is None else min(days.end, tomorrow))


def _edge(view: View, plan: Funnel) -> tuple[int, DayRange, DayRange]:
    """The first start whose window has not ended; its day, of which some windows have; and the days after it."""
    start = max(view.clock - plan.window, EARLIEST)
    day = ZoneDays(view.model.timezone).of(start)
    return start, DayRange(day, day + 1), DayRange(day + 1)


def _both(some: DayRange, others: DayRange) -> DayRange:
    """The days that two periods share."""
    firsts = [days.first for days in (some, others) if days.first is not None]
    ends = [days.end for days in (some, others) if days.end is not None]
    return DayRange(max(firsts, default=None), min(ends, default=None))


# ---- the young, and those who may still get further ----


def _young_by_step(view: View, plan: Funnel, days: DayRange) -> list[int]:
    """Who started so late that a window is still open, by the furthest step of the period.

    Each lead is counted with the first such start. What reached a step after the edge is young by itself; of what did
    before, it is asked which leads started again.
    """
    rows, (start, edge, later) = view.tables.funnel_days, _edge(view, plan)
    begins = EARLIEST if days.first is None else starts_at(days.first, view.model.timezone)
    after = _both(days, later)
    on_edge = select(rows.c.lead).where(*_inside(rows, plan, _both(days, edge)), rows.c.matures_at >= view.clock)
    edging = on_edge.cte("edging")
    again = [*_inside(rows, plan, after), rows.c.before < start, rows.c.before >= begins]
    told = union_all(select(rows.c.lead).where(*again), select(edging.c.lead)).cte("told")
    of_edge = select(func.count()).select_from(edging).scalar_subquery()
    counts = [_count(_starts(view, plan, after, max(start, begins))) + of_edge]
    steps = view.tables.funnel_steps
    started_again = told.join(steps, steps.c.lead == told.c.lead)
    for step in range(2, len(plan.steps) + 1):
        before = _steps(view, plan, days, step, DayRange(None, edge.end))
        counts.append(_count(_steps(view, plan, days, step, later)) + _count(before, started_again))
    return _differences(view.conn.execute(select(*counts)).one())


def _count(ranges: _Ranges, of: FromClause | None = None) -> ColumnElement[int]:
    """How many rows these ranges have together; `of`: of a join."""
    count = select(func.count()) if of is None else select(func.count()).select_from(of)
    return reduce(add, [count.where(*bounds).scalar_subquery() for bounds in ranges])


def _going_by_step(view: View, plan: Funnel, days: DayRange) -> list[int]:
    """For whom an attempt may still get further, by the furthest step of the period."""
    rows, (_, edge, _) = view.tables.funnel_days, _edge(view, plan)
    recent = _inside(rows, plan, _both(days, DayRange(edge.first)))
    told = select(rows.c.lead).where(*recent, rows.c.open_until >= view.clock).distinct().cte("told")
    counts: list[ColumnElement[int]] = [select(func.count()).select_from(told).scalar_subquery()]
    steps = view.tables.funnel_steps
    reached = told.join(steps, steps.c.lead == told.c.lead)
    for step in range(2, len(plan.steps) + 1):
        counts.append(_count(_steps(view, plan, days, step), reached))
    return _differences(view.conn.execute(select(*counts)).one())


def _young_ever(view: View, plan: Funnel) -> list[int]:
    """Who is young, by the furthest step of all time, without a look at a lead.

    Each is counted with their first young start, of which it is known how far they had come by then; a later one that
    went further takes that back.
    """
    rows, (start, edge, later) = view.tables.funnel_days, _edge(view, plan)
    later, parts = _known_by(view, later), (rows.c.step, rows.c.prior)
    on_edge = [*_inside(rows, plan, edge), rows.c.matures_at >= view.clock]
    firsts = union_all(*(select(*parts).where(*each) for each in (*_starts(view, plan, later, start), on_edge)))
    first = firsts.subquery().c
    further = [*_inside(rows, plan, later), rows.c.before >= start, rows.c.step > rows.c.prior]  # an index of its own
    counts: Counter[int] = Counter()
    for step, prior, leads in view.conn.execute(
        select(first.step, first.prior, func.count()).group_by(first.step, first.prior)
    ):
        counts[max(step, prior)] += leads
    for step, prior, leads in view.conn.execute(select(*parts, func.count()).where(*further).group_by(*parts)):
        counts[step] += leads
        counts[prior] -= leads
    return [counts[step] for step in range(1, len(plan.steps))]


def _going_ever(view: View, plan: Funnel) -> list[int]:
    """For whom an attempt may still get further, by the furthest step of all time."""
    rows, (_, edge, _) = view.tables.funnel_days.c, _edge(view, plan)
    furthest = func.max(case((rows.step > rows.prior, rows.step), else_=rows.prior)).label("step")
    recent = select(furthest).where(rows.funnel == plan.name, rows.day >= edge.first).group_by(rows.lead)
    going = recent.having(func.max(rows.open_until) >= view.clock).subquery()
    by_step = select(going.c.step, func.count()).group_by(going.c.step)
    counts = {row[0]: row[1] for row in view.conn.execute(by_step)}
    return [counts.get(step, 0) for step in range(1, len(plan.steps))]


def _young_complete(view: View, plan: Funnel, days: DayRange) -> int:
    """How many are through by the attempt of a day that is young."""
    rows, steps, (_, edge, later) = view.tables.funnel_days, view.tables.funnel_steps, _edge(view, plan)
    its_day = and_(rows.c.lead == steps.c.lead, rows.c.funnel == steps.c.funnel, rows.c.day == steps.c.day)
    last, young = len(plan.steps), rows.c.matures_at >= view.clock
    on_edge = [[*bounds, young] for bounds in _steps(view, plan, days, last, edge)]
    of_later = _count(_steps(view, plan, days, last, later))
    return view.conn.scalars(select(of_later + _count(on_edge, steps.join(rows, its_day)))).one()
