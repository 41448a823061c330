"""Reports of funnels over rows put in by hand: every number is recounted, and is the length of its list."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random
from statistics import quantiles
from typing import Any, get_args

import pytest

from domain.files.values import number_of
from projections.queries.days import EVER, DayRange, SeriesName, day_named
from projections.queries.view import View
from projections.reports.funnels.leads import FunnelNumber, leads_in
from projections.reports.funnels.report import funnel
from projections.reports.funnels.shapes import FunnelNumbersShape, State, StepNumbersShape
from store.database.database import Database
from tests.given_funnels import CLOCK, FIRST, STEPS, Attempt, Entrant, filled, going_on, put, some_entrants, view_of

BY = (
    "first_channel", "first_source", "first_campaign", "last_channel", "last_source", "last_campaign", "stage", "grade",
    "segment:warm", "profile.amount", "profile.amount:5000, 1e4,20000", "profile.nothing",
)  # fmt: skip
PERIODS = (
    EVER,
    DayRange(FIRST + 20),
    DayRange(None, FIRST + 60),
    DayRange(FIRST + 17, FIRST + 75),
    DayRange(FIRST, FIRST),
)
NUMBERS: Mapping[str, FunnelNumber] = {
    "entered": FunnelNumber(),
    "converted": FunnelNumber("converted"),
    "dropped": FunnelNumber("gone"),
    "pending": FunnelNumber("pending"),
    "mature": FunnelNumber(mature=True),
    "mature_converted": FunnelNumber("converted", mature=True),
}


ENTRANTS = some_entrants(Random(11), 250)
GOING_ON = [going_on(each) for each in some_entrants(Random(12), 150)]
"""Of the funnel in which no attempt ends before its window does."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with filled(request, tmp_path_factory, ENTRANTS) as database:
        put(database, GOING_ON, "plain")
        yield database


@pytest.fixture
def entrants() -> list[Entrant]:
    return ENTRANTS


@pytest.fixture
def view(database: Database) -> Iterator[View]:
    with view_of(database) as view:
        yield view


def inside(days: DayRange, entrants: Sequence[Entrant]) -> list[tuple[Entrant, Attempt]]:
    """Who started in the period, with what counts."""
    first, end = days.first or 0, days.end or 10**9
    started = ((each, [one for one in each.attempts if first <= one.day < end]) for each in entrants)
    return [(each, each.counts(attempts)) for each, attempts in started if attempts]


def is_pending(attempt: Attempt) -> bool:
    return attempt.step < STEPS and attempt.open_until is not None and attempt.open_until >= CLOCK


def recounted(found: Sequence[tuple[Entrant, Attempt]]) -> dict[str, Any]:
    attempts = [attempt for _, attempt in found]
    mature = [each for each in attempts if each.matures_at < CLOCK]
    through, through_mature = (sum(each.step == STEPS for each in these) for these in (attempts, mature))
    pending = sum(map(is_pending, attempts))
    return {
        "entered": len(attempts), "converted": through, "pending": pending,
        "dropped": len(attempts) - through - pending, "rate": through / len(attempts) if attempts else None,
        "mature": len(mature), "mature_converted": through_mature,
        "mature_rate": through_mature / len(mature) if mature else None,
    }  # fmt: skip


def recounted_steps(found: Sequence[tuple[Entrant, Attempt]]) -> list[dict[str, int]]:
    rows = []
    for number in range(1, STEPS + 1):
        here = [attempt for _, attempt in found if attempt.step == number < STEPS]
        pending = sum(map(is_pending, here))
        leads = sum(attempt.step >= number for _, attempt in found)
        rows.append({"leads": leads, "pending": pending, "gone": len(here) - pending})
    return rows


def told(numbers: FunnelNumbersShape | StepNumbersShape, names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(numbers, name) for name in names}


def steps_of(steps: Sequence[StepNumbersShape]) -> list[dict[str, int]]:
    return [{"leads": step.leads, "pending": step.pending, "gone": step.gone} for step in steps]


def group_of(by: str) -> Callable[[tuple[Entrant, Attempt]], str]:
    """Which group somebody is in."""

    def group(one: tuple[Entrant, Attempt]) -> str:
        entrant, attempt = one
        match by:
            case "stage":
                return entrant.stage
            case "grade":
                return entrant.grade
            case "segment:warm":
                return "in" if entrant.segments else "not in"
            case "profile.amount":
                return as_read(entrant.profile.get("amount"))
            case "profile.nothing":
                return "none"
            case _ if by.startswith("profile.amount:"):
                number = number_of(entrant.profile.get("amount"))
                if number is None:
                    return "none"
                named = ("below 5000", "5000 to 1e4", "1e4 to 20000", "20000 and more")
                return named[sum(number >= limit for limit in (5_000, 10_000, 20_000))]
            case _:
                place = ("channel", "source", "campaign").index(by.partition("_")[2])
                return attempt.origin[place + (3 if by.startswith("last") else 0)] or "none"

    return group


def as_read(value: Any) -> str:
    if value in (None, "", []):
        return "none"
    if isinstance(value, str):
        return {"none": '"none"'}.get(value, value.replace("\0", "\ufffd"))
    return {True: "true"}.get(value is True) or ('{"of":7}' if isinstance(value, dict) else f"{value}")


