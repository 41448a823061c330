"""Revenue: orders and what they brought, by time; and so far a customer, by when and where customers came from."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Subquery, and_, case, func, select

from domain.phrases import phrase
from projections.queries.days import MOST_BUCKETS, DayRange, SeriesName, buckets_between, day_named
from projections.queries.money import MORE_CURRENCIES, NOTHING, Purse, currencies, purse_of, rounded, shared
from projections.queries.view import View
from projections.reports.answer import BadReport, ColumnKind, Report, ReportQuestion, ReportRows, column

_TIMES: Final[tuple[SeriesName, ...]] = ("month", "week", "day")


class _Sales(NamedTuple):
    """Amounts, by what they are told apart, and which of them are asked for. `paid`, `firsts`: parts of `rows`."""

    rows: FromClause
    paid: Subquery
    firsts: Subquery
    group: ColumnElement[Any]
    asked: Sequence[ColumnElement[bool]]


class _Counts(NamedTuple):
    """What is told apart by no currency."""

    orders: int
    first_orders: int
    customers: int


def _run(view: View, question: ReportQuestion) -> ReportRows:
    by = question.by or _TIMES[0]
    length = next((each for each in _TIMES if each == by), None)
    sales = _of_customers(view, by, question.days) if length is None else _of_time(view, length, question.days)
    if sales is None:
        return ReportRows([])
    counted = _counted(view, sales)
    brought, returned = _purse(view, sales, returns=False), _purse(view, sales, returns=True)
    rows: list[Sequence[Any]] = []
    for group in sorted(counted):
        counts, amounts, returns = counted[group], brought.of(group), returned.of(group)
        for currency in currencies(amounts, returns):
            amount, back = amounts.get(currency, NOTHING), returns.get(currency, NOTHING)
            each = shared(amount - back, counts.customers) if length is None else None
            named = group if by == "channel" else day_named(group).isoformat()
            rows.append((named, *counts, currency, rounded(amount), rounded(back), each))
    several = [MORE_CURRENCIES] if len(rows) > len(counted) else []
    return ReportRows(rows, [*brought.notes("amount"), *returned.notes("returns"), *several])


def _paid(view: View) -> Subquery:
    """Every amount; whether it is the first order of its customer."""
    touches = view.tables.touches.c
    columns = touches.lead, touches.at, touches.n, touches.day, touches.revenue, touches.currency
    return select(*columns).where(touches.revenue.is_not(None), touches.machine.is_(None)).subquery("paid")


def _firsts(paid: Subquery) -> Subquery:
    """The first order of each customer."""
    nth = func.row_number().over(partition_by=paid.c.lead, order_by=(paid.c.at, paid.c.n)).label("nth")
    orders = select(paid.c.lead, paid.c.at, paid.c.n, paid.c.day, nth).where(paid.c.revenue >= 0).subquery("orders")
    return select(orders).where(orders.c.nth == 1).subquery("firsts")


def _of_time(view: View, length: SeriesName, days: DayRange) -> _Sales | None:
    """The amounts of a period, by when they were paid; None: there are none."""
    paid = _paid(view)
    firsts = _firsts(paid)
    same = and_(firsts.c.lead == paid.c.lead, firsts.c.at == paid.c.at, firsts.c.n == paid.c.n)
    group = _bucket(view, paid.c.day, length, days)
    rows = paid.outerjoin(firsts, same)
    return None if group is None else _Sales(rows, paid, firsts, group, _within(paid.c.day, days))


def _of_customers(view: View, by: str, days: DayRange) -> _Sales | None:
    """All amounts of whose first order is of the period, by its month or by where they first came from."""
    paid, people = _paid(view), view.tables.sort_keys
    firsts = _firsts(paid)
    rows = paid.join(firsts, firsts.c.lead == paid.c.lead)
    if by == "channel":
        rows = rows.join(people, people.c.lead == paid.c.lead)
        return _Sales(rows, paid, firsts, people.c.first_channel, _within(firsts.c.day, days))
    group = _bucket(view, firsts.c.day, "month", days)
    return None if group is None else _Sales(rows, paid, firsts, group, _within(firsts.c.day, days))


def _bucket(view: View, day: ColumnElement[int], length: SeriesName, days: DayRange) -> ColumnElement[int] | None:
    """The first day of the time that a day lies in; None: there is no day in the period. Raises BadReport."""
    first, last = view.conn.execute(select(func.min(day), func.max(day)).where(*_within(day, days))).one()
    if first is None:
        return None
    begins = [(begin, each.end) for begin, each in buckets_between(first, last + 1, length)]
    if len(begins) > MOST_BUCKETS:
        raise BadReport(
            phrase(
                "by: {count} times of one {length}, allowed are {most}: ask for a shorter period",
                count=len(begins),
                length=length,
                most=MOST_BUCKETS,
            )
        )
    return case(*((day < end, begin) for begin, end in begins))


def _within(day: ColumnElement[int], days: DayRange) -> list[ColumnElement[bool]]:
    bounds = [] if days.first is None else [day >= days.first]
    return bounds if days.end is None else [*bounds, day < days.end]


def _counted(view: View, sales: _Sales) -> dict[Any, _Counts]:
    paid, firsts = sales.paid.c, sales.firsts.c
    is_order = paid.revenue >= 0
    is_first = and_(firsts.at == paid.at, firsts.n == paid.n)
    ones = (func.sum(case((each, 1), else_=0)) for each in (is_order, and_(is_order, is_first)))
    customers = func.count(case((is_order, paid.lead)).distinct())
    query = select(sales.group.label("told"), *ones, customers).select_from(sales.rows).where(*sales.asked)
    return {group: _Counts(*map(int, counts)) for group, *counts in view.conn.execute(query.group_by("told"))}


def _purse(view: View, sales: _Sales, *, returns: bool) -> Purse:
    """What was paid, or what was paid back, as an amount above 0."""
    paid = sales.paid.c
    told = paid.revenue < 0 if returns else paid.revenue >= 0
    amount = -paid.revenue if returns else paid.revenue
    return purse_of(
        view.conn, view.model, sales.rows, [sales.group], amount, paid.currency, paid.day, told, *sales.asked
    )


REVENUE: Final = Report(
    "revenue",
    "Orders and what they brought, by the time of the amount; by channel (their first) or cohort (the month of their"
    " first order) all that customers with a first order in the period have brought so far. Nothing is forecast",
    (
        column("group", ColumnKind.GROUP, "the first day of the month, week or cohort, the day, or the channel"),
        column("orders", ColumnKind.COUNT, "amounts that are no returns"),
        column("first_orders", ColumnKind.COUNT, "of them the first one of a customer"),
        column("customers", ColumnKind.COUNT, "leads with such an order"),
        column("currency", ColumnKind.TEXT, "of the amounts in this row; null: unknown"),
        column("amount", ColumnKind.MONEY, "of the orders"),
        column("returns", ColumnKind.MONEY, "what was paid back"),
        column("per_customer", ColumnKind.MONEY, "by channel and cohort: amount less returns a customer, so far"),
    ),
    _run,
    by=(*_TIMES, "channel", "cohort"),
    recent=366,
)
