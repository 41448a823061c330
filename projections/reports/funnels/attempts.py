"""The attempt of each lead that counts: of the starts of a period the furthest, of several the earliest day's."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Subquery, and_, case, func, literal, not_, select

from domain.fold.days import ZoneDays
from domain.model.funnels import Funnel
from domain.touchpoints.touchpoint import EARLIEST
from projections.projecting.projector import read_progress
from projections.queries.days import DayRange, SeriesName
from projections.queries.view import View, known

_NEVER: Final = literal(-1, BigInteger)
"""Until when an attempt is open that is not."""
_WEEK: Final = 7
_MONDAYS: Final = 10
"""1970-01-01 was a Thursday: three days after a Monday, and ten after another, before which no start lies."""


def known_funnel(view: View, name: str) -> Funnel:
    """The funnel of this name. Raises NotFound, SavedByAnother."""
    read_progress(view.conn, view.tables).check_format()  # before a rebuild there are no days
    funnels = {plan.name: plan for plan in view.model.funnels}
    return funnels[known("funnel", name, list(funnels))]


def attempts(
    view: View,
    plan: Funnel,
    days: DayRange,
    columns: Sequence[str] = (),
    *,
    buckets: ColumnElement[int] | None = None,
    after: UUID | None = None,
) -> Subquery:
    """One row a lead (and bucket of days): lead, step, pending, mature, these columns of the row (and bucket).

    `after`: only leads behind this one.
    """
    if not days.bounded:
        return _best(view, plan, columns, after)
    rows = view.tables.funnel_days.c
    shown: list[ColumnElement[Any]] = [rows.lead, rows.step, *(rows[name] for name in columns)]
    if buckets is not None:
        shown.append(buckets.label("bucket"))
    if buckets is rows.day:  # one row a lead and day is what the table has
        query = select(*shown, rows.open_until, rows.matures_at)
    else:
        apart = [rows.lead] if buckets is None else [rows.lead, buckets]
        query = select(
            *shown,
            _whole(rows, plan, rows.open_until, apart).label("open_until"),
            _whole(rows, plan, rows.matures_at, apart).label("matures_at"),
            func.row_number().over(partition_by=apart, order_by=(rows.step.desc(), rows.day)).label("place"),
        )
    narrowed = [rows.funnel == plan.name, *_inside(rows.day, days)]
    if after is not None:
        narrowed.append(rows.lead > after)
    return _at_the_clock(view, plan, query.where(*narrowed).subquery())


def _best(view: View, plan: Funnel, columns: Sequence[str], after: UUID | None) -> Subquery:
    """Of all days. Instants are in the row of the day of the best; that a lead is pending, or not mature, is said by
    the days whose last window is open."""
    rows, days = view.tables.funnel_leads, view.tables.funnel_days.c
    attempt = view.tables.funnel_days.alias("attempt")
    recent = [
        days.funnel == plan.name,
        days.day >= ZoneDays(view.model.timezone).of(max(view.clock - plan.window, EARLIEST)),
        days.matures_at >= view.clock,
    ]
    if after is not None:
        recent.append(days.lead > after)
    of_lead = select(days.lead, func.max(days.open_until).label("open_until")).where(*recent).group_by(days.lead)
    any_day, its_day = of_lead.subquery(), select(days.lead, days.day).where(*recent).subquery()
    unfinished = rows.c.step < len(plan.steps)
    joined = rows.outerjoin(any_day, and_(unfinished, any_day.c.lead == rows.c.lead)).outerjoin(
        its_day, and_(not_(unfinished), its_day.c.lead == rows.c.lead, its_day.c.day == rows.c.day)
    )
    pending = and_(unfinished, func.coalesce(any_day.c.open_until, _NEVER) >= view.clock)
    mature = and_(any_day.c.lead.is_(None), its_day.c.lead.is_(None))
    if any(name not in rows.c for name in columns):
        same = (attempt.c.lead == rows.c.lead, attempt.c.funnel == plan.name, attempt.c.day == rows.c.day)
        joined = joined.join(attempt, and_(*same))
    shown = [rows.c.lead, rows.c.step, *((rows if name in rows.c else attempt).c[name] for name in columns)]
    query = select(*shown, pending.label("pending"), mature.label("mature")).select_from(joined)
    query = query.where(rows.c.funnel == plan.name)
    return (query if after is None else query.where(rows.c.lead > after)).subquery()


def bucket_of(view: View, series: SeriesName, firsts: Sequence[int]) -> ColumnElement[int]:
    """The first day of the day, week or month that a start lies in; `firsts` are those of the period, ascending."""
    day: ColumnElement[int] = view.tables.funnel_days.c.day
    match series:
        case "day":
            return day
        case "week":
            return day - (day + _MONDAYS) % _WEEK
        case "month":
            later = [(day < following, first) for first, following in pairwise(firsts)]
            return case(*later, else_=firsts[-1]) if later else literal(firsts[-1])


def _whole(
    rows: Any, plan: Funnel, column: ColumnElement[int], apart: Sequence[ColumnElement[Any]]
) -> ColumnElement[int]:
    """Of a complete attempt its own instant, else the latest of all that the lead started in the period."""
    latest = func.max(column).over(partition_by=apart)
    return case((rows.step >= len(plan.steps), column), else_=latest)


def _inside(day: ColumnElement[int], days: DayRange) -> list[ColumnElement[bool]]:
    bounds = []
    if days.first is not None:
        bounds.append(day >= days.first)
    if days.end is not None:
        bounds.append(day < days.end)
    return bounds


def _at_the_clock(view: View, plan: Funnel, rows: Subquery) -> Subquery:
    """Each lead's row alone, with whether it is pending and whether it is mature at the view's clock."""
    unfinished = rows.c.step < len(plan.steps)
    pending = and_(unfinished, func.coalesce(rows.c.open_until, _NEVER) >= view.clock)
    left_out = {"open_until", "matures_at", "place"}
    shown = [column for column in rows.c if column.name not in left_out]
    mature = rows.c.matures_at < view.clock
    query = select(*shown, pending.label("pending"), mature.label("mature"))
    if "place" in rows.c:
        query = query.where(rows.c.place == 1)
    return query.subquery()
