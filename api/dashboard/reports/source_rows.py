"""The rows of Sources: of each channel, source or campaign the people, and by currency what it cost and brought.

People and costs are the report `channels`; who was won and what they brought is that report's too (of who came), or of
the report `attribution` (of the period, by the first, the last or all origins). No two currencies are added up.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from projections.reports.answer import ReportShape

WAYS: Final = ("came", "first", "last", "linear")
"""Whose won leads and revenue: of who came in the period; else of the period, owed to origins in this way."""
PEOPLE: Final = ("visitors", "leads", "qualified", "hot", "won")
SUMS: Final = ("cost", "cost_per_lead", "cac", "revenue", "return")
SORTS: Final = ("group", *PEOPLE, *SUMS)

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourceMoney:
    """What a row cost and brought in one currency; None: nobody knows."""

    cost: float | None
    revenue: float | None
    leads: float
    won: float

    @property
    def cost_per_lead(self) -> float | None:
        """Cost by leads."""
        return self.cost / self.leads if self.cost is not None and self.leads else None

    @property
    def cac(self) -> float | None:
        """Cost by won leads."""
        return self.cost / self.won if self.cost is not None and self.won else None

    @property
    def back(self) -> float | None:
        """Revenue by cost."""
        return self.revenue / self.cost if self.cost and self.revenue is not None else None

    def of(self, name: str) -> float | None:
        """A value by the name of its column."""
        value: float | None = getattr(self, "back" if name == "return" else name)
        return value


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row. `qualified` is None where the model has no such stage; `won` is a part of leads where these are shared."""

    group: str | None
    people: Mapping[str, float | None]
    money: Mapping[str | None, SourceMoney] = field(default_factory=dict)

    def share(self, name: str) -> float | None:
        """Leads of visitors; of the others their share of leads."""
        part, whole = self.people[name], self.people["visitors" if name == "leads" else "leads"]
        return part / whole if part is not None and whole else None


def source_rows(came: ReportShape, owed: ReportShape | None, way: str) -> list[SourceRow]:
    """The rows, in the order of the report `channels`; of what only brought something in the period, those last."""
    by_group: dict[str | None, list[Item]] = {}
    for item in came.items:
        by_group.setdefault(item["group"], []).append(item)
    owed_to: dict[str | None, list[Item]] = {}
    for item in owed.items if owed is not None else ():
        owed_to.setdefault(item["group"], []).append(item)
    groups = dict.fromkeys((*by_group, *owed_to))
    return [_row(group, by_group.get(group, []), owed_to.get(group, []), way) for group in groups]


def whole(rows: Sequence[SourceRow]) -> SourceRow:
    """All rows together."""
    counted = {name: [row.people[name] for row in rows] for name in PEOPLE}
    people = {name: None if None in each else _sum(each) for name, each in counted.items()}
    return SourceRow(None, people, _money(people, *(_sums(rows, name) for name in ("cost", "revenue"))))


def main_currency(rows: Sequence[SourceRow]) -> str | None:
    """That of the most rows: by amounts in it rows are sorted, and as bars compared."""
    having = Counter(
        currency for row in rows for currency, money in row.money.items() if {money.cost, money.revenue} != {None}
    )
    return min(having, key=lambda each: (-having[each], each is None, each or ""), default=None)


def sorted_rows(rows: Sequence[SourceRow], sort: str, labels: Mapping[str | None, str]) -> list[SourceRow]:
    """The rows by a column, with `-` before its name the greatest first; those without a value last."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTS:
        return list(rows)
    if name == "group":
        return sorted(rows, key=lambda row: labels[row.group].casefold(), reverse=down)
    values = {row.group: value_of(row, name, main_currency(rows)) for row in rows}
    having = [row for row in rows if values[row.group] is not None]
    having.sort(key=lambda row: values[row.group] or 0.0, reverse=down)
    return having + [row for row in rows if values[row.group] is None]


def value_of(row: SourceRow, name: str, currency: str | None) -> float | None:
    """A value of a row; an amount in this currency."""
    if name in PEOPLE:
        return row.people[name]
    money = row.money.get(currency)
    return None if money is None else money.of(name)


def _row(group: str | None, came: Sequence[Item], owed: Sequence[Item], way: str) -> SourceRow:
    people: dict[str, float | None] = {name: came[0][name] if came else 0 for name in PEOPLE}
    if way != "came":
        people["won"] = owed[0][f"won_{way}"] if owed else 0.0
    cost = {item["currency"]: item["cost"] for item in came}
    brought, name = (came, "revenue") if way == "came" else (owed, f"revenue_{way}")
    return SourceRow(group, people, _money(people, cost, {item["currency"]: item[name] for item in brought}))


def _money(
    people: Mapping[str, float | None], cost: Mapping[str | None, Any], revenue: Mapping[str | None, Any]
) -> dict[str | None, SourceMoney]:
    """By currency, an unknown one last; of no money at all nothing."""
    leads, won = people["leads"] or 0, people["won"] or 0
    told = {
        currency: SourceMoney(cost.get(currency), revenue.get(currency), leads, won)
        for currency in sorted({*cost, *revenue}, key=lambda each: (each is None, each or ""))
    }
    return {currency: each for currency, each in told.items() if each.cost is not None or each.revenue is not None}


def _sums(rows: Sequence[SourceRow], name: str) -> dict[str | None, float]:
    """By currency the sum of what is known."""
    known: dict[str | None, list[float]] = {}
    for row in rows:
        for currency, money in row.money.items():
            if (value := money.of(name)) is not None:
                known.setdefault(currency, []).append(value)
    return {currency: _sum(values) for currency, values in known.items()}


def _sum(values: Sequence[float | None]) -> float:
    """In millionths: parts add up to the whole that they are of."""
    return sum(round((value or 0) * 1_000_000) for value in values) / 1_000_000
