"""The attempt of each lead that counts: of the starts of a period the furthest, of several the earliest day's."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Subquery, and_, case, func, literal, select

from domain.model.funnels import Funnel
from projections.queries.days import DayRange, SeriesName
from projections.queries.view import View, known

_NEVER: Final = literal(-1, BigInteger)
"""Until when an attempt is open that is not."""
_WEEK: Final = 7
_MONDAYS: Final = 10
"""1970-01-01 was a Thursday: three days after a Monday, and ten after another, before which no start lies."""


def known_funnel(view: View, name: str) -> Funnel:
    """The funnel of this name. Raises NotFound."""
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
    rows = (view.tables.funnel_days if days.bounded else view.tables.funnel_leads).c
    shown: list[ColumnElement[Any]] = [rows.lead, rows.step, *(rows[name] for name in columns)]
    if buckets is not None:
        shown.append(buckets.label("bucket"))
    if not days.bounded or buckets is rows.day:  # one row a lead, or a lead and day, is what the table has
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
    mature = func.coalesce(rows.c.matures_at, view.clock) < view.clock  # null: of an older release, before a rebuild
    query = select(*shown, pending.label("pending"), mature.label("mature"))
    if "place" in rows.c:
        query = query.where(rows.c.place == 1)
    return query.subquery()
