"""Cohorts, recounted from what people did: on both databases, by week and month, over a change of the clocks."""

from collections.abc import Callable, Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from domain.errors import NotFound
from projections.queries.days import EVER, DayRange
from projections.queries.view import View
from projections.reports import cohorts
from projections.reports.answer import BadReport, ReportQuestion
from projections.reports.cohorts import COHORTS
from store.database.tables import live
from tests.projections.given_customers import (
    CLOCK,
    Customer,
    first_of,
    following,
    items,
    local_day,
    some_customers,
    world_of,
)
from tests.projections.given_lists import behind, lists_agree
from tests.projections.world import World

PEOPLE = some_customers(Random(3), 250)
FIRST = date(2023, 11, 14)
EPOCH = date(1970, 1, 1)
REACHED: dict[str, Callable[[Customer], int | None]] = {
    "stage:qualified": lambda each: each.entered("qualified"),
    "stage:lead": lambda each: each.entered("lead"),
    "won": lambda each: each.entered("customer"),
    "revenue": lambda each: each.paid_at,
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_of(request, tmp_path_factory, PEOPLE) as world:
        yield world


@pytest.fixture
def view(world: World) -> Iterator[View]:
    with world.view() as view:
        yield view


def place(instant: int, every: str) -> date:
    return first_of(local_day(instant), every)


def recounted(every: str, days: DayRange, periods: int, came: Callable[[Customer, date], bool]) -> list[dict[str, Any]]:
    """`came`: whether somebody came so far, by the first day of a period."""
    today = local_day(CLOCK)
    rows = []
    first = min(local_day(each.known_at) for each in PEOPLE if each.known_at) if days.first is None else day(days.first)
    end = min(following(today, every), following(today, every) if days.end is None else day(days.end))
    cohort = first_of(first, every)
    while cohort < end:
        leads = [each for each in PEOPLE if each.known_at is not None and place(each.known_at, every) == cohort]
        period, n = cohort, 0
        while leads and n <= periods and period <= today:
            reached = sum(came(each, period) for each in leads)
            rows.append({
                "cohort": cohort.isoformat(), "period": n, "leads": len(leads), "reached": reached,
                "share": reached / len(leads), "open": period == first_of(today, every),
            })  # fmt: skip
            period, n = following(period, every), n + 1
        cohort = following(cohort, every)
    return rows


def day(number: int) -> date:
    return date.fromordinal(EPOCH.toordinal() + number)


def number(day: date) -> int:
    return day.toordinal() - EPOCH.toordinal()


PERIODS = [
    DayRange(number(FIRST)),
    DayRange(None, number(date(2024, 2, 15))),
    DayRange(number(date(2024, 1, 3)), number(date(2024, 1, 4))),
    DayRange(number(date(2024, 3, 20)), number(date(2025, 1, 1))),
]


@pytest.mark.parametrize("every", ["week", "month"])
@pytest.mark.parametrize("reached", REACHED)
def test_who_came_so_far_by_the_end_of_a_period_is_recounted(view: View, every: str, reached: str) -> None:
    def came(customer: Customer, period: date) -> bool:
        instant = REACHED[reached](customer)
        return instant is not None and place(instant, every) <= period

    rows = {days: recounted(every, days, 12, came) for days in PERIODS}
    assert {days: items(view, COHORTS, days, every=every, reached=reached) for days in PERIODS} == rows
    assert sum(row["reached"] for row in rows[PERIODS[0]]) > 10


@pytest.mark.parametrize("every", ["week", "month"])
def test_who_came_back_in_a_period_is_recounted(view: View, every: str) -> None:
    def came(customer: Customer, period: date) -> bool:
        since = customer.known_at or 0
        return any(each.instant > since and place(each.instant, every) == period for each in customer.acts)

    for days in PERIODS:
        for periods in (0, 3, 60):
            rows = recounted(every, days, periods, came)
            assert items(view, COHORTS, days, every=every, reached="back", periods=periods) == rows


def test_who_was_hot_is_recounted_from_the_episodes(view: View) -> None:
    leads = select(live.leads.c.lead, live.leads.c.identified_at)
    known = {row.lead: row.identified_at for row in view.conn.execute(leads) if row.identified_at}
    began: dict[Any, int] = {}
    for row in view.conn.execute(select(live.hot_episodes.c.lead, live.hot_episodes.c.began_at)):
        began[row.lead] = min(row.began_at, began.get(row.lead, row.began_at))
    rows = items(view, COHORTS, DayRange(number(FIRST)), reached="hot", every="month", periods=60)
    for row in rows:
        cohort = date.fromisoformat(row["cohort"])
        theirs = [lead for lead, instant in known.items() if place(instant, "month") == cohort]
        last = cohort
        for _ in range(row["period"]):
            last = following(last, "month")
        hot = sum(lead in began and place(began[lead], "month") <= last for lead in theirs)
        assert (row["leads"], row["reached"]) == (len(theirs), hot)
    assert any(row["reached"] for row in rows)


@pytest.mark.parametrize(
    "options",
    [
        {"every": "month", "reached": "back"},
        {"reached": "stage:qualified", "periods": "3"},
        {"every": "month"},
    ],
)
def test_every_number_has_just_so_many_people(view: View, options: dict[str, str]) -> None:
    assert lists_agree(view, "cohorts", ReportQuestion(DayRange(0, 30_000), options=options)) > 10


@pytest.mark.parametrize(("cell", "words"), [
    ({"cohort": "2023-11-14"}, "cohort: found '2023-11-14', allowed are 2023-11-13"),
    ({"cohort": "2023-11-13", "period": "13"}, "period: found '13', allowed are whole numbers from 0 to 12"),
])  # fmt: skip
def test_a_cell_that_there_is_not_is_refused(view: View, cell: dict[str, str], words: str) -> None:
    with pytest.raises(BadReport, match=words):
        behind(view, "cohorts", ReportQuestion(DayRange(0, 30_000)), {"cohort": None, "period": None} | cell, "reached")


def test_recent_cohorts_are_whole_and_won_is_what_is_counted(view: View) -> None:
    rows = items(view, COHORTS)
    weeks = sorted({row["cohort"] for row in rows})
    assert len(weeks) == 13 and all(date.fromisoformat(week).weekday() == 0 for week in weeks)
    assert rows == items(view, COHORTS, DayRange(number(date.fromisoformat(weeks[0]))), reached="won", every="week")


def test_that_people_outside_the_period_are_counted_too_is_said(view: View) -> None:
    monday = number(date.fromisoformat(items(view, COHORTS)[0]["cohort"]))
    said = f"cohorts are whole: who became known from {day(monday)} to before {day(monday + 7)}"
    for days, notes in (
        (DayRange(monday, monday + 7), []),
        (DayRange(monday + 1, monday + 7), [said]),
        (DayRange(monday, monday + 6), [said]),
        (DayRange(monday), []),
        (EVER, []),
    ):
        assert COHORTS.run(view, ReportQuestion(days)).notes[1:] == notes


def test_of_days_in_which_nobody_became_known_there_are_no_rows(view: View) -> None:
    for days in (DayRange(0, 30), DayRange(None, 30), DayRange(None, 0), DayRange(number(date(2025, 1, 1)))):
        assert items(view, COHORTS, days) == []


@pytest.mark.parametrize(("options", "error", "words"), [
    ({"every": "day"}, BadReport, "every: found 'day', allowed are week, month"),
    ({"periods": "61"}, BadReport, "periods: found '61', allowed is a whole number up to 60"),
    ({"periods": "-1"}, BadReport, "periods: found '-1'"),
    ({"reached": "stage"}, BadReport, "reached: found 'stage', allowed are stage:NAME, hot, won, revenue, back"),
    ({"reached": "stage:nope"}, NotFound, "no stage 'nope': the model has lead, qualified"),
])  # fmt: skip
def test_what_cannot_be_told_is_refused(
    view: View, options: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        items(view, COHORTS, **options)


def test_more_cohorts_than_are_told_are_refused(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cohorts, "MOST_COHORTS", 3)
    with pytest.raises(BadReport, match=r"from: found more than 3 weeks, .* a shorter period, or every=month"):
        items(view, COHORTS, DayRange(0))
    assert items(view, COHORTS, DayRange(None, number(date(2023, 12, 4))))
