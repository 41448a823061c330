"""Channels: of who came in a period, how many became leads, were qualified, hot and won, what they cost and brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import ColumnElement, FromClause, Subquery, and_, case, func, select, true

from domain.files.durations import DAY
from domain.fold.days import ZoneDays
from domain.fold.stage import Ladder
from domain.phrases import phrase
from projections.queries.as_of import NOW
from projections.queries.days import bounds_of
from projections.queries.money import (
    MORE_CURRENCIES,
    Purse,
    currencies,
    purse_of,
    rounded,
    shared,
    written,
)
from projections.queries.view import View, known
from projections.read_models.lead_sources import FIRST, LAST
from projections.reports.answer import (
    BadReport,
    CellLeads,
    ColumnKind,
    Report,
    ReportCell,
    ReportPeople,
    ReportQuestion,
    ReportRows,
    column,
)
from store.costs import held
from store.database.expressions import array_of
from store.database.tables import costs

_ENDS: Final = (FIRST, LAST)
NUMBERS: Final = ("visitors", "leads", "qualified", "hot", "won")
"""The numbers of a row that count people."""


class _Counts(NamedTuple):
    """Who came from one of what the report tells apart: visitors, and of the identified ones (leads) the rest. `days`:
    the median from first touch to won."""

    visitors: int = 0
    leads: int = 0
    qualified: int | None = 0
    hot: int = 0
    won: int = 0
    qualified_won: int | None = 0
    days: float | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked, read: the instants and days of the period, and whose origin tells people apart."""

    view: View
    by: str
    end: str
    start_at: int | None
    end_at: int | None
    first_day: int | None
    end_day: int
    qualified: str | None

    @property
    def people(self) -> tuple[FromClause, ColumnElement[Any]]:
        """Who came in the period, beside the column that tells them apart."""
        tables = self.view.tables
        people, sources = tables.sort_keys, tables.lead_sources
        if self.by == "channel" and self.end == FIRST:
            return people, people.c.first_channel
        if self.by == "channel":
            return people.join(tables.leads, tables.leads.c.lead == people.c.lead), tables.leads.c.last_channel
        on = and_(sources.c.lead == people.c.lead, sources.c.which == self.end, sources.c.stage == "")
        return people.outerjoin(sources, on), sources.c[self.by]

    @property
    def came(self) -> list[ColumnElement[bool]]:
        """That somebody came in the period."""
        first_touch = self.view.tables.sort_keys.c.first_touch
        bounds: list[ColumnElement[bool]] = [first_touch.is_not(None)]
        if self.start_at is not None:
            bounds.append(first_touch >= self.start_at)
        if self.end_at is not None:
            bounds.append(first_touch < self.end_at)
        return bounds


def _run(view: View, question: ReportQuestion) -> ReportRows:
    asked = _read(view, question)
    counts, cost, revenue = _counted(asked), _cost(asked), _revenue(asked)
    groups = {*counts, *cost.known, *revenue.known} - ({None} if None not in counts else set())
    ordered = sorted(groups, key=lambda each: (-counts.get(each, _Counts()).visitors, each is None, each or ""))
    rows: list[Sequence[Any]] = []
    for group in ordered:
        spent, earned = cost.of(group) if group is not None else {}, revenue.of(group)
        told = currencies(spent, earned)
        rows += [_row(group, counts.get(group, _Counts()), each, spent.get(each), earned.get(each)) for each in told]
    return ReportRows(rows, _notes(asked, cost, revenue, len(rows) > len(groups)))