def listed(view: View, days: DayRange, asked: FunnelNumber) -> int:
    """The length of a list, read in pages."""
    found: list[str] = []
    cursor = None
    while cursor is not None or not found:
        page = leads_in(view, "sale", days, asked, limit=97, cursor=cursor)
        found += [each.id for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == sorted(set(found))
    return len(found)


@pytest.mark.parametrize(
    "days", [*PERIODS, DayRange(FIRST + 46, FIRST + 47), DayRange(FIRST + 47), DayRange(FIRST + 50)]
)
@pytest.mark.parametrize(("name", "entrants"), [("sale", ENTRANTS), ("plain", GOING_ON)], ids=["sale", "plain"])
def test_a_report_is_what_a_recount_gives(view: View, name: str, entrants: list[Entrant], days: DayRange) -> None:
    found = inside(days, entrants)
    report = funnel(view, name, days)
    assert told(report, recounted(found)) == recounted(found)
    assert steps_of(report.steps) == recounted_steps(found)
    assert report.entered == report.converted + report.dropped + report.pending
    for number, step in enumerate(report.steps[1:], 2):
        gaps = [each.reached[number - 1] - each.reached[number - 2] for each in first_to_reach(number, days, entrants)]
        assert quartiles(step.took) == expected_quartiles(gaps)
    assert report.steps[0].took is None and quartiles(report.took) == expected_quartiles(
        [each.reached[-1] - each.reached[0] for each in first_to_reach(STEPS, days, entrants)]
    )


def first_to_reach(step: int, days: DayRange, entrants: Sequence[Entrant]) -> list[Attempt]:
    """Of each lead the earliest start of the period that got to a step."""
    first, end = days.first or 0, days.end or 10**9
    reached = ([one for one in each.attempts if first <= one.day < end and one.step >= step] for each in entrants)
    return [min(attempts, key=lambda one: one.day) for attempts in reached if attempts]


def quartiles(took: Any) -> list[float] | None:
    return None if took is None else [took.lower_quartile, took.median, took.upper_quartile]


def expected_quartiles(gaps: list[int]) -> Any:
    if not gaps:
        return None
    return pytest.approx([gap / 1e6 for gap in (quantiles(gaps, n=4, method="inclusive") if gaps[1:] else gaps * 3)])


@pytest.mark.parametrize("days", PERIODS, ids=str)
@pytest.mark.parametrize("by", BY)
def test_groups_are_what_a_recount_gives(view: View, entrants: list[Entrant], by: str, days: DayRange) -> None:
    apart: dict[str, list[tuple[Entrant, Attempt]]] = defaultdict(list)
    for each in inside(days, entrants):
        apart[group_of(by)(each)].append(each)
    report = funnel(view, "sale", days, by=by)
    assert report.as_of == ("start" if by.startswith(("first_", "last_")) else "report")
    assert report.groups is not None
    shown = {group.group: group for group in report.groups if group.entered}
    assert shown.keys() == apart.keys()
    for name, found in apart.items():
        assert told(shown[name], recounted(found)) == recounted(found)
        assert [told(step, {"leads": 0, "pending": 0, "gone": 0}) for step in shown[name].steps] == recounted_steps(
            found
        )
    if ":5000" in by:
        assert [group.group for group in report.groups] == [
            "below 5000", "5000 to 1e4", "1e4 to 20000", "20000 and more", "none",
        ]  # fmt: skip
    else:
        assert [group.entered for group in report.groups] == sorted(map(len, apart.values()), reverse=True)


@pytest.mark.parametrize("series", get_args(SeriesName))
def test_a_series_counts_each_part_as_a_period_of_its_own(
    view: View, entrants: list[Entrant], series: SeriesName
) -> None:
    days = DayRange(FIRST + 17, FIRST + 75)
    report = funnel(view, "sale", days, series=series)
    assert report.series is not None and report.series[0].from_ == report.from_ and report.series[-1].to == report.to
    assert all(before.to == after.from_ for before, after in pairwise(report.series))
    for bucket in report.series:
        part = DayRange(*((bound + 8 * 3_600_000_000) // 86_400_000_000 for bound in (bucket.from_, bucket.to)))
        assert told(bucket, recounted([])) == recounted(inside(part, entrants))
        assert told(bucket, recounted([])) == told(funnel(view, "sale", part), recounted([]))
        assert part.first is not None
        day = day_named(part.first)
        assert (
            bucket.first_day
            == {
                "day": day.isoformat(),
                "week": day_named(part.first - day.weekday()).isoformat(),
                "month": day.replace(day=1).isoformat(),
            }[series]
        )


@pytest.mark.parametrize("days", PERIODS[:4], ids=str)
def test_every_number_is_the_length_of_its_list(view: View, days: DayRange) -> None:
    report = funnel(view, "sale", days)
    for name, asked in NUMBERS.items():
        assert listed(view, days, asked) == getattr(report, name)
    steps_listed(view, days, report.steps, {})


@pytest.mark.parametrize("by", BY)
def test_every_number_of_a_group_is_the_length_of_its_list(view: View, by: str) -> None:
    days = DayRange(FIRST + 17, FIRST + 75)
    report = funnel(view, "sale", days, by=by)
    assert report.groups
    for group in report.groups:
        told_by: dict[str, Any] = {"by": by, "group": group.group}
        for name, asked in NUMBERS.items():
            narrowed = replace(asked, **told_by)
            assert listed(view, days, narrowed) == getattr(group, name)
        if len(report.groups) < 6:
            steps_listed(view, days, group.steps, told_by)


def steps_listed(view: View, days: DayRange, steps: Sequence[StepNumbersShape], told_by: dict[str, Any]) -> None:
    states: dict[State, str] = {"reached": "leads", "pending": "pending", "gone": "gone"}
    for number, step in enumerate(steps, 1):
        for state, name in states.items():
            assert listed(view, days, replace(FunnelNumber(state, number), **told_by)) == getattr(step, name)
