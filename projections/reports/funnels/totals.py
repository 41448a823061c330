"""A funnel's counts and times of all leads together, read off indexes: of most leads not even the row is looked at.

A lead is counted on the first of its days in the period that reached a step: the day whose `before` is none of the
period. Who is young (a window of theirs may still be open) is said by the days of one window before the clock.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import ColumnElement, Table, and_, case, func, or_, select, union_all

from domain.fold.days import ZoneDays
from domain.model.funnels import Funnel, StepOrder
from domain.touchpoints.touchpoint import EARLIEST
from projections.queries.days import EVER, DayRange, starts_at
from projections.queries.view import View
from projections.reports.funnels.counting import counted
from projections.reports.funnels.durations import Took, took_ever, took_in_period, ways_of
from projections.reports.funnels.numbers import Counts, FunnelStanding
from store.database.expressions import quartiles


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
    took = quartiles(view.tables.funnel_steps.c.took)
    entered = view.conn.scalars(select(func.count()).where(*_starts(view, plan, days))).one()
    ways = [
        view.conn.execute(select(func.count(), took).where(*_steps(view, plan, days, way))).one()
        for way in ways_of(plan)
    ]
    by_step = _differences([entered, *(leads for leads, _ in ways[:-1])])
    young = pending = _young_by_step(view, plan, days)
    if _may_end_early(plan):
        pending = _going_by_step(view, plan, days)
    counts = _counts(by_step, young, pending, _young_complete(view, plan, days))
    return FunnelTotals(counts, took_in_period(plan, [text for _, text in ways]))


def _of_all_time(view: View, plan: Funnel) -> FunnelTotals:
    best = view.tables.funnel_leads.c
    by_step = [
        view.conn.scalars(select(func.count()).where(best.funnel == plan.name, best.step == step)).one()
        for step in range(1, len(plan.steps) + 1)
    ]
    young = pending = _young_ever(view, plan)
    if _may_end_early(plan):
        pending = _going_ever(view, plan)
    reached = [sum(by_step[step:]) for step in range(len(by_step))]
    counts = _counts(by_step, young, pending, _young_complete(view, plan, EVER))
    return FunnelTotals(counts, took_ever(view, plan, reached))


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


def _starts(view: View, plan: Funnel, days: DayRange) -> list[ColumnElement[bool]]:
    """Of each lead the row of the first day of a period on which it started."""
    rows = view.tables.funnel_days
    first = None if days.first is None else starts_at(days.first, view.model.timezone)
    return [*_inside(rows, plan, days), _none_since(rows, first)]


def _steps(view: View, plan: Funnel, days: DayRange, step: int) -> list[ColumnElement[bool]]:
    """Of each lead the row of the first day of a period of which a start reached a step."""
    rows = view.tables.funnel_steps
    return [*_inside(rows, plan, days), rows.c.step == step, _none_since(rows, days.first)]


def _none_since(rows: Table, first: int | None) -> ColumnElement[bool]:
    never = rows.c.before.is_(None)
    return never if first is None else or_(never, rows.c.before < first)


def _inside(rows: Table, plan: Funnel, days: DayRange) -> list[ColumnElement[bool]]:
    bounds = [rows.c.funnel == plan.name]
    if days.first is not None:
        bounds.append(rows.c.day >= days.first)
    if days.end is not None:
        bounds.append(rows.c.day < days.end)
    return bounds


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
    rows, steps, (start, edge, later) = view.tables.funnel_days, view.tables.funnel_steps, _edge(view, plan)
    begins = None if days.first is None else starts_at(days.first, view.model.timezone)
    after = _inside(rows, plan, _both(days, later))
    on_edge = [*_inside(rows, plan, _both(days, edge)), rows.c.matures_at >= view.clock]
    since = start if begins is None else max(start, begins)
    again = [rows.c.before < start, rows.c.before >= (EARLIEST if begins is None else begins)]
    told = union_all(select(rows.c.lead).where(*after, *again), select(rows.c.lead).where(*on_edge)).cte("told")
    counts = [_count(rows, [*after, _none_since(rows, since)]) + _count(rows, on_edge)]
    for step in range(2, len(plan.steps) + 1):
        reached = _steps(view, plan, days, step)
        before = select(steps.c.lead).where(*reached, steps.c.day <= edge.first).subquery()
        started_again = select(func.count()).select_from(told.join(before, before.c.lead == told.c.lead))
        counts.append(_count(steps, [*reached, steps.c.day > edge.first]) + started_again.scalar_subquery())
    return _differences(view.conn.execute(select(*counts)).one())


def _count(rows: Table, bounds: Sequence[ColumnElement[bool]]) -> ColumnElement[int]:
    return select(func.count()).select_from(rows).where(*bounds).scalar_subquery()


def _going_by_step(view: View, plan: Funnel, days: DayRange) -> list[int]:
    """For whom an attempt may still get further, by the furthest step of the period."""
    rows, steps, (_, edge, _) = view.tables.funnel_days, view.tables.funnel_steps, _edge(view, plan)
    recent = _inside(rows, plan, _both(days, DayRange(edge.first)))
    told = select(rows.c.lead).where(*recent, rows.c.open_until >= view.clock).distinct().cte("told")
    counts = [select(func.count()).select_from(told).scalar_subquery()]
    for step in range(2, len(plan.steps) + 1):
        reached = select(steps.c.lead).where(*_steps(view, plan, days, step)).subquery()
        joined = select(func.count()).select_from(told.join(reached, reached.c.lead == told.c.lead))
        counts.append(joined.scalar_subquery())
    return _differences(view.conn.execute(select(*counts)).one())


def _young_ever(view: View, plan: Funnel) -> list[int]:
    """Who is young, by the furthest step of all time, without a look at a lead: each later start takes the one before
    it back, of which it knows the instant, and how far the lead had come by then."""
    rows, (start, edge, later) = view.tables.funnel_days, _edge(view, plan)
    again = rows.c.before >= start
    parts = (rows.c.step, rows.c.prior, again.label("again"))
    counts: Counter[int] = Counter()
    for bounds in (_inside(rows, plan, later), [*_inside(rows, plan, edge), rows.c.matures_at >= view.clock]):
        for step, prior, is_again, leads in view.conn.execute(
            select(*parts, func.count()).where(*bounds).group_by(*parts)
        ):
            counts[max(step, prior)] += leads
            if is_again:
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
    rows, steps, (_, edge, _) = view.tables.funnel_days, view.tables.funnel_steps, _edge(view, plan)
    its_day = and_(rows.c.lead == steps.c.lead, rows.c.funnel == steps.c.funnel, rows.c.day == steps.c.day)
    through = _steps(view, plan, days, len(plan.steps))
    on_edge = (
        select(func.count())
        .select_from(steps.join(rows, its_day))
        .where(*through, steps.c.day == edge.first, rows.c.matures_at >= view.clock)
    )
    later = _count(steps, [*through, steps.c.day > edge.first])
    return view.conn.scalars(select(later + on_edge.scalar_subquery())).one()