def _read(view: View, question: ReportQuestion) -> _Asked:
    end = question.options.get("touch", FIRST)
    if end not in _ENDS:
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed are {allowed}",
                name="touch",
                found=end[:80],
                allowed=tuple(_ENDS),
            )
        )
    ladder = Ladder(view.model.stages, view.model.score.promote_to)
    qualified = question.options.get("qualified", next(iter(ladder.qualified), None))
    if qualified is not None:
        known("stage", qualified, [stage.name for stage in view.model.stages])
    today = ZoneDays(view.model.timezone).of(view.clock)
    last = today + 1 if question.days.end is None else min(question.days.end, today + 1)
    start_at, end_at = bounds_of(question.days, view.model.timezone)
    return _Asked(view, question.by or "channel", end, start_at, end_at, question.days.first, last, qualified)


def _counted(asked: _Asked) -> dict[str | None, _Counts]:
    people, group = asked.people
    people, of = _qualified(asked, people)
    of["won and qualified"] = and_(of["won"], of["qualified"])
    counts = [func.count(case((each, 1))) for each in of.values()]
    sort_keys = asked.view.tables.sort_keys.c
    spans = array_of(case((of["won"], sort_keys.won_at - sort_keys.first_touch)))
    query = select(group, *counts, spans).select_from(people).where(*asked.came).group_by(group)
    found: dict[str | None, _Counts] = {}
    for key, *numbers, took in asked.view.conn.execute(query):
        visitors, leads, of_stage, hot, won, of_these = map(int, numbers)
        days = median(orjson.loads(took)) / DAY if won else None
        if asked.qualified is None:
            found[key] = _Counts(visitors, leads, None, hot, won, None, days)
        else:
            found[key] = _Counts(visitors, leads, of_stage, hot, won, of_these, days)
    return found


def _qualified(asked: _Asked, people: FromClause) -> tuple[FromClause, dict[str, ColumnElement[bool]]]:
    """The people beside what tells who is a qualified lead; and whom each number counts, in their order."""
    sort_keys = asked.view.tables.sort_keys
    ladder = Ladder(asked.view.model.stages, asked.view.model.score.promote_to)
    came_far: ColumnElement[Any] = sort_keys.c.qualified_at
    if asked.qualified is not None and asked.qualified not in ladder.qualified:
        history = asked.view.tables.stage_history.c
        entered: Subquery = select(history.lead).where(history.stage == asked.qualified).distinct().subquery()
        people, came_far = people.outerjoin(entered, entered.c.lead == sort_keys.c.lead), entered.c.lead
    is_lead = sort_keys.c.identified_at.is_not(None)
    return people, {
        "visitors": true(),
        "leads": is_lead,
        "qualified": and_(is_lead, came_far.is_not(None)),
        "hot": and_(is_lead, sort_keys.c.hot),
        "won": and_(is_lead, sort_keys.c.won_at.is_not(None)),
    }


def _cost(asked: _Asked) -> Purse:
    """What was spent on the days of the period; by what bears no costs, nothing."""
    if asked.by == "source":
        return Purse(asked.view.model)
    key = func.nullif(costs.c[asked.by], "")
    past = asked.view.past
    days = [held(asked.view.clock if past is not None and past.knowing != NOW else None), costs.c.day < asked.end_day]
    if asked.first_day is not None:
        days.append(costs.c.day >= asked.first_day)
    return purse_of(
        asked.view.conn, asked.view.model, costs, [key], costs.c.amount, costs.c.currency, costs.c.day, *days
    )


def _revenue(asked: _Asked) -> Purse:
    """What those who came in the period have brought so far."""
    people, group = asked.people
    touches, sort_keys = asked.view.tables.touches, asked.view.tables.sort_keys
    rows = people.join(touches, touches.c.lead == sort_keys.c.lead)
    brought = [*asked.came, touches.c.revenue.is_not(None), touches.c.machine.is_(None)]
    if asked.start_at is not None:  # nobody brings anything before they come: the months before are not looked at
        brought.append(touches.c.at >= asked.start_at)
    columns = touches.c.revenue, touches.c.currency, touches.c.day
    return purse_of(asked.view.conn, asked.view.model, rows, [group], *columns, *brought)


