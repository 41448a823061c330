"""Attribution: which origins won leads and revenue are owed to, by the first, by the last, and by all alike."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, Subquery, and_, case, func, literal, or_, select

from domain.model.channels import Channel
from projections.queries.days import DayRange, bounds_of
from projections.queries.money import MORE_CURRENCIES, Purse, added, currencies, exact_sum, fitted
from projections.queries.view import View
from projections.reports.answer import MILLIONTHS, ColumnKind, Report, ReportQuestion, ReportRows, column

_WAYS: Final = ("first", "last", "linear")
_ORIGIN: Final = ("channel", "came_from", "medium", "campaign")
"""What makes an origin another one."""
_COLUMN: Final[Mapping[str, str]] = {"channel": "channel", "source": "came_from", "campaign": "campaign"}
"""Of what rows are told apart by the column of `touches`."""
_DEAL: Final = ("deal_lead", "deal_at", "deal_n")

Group = str | None


def _run(view: View, question: ReportQuestion) -> ReportRows:
    by = _COLUMN[question.by or "channel"]
    won = _won(view, by, question.days)
    purses = _revenue(view, by, question.days)
    sums = {way: _by_currency(purse) for way, purse in purses.items()}
    groups = {*won["linear"], *purses["linear"].known}
    rows: list[Sequence[Any]] = []
    for group in sorted(groups, key=lambda each: (-won["linear"].get(each, 0), each is None, each or "")):
        leads = [won[way].get(group, 0) / MILLIONTHS for way in _WAYS]
        for currency in currencies(*(purses[way].of(group) for way in _WAYS)):
            earned = [sums[way].get(currency, {}).get(group) for way in _WAYS]
            rows.append((group, *leads, currency, *earned))
    several = [MORE_CURRENCIES] if len(rows) > len(groups) else []
    return ReportRows(rows, [*purses["first"].notes("revenue"), *several])


def _won(view: View, by: str, days: DayRange) -> dict[str, dict[Group, int]]:
    """Millionths of won leads by way and group; those of a way add up to the number of leads."""
    people = view.tables.sort_keys.c
    deal = people.lead.label("deal_lead"), people.won_at.label("deal_at"), literal(0).label("deal_n")
    deals = select(*deal, people.first_touch.label("came_at"))
    deals = _within(deals.where(people.won_at.is_not(None)), people.won_at, view, days)
    steps = _steps(view, deals, by)
    first, last, every = _places(steps)
    query = select(steps.c.told, steps.c.steps, func.sum(first), func.sum(last), func.sum(every))
    sums: dict[str, dict[Group, Fraction]] = {way: defaultdict(Fraction) for way in _WAYS}
    for group, length, *counts in view.conn.execute(query.group_by(steps.c.told, steps.c.steps)):
        for way, count in zip(_WAYS, counts, strict=True):
            sums[way][group] += Fraction(int(count) * MILLIONTHS, length if way == "linear" else 1)
    return {way: fitted(of_way) for way, of_way in sums.items()}


def _revenue(view: View, by: str, days: DayRange) -> dict[str, Purse]:
    """By way the revenue of each group."""
    touches, people = view.tables.touches, view.tables.sort_keys
    paid = touches.c
    deal = paid.lead.label("deal_lead"), paid.at.label("deal_at"), paid.n.label("deal_n")
    money = paid.revenue.label("amount"), paid.currency.label("paid_in"), paid.day.label("paid_on")
    deals: Select[Any] = select(*deal, people.c.first_touch.label("came_at"), *money)
    deals = deals.select_from(touches.join(people, people.c.lead == paid.lead))
    deals = _within(deals.where(paid.revenue.is_not(None), paid.machine.is_(None)), paid.at, view, days)
    steps = _steps(view, deals, by, "amount", "paid_in", "paid_on")
    first, last, _ = _places(steps)
    amount, length = steps.c.amount, steps.c.steps
    rest = case((steps.c.step > func.abs(amount % length), 0), (amount < 0, -1), else_=1)
    worth = (amount * first, amount * last, amount // length + rest)
    told: ColumnElement[Any] = steps.c.paid_on if view.model.money.report_in is not None else literal(None, Integer)
    parts = [part for each in worth for part in exact_sum(each)]
    keys = [steps.c.told, steps.c.paid_in, *([told] if view.model.money.report_in is not None else ())]
    query = select(steps.c.told, steps.c.paid_in, told.label("told_on"), func.sum(first), *parts).group_by(*keys)
    purses = {way: Purse(view.model) for way in _WAYS}
    for group, currency, day, amounts, *sums in view.conn.execute(query):
        for place, purse in enumerate(purses.values()):
            purse.add(group, currency, day, added(*sums[2 * place : 2 * place + 2]), int(amounts))
    return purses


def _within(query: Select[Any], at: ColumnElement[int], view: View, days: DayRange) -> Select[Any]:
    start, end = bounds_of(days, view.model.timezone)
    query = query if start is None else query.where(at >= start)
    return query if end is None else query.where(at < end)


def _steps(view: View, found: Select[Any], by: str, *more: str) -> Subquery:
    """The origins that led to each deal, in order, `step` of `steps`: what its lead's touchpoints bore up to it, of the
    same one after the other the first. Of a deal to which none led: one step, direct.
    """
    touches = view.tables.touches
    # Looked up first: then PostgreSQL opens of each deal the months between its two bounds alone.
    deals = found.cte("deals").prefix_with("MATERIALIZED")
    led = and_(
        touches.c.lead == deals.c.deal_lead,
        touches.c.at.between(deals.c.came_at, deals.c.deal_at),
        touches.c.channel.is_not(None),
        touches.c.machine.is_(None),
    )
    deal, order = [deals.c[name] for name in _DEAL], (touches.c.at, touches.c.n)
    before = {name: func.lag(touches.c[name]).over(partition_by=deal, order_by=order) for name in _ORIGIN}
    place = func.row_number().over(partition_by=deal, order_by=order)
    bore = select(
        *(deals.c[name] for name in (*_DEAL, *more)), touches.c.at, touches.c.n,
        *(touches.c[name] for name in _ORIGIN), place.label("place"),
        *(each.label(f"{name}_before") for name, each in before.items()),
    ).select_from(deals.outerjoin(touches, led)).subquery("bore")  # fmt: skip
    another = or_(*(bore.c[name].is_distinct_from(bore.c[f"{name}_before"]) for name in _ORIGIN))
    deal = [bore.c[name] for name in _DEAL]
    told = func.coalesce(bore.c.channel, Channel.DIRECT.value) if by == "channel" else bore.c[by]
    return (
        select(
            told.label("told"),
            *(bore.c[name] for name in more),
            func.row_number().over(partition_by=deal, order_by=(bore.c.at, bore.c.n)).label("step"),
            func.count().over(partition_by=deal).label("steps"),
        )
        .where(or_(bore.c.place == 1, another))
        .subquery("steps")
    )


def _places(steps: Subquery) -> tuple[ColumnElement[int], ColumnElement[int], ColumnElement[int]]:
    """1 of the first step, of the last, of every one; else 0."""
    first, last = steps.c.step == 1, steps.c.step == steps.c.steps
    return case((first, 1), else_=0), case((last, 1), else_=0), literal(1)


def _by_currency(purse: Purse) -> dict[str | None, dict[Group, int]]:
    """By currency the amounts of groups, in whole millionths that add up to the sum."""
    sums: dict[str | None, dict[Group, Fraction]] = defaultdict(dict)
    for group in purse.known:
        for currency, amount in purse.of(group).items():
            sums[currency][group] = amount
    return {currency: fitted(of_groups) for currency, of_groups in sums.items()}


def _columns() -> list[Any]:
    ways = {
        "first": "the first origin",
        "last": "the last origin",
        "linear": "all origins alike",
    }
    won = [column(f"won_{way}", ColumnKind.NUMBER, f"won leads that are owed to {what}") for way, what in ways.items()]
    paid = [column(f"revenue_{way}", ColumnKind.MONEY, f"revenue that is owed to {what}") for way, what in ways.items()]
    return [
        column("group", ColumnKind.GROUP, "where the origin is of; null: nobody said"),
        *won,
        column("currency", ColumnKind.TEXT, "of the amounts in this row; null: unknown, or there are none"),
        *paid,
    ]


ATTRIBUTION: Final = Report(
    "attribution",
    "Won leads and revenue of the period by the origins that led there: those that the lead's touchpoints bore up to"
    " then; none: direct. The columns of a way add up to all of them",
    _columns(),
    _run,
    by=tuple(_COLUMN),
    recent=30,
)