def _row(
    group: str | None, counts: _Counts, currency: str | None, cost: Fraction | None, revenue: Fraction | None
) -> Sequence[Any]:
    visitors, leads, qualified, hot, won, qualified_won, days = counts
    back = float(revenue / cost) if cost and revenue is not None else None
    return (
        group, visitors, leads, qualified, hot, won,
        _share(leads, visitors), _share(qualified, leads), _share(hot, leads), _share(qualified_won, qualified),
        _share(won, leads), days,
        currency, rounded(cost), shared(cost, leads), shared(cost, won), rounded(revenue), back,
    )  # fmt: skip


def _share(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


def _notes(asked: _Asked, cost: Purse, revenue: Purse, several: bool) -> list[str]:
    notes = [*cost.notes("cost"), *revenue.notes("revenue"), *([MORE_CURRENCIES] if several else [])]
    if asked.qualified is not None:
        notes.insert(0, f"qualified: entered {asked.qualified}")
    if asked.by == "source":
        notes.append("cost: it is imported by channel and campaign, of a source nobody knows it")
    for currency, amount in sorted(cost.of(None).items(), key=lambda each: each[0] or ""):
        notes.append(f"cost: {written(float(amount / 1_000_000), currency)} of no campaign are in no row")
    return notes


# ---- the people behind a number ----------------------------------------------------------------------------------


def _people(view: View, question: ReportQuestion, cell: ReportCell) -> CellLeads:
    asked = _read(view, question)
    people, group = asked.people
    people, counted = _qualified(asked, people)
    if asked.qualified is None and cell.number == "qualified":
        raise BadReport("number: found 'qualified', but the model has no stage that makes a lead a qualified one")
    of = view.tables.sort_keys.c
    query = select(of.lead, of.first_touch.label("at")).select_from(people)
    return CellLeads(query.where(*asked.came, group.is_not_distinct_from(cell.row.get("group")), counted[cell.number]))


CHANNELS: Final = Report(
    "channels",
    "Of who first came in the period: leads, qualified, hot and won by where they came from, what that cost in the"
    " period, and the revenue of these leads so far",
    (
        column("group", ColumnKind.GROUP, "where they came from; null: nobody said"),
        column("visitors", ColumnKind.COUNT, "people who first came in the period, identified or not"),
        column("leads", ColumnKind.COUNT, "of them identified"),
        column("qualified", ColumnKind.COUNT, "of these leads, ever in the stage that makes a lead a qualified one"),
        column("hot", ColumnKind.COUNT, "of these leads, ever hot"),
        column("won", ColumnKind.COUNT, "of these leads, ever in a stage that is won"),
        column("lead_share", ColumnKind.SHARE, "leads of visitors"),
        column("qualified_share", ColumnKind.SHARE, "qualified of leads"),
        column("hot_share", ColumnKind.SHARE, "hot of leads"),
        column("won_of_qualified", ColumnKind.SHARE, "of the qualified those that were won"),
        column("won_share", ColumnKind.SHARE, "won of leads"),
        column("days_to_won", ColumnKind.NUMBER, "median of days from the first touch to won"),
        column("currency", ColumnKind.TEXT, "of the amounts in this row; null: unknown, or there are none"),
        column("cost", ColumnKind.MONEY, "imported costs of the days of the period; null: nobody knows"),
        column("cost_per_lead", ColumnKind.MONEY, "cost of leads"),
        column("cac", ColumnKind.MONEY, "cost of won leads: what it costs to win one"),
        column("revenue", ColumnKind.MONEY, "of those who came, ever since, returns taken off; null: none is known"),
        column("return", ColumnKind.NUMBER, "revenue of cost"),
    ),
    _run,
    by=("channel", "source", "campaign"),
    options={
        "touch": "first (default) or last: which of a person's origins tells them apart",
        "qualified": "the stage that makes a lead a qualified one; default: score.promote_to, else the second stage",
    },
    recent=30,
    people=ReportPeople(NUMBERS, ("group",), "when they first came", _people),
)
