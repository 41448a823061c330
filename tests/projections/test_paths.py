"""Paths, recounted from what people did, on both databases."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from random import Random
from statistics import median
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis.strategies import lists, text

from domain.errors import NotFound
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.days import DayRange
from projections.queries.path_texts import path_text, steps_of
from projections.queries.view import View
from projections.reports.answer import BadReport, ReportQuestion
from projections.reports.paths.report import PATHS, run
from tests.projections.given_customers import CLOCK, Customer, is_own, items, local_day, some_customers, world_of
from tests.projections.given_lists import behind, lists_agree
from tests.projections.world import World

PEOPLE = some_customers(Random(5), 250)
DAY = 86_400_000_000
EVER = DayRange(0)
MOMENTS = {
    "won": ("customer",), "lost": ("disqualified", "paused"), "stage:qualified": ("qualified",),
}  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_of(request, tmp_path_factory, PEOPLE) as world:
        yield world


@pytest.fixture
def view(world: World) -> Iterator[View]:
    with world.view() as view:
        yield view


def step_of(touchpoint: Touchpoint, step: str) -> str | None:
    match step:
        case "type":
            return touchpoint.type
        case "page":
            path = touchpoint.properties.get("path") if touchpoint.type == "page_viewed" else None
            return path and path[:80]
        case _:
            return {"email": "email", "cpc": "paid_other", None: None}[touchpoint.properties.get("medium")]


def inside(instant: int, days: DayRange) -> bool:
    number = local_day(instant).toordinal() - date(1970, 1, 1).toordinal()
    return (days.first is None or number >= days.first) and (days.end is None or number < days.end)


def moment_of(
    customer: Customer, days: DayRange, before: str | None, start: str | None, acts: str
) -> tuple[int, int] | None:
    """When somebody was won or lost, or began, in the period, and with what of that instant."""
    if before is not None:
        instant = customer.entered(*MOMENTS[before])
        return (instant, 0) if instant is not None and inside(instant, days) else None
    begun = [
        (each.instant, each.seq)
        for each in (customer.acts if acts == "own" else customer.people)
        if (each.type == start or (each.type, each.properties.get("path")) == ("page_viewed", start))
        and inside(each.instant, days)
    ]
    return min(begun, default=None)


def recounted(
    days: DayRange, *, before: str | None = None, start: str | None = None, step: str = "type", acts: str = "own",
    length: int = 5, window: int = 30,
) -> tuple[int, list[tuple[str, int, float | None]]]:  # fmt: skip
    """How many leads, and each path with its leads and the median of seconds; the most frequent first."""
    took = defaultdict[tuple[str, ...], list[int]](list)
    for customer in PEOPLE:
        begun = moment_of(customer, days, before, start, acts)
        if begun is None:
            continue
        moment, _ = begun
        low, high = (moment - window * DAY, moment - 1) if start is None else (moment, moment + window * DAY)
        theirs = [
            (step_of(each, step), each.instant)
            for each in customer.people
            if low <= each.instant <= high
            and (start is None or (each.instant, each.seq) >= begun)
            and (acts == "all" or is_own(each))
            and step_of(each, step)
        ]
        runs = [(name, next(group)[1]) for name, group in groupby(theirs, lambda each: each[0])]
        runs = runs[-length:] if start is None else runs[:length]
        span = 0 if not runs else moment - runs[0][1] if start is None else runs[-1][1] - moment
        took[tuple(str(name) for name, _ in runs)].append(span)
    rows = sorted(took.items(), key=lambda each: (-len(each[1]), "\1".join(each[0])))
    return sum(map(len, took.values())), [
        (" > ".join(path) or "nothing", len(spans), median(spans) / 1e6 if path else None) for path, spans in rows
    ]


ASKED: list[dict[str, Any]] = [
    {"before": "won"},
    {"before": "won", "step": "page", "length": 2, "window": 100},
    {"before": "won", "step": "channel", "window": 100},
    {"before": "lost"},
    {"before": "lost", "acts": "all", "length": 10, "window": 60},
    {"before": "stage:qualified", "length": 1},
    {"start": "form_submitted"},
    {"start": "form_submitted", "step": "page", "length": 3, "window": 60},
    {"start": "/pricing", "window": 10},
    {"start": "call_logged", "acts": "all", "step": "type", "length": 10},
    {"start": "page_viewed", "step": "channel"},
]
PERIODS = (EVER, DayRange(19_700, 19_760), DayRange(None, 19_760))


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: " ".join(f"{name}={each}" for name, each in asked.items()))
def test_paths_are_recounted(view: View, asked: dict[str, Any]) -> None:
    for days in PERIODS:
        leads, paths = recounted(days, **asked)
        texts = asked | ({"window": f"{asked['window']}d"} if "window" in asked else {})
        rows = items(view, PATHS, days, top=100, **texts)
        assert [(row["path"], row["leads"], row["took_median"]) for row in rows] == paths[:100]
        assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
        assert all(row["share"] == row["leads"] / leads for row in rows)
        assert rows[:2] == items(view, PATHS, days, top=2, **texts)


@pytest.mark.parametrize(
    "options",
    [
        {"before": "won", "length": "2"},
        {"before": "lost", "acts": "all", "length": "3", "top": "5"},
        {"start": "page_viewed", "step": "page", "length": "3"},
        {"start": "page_viewed", "step": "channel", "length": "2"},
    ],
)
def test_every_number_has_just_so_many_people(view: View, options: dict[str, str]) -> None:
    assert lists_agree(view, "paths", ReportQuestion(EVER, options=options)) >= 2


def test_a_path_that_is_none_is_refused_and_one_that_nobody_went_is_empty(view: View) -> None:
    with pytest.raises(BadReport, match="path: found 'a > ', allowed is a path of the report"):
        behind(view, "paths", ReportQuestion(EVER), {"path": "a > "}, "leads")
    for path in ("page_viewed > of_nobody", " > ".join("abcdef")):
        assert behind(view, "paths", ReportQuestion(EVER), {"path": path}, "leads") == []


@given(lists(text(alphabet=' >"\\anothig\n', max_size=8), max_size=4))
@example(["nothing"])
@example(["a > b", "", '"', '"a"', " a", "a >"])
def test_a_path_is_read_back_as_it_was_written(steps: list[str]) -> None:
    assert steps_of(path_text(steps)) == steps


@pytest.mark.parametrize("path", ["", 'a > "', '"a" b', '"\\"', "a > nothing", '"a" > 1 > ', '"\\q"', "[1]> "])
def test_what_is_no_path_is_not_read(path: str) -> None:
    with pytest.raises(ValueError):
        steps_of(path)


def test_the_last_ninety_days_before_winning_are_told_where_nobody_says_more(view: View) -> None:
    recent = DayRange(local_day(CLOCK).toordinal() - date(1970, 1, 1).toordinal() - 89)
    rows = items(view, PATHS)
    assert rows == items(view, PATHS, recent, before="won", step="type", acts="own", length=5, window="30d", top=20)
    assert rows


def test_leads_whose_window_is_open_are_said(view: View) -> None:
    notes = run(view, ReportQuestion(EVER, options={"start": "page_viewed"})).notes
    since = [moment_of(each, EVER, None, "page_viewed", "own") for each in PEOPLE]
    count = sum(moment is not None for moment in since)
    assert notes[0] == f"{count} leads began with page_viewed for the first time in the period."
    assert "the window is not over: their paths may still go on" in notes[1]
    nobody = DayRange(0, 1)
    for before, what in (("won", "were won"), ("lost", "were lost (came to disqualified, paused)")):
        answer = run(view, ReportQuestion(nobody, options={"before": before}))
        assert (answer.rows, answer.notes) == ([], [f"0 leads {what} for the first time in the period."])


@pytest.mark.parametrize(("options", "error", "words"), [
    ({"start": "page_viewed", "before": "won"}, BadReport, "start: found it beside before"),
    ({"start": ""}, BadReport, "start: found '', allowed is what people do themselves"),
    ({"start": "Page viewed"}, BadReport, "start: found 'Page viewed', allowed is what people do themselves, such as"),
    ({"start": "email_sent"}, BadReport, "start: found 'email_sent', allowed is .*; with acts=all also what is done"),
    ({"before": "stage"}, BadReport, "before: found 'stage', allowed are won, lost, stage:NAME"),
    ({"before": "stage:nope"}, NotFound, "no stage 'nope'"),
    ({"step": "form"}, BadReport, "step: found 'form', allowed are type, page, channel"),
    ({"acts": "mine"}, BadReport, "acts: found 'mine', allowed are own, all"),
    ({"length": "11"}, BadReport, "length: found '11', allowed is 1 to 10"),
    ({"length": "0"}, BadReport, "length: found '0'"),
    ({"top": "many"}, BadReport, "top: found 'many', allowed is 1 to 100"),
    ({"window": "month"}, BadReport, "window: found 'month', allowed is a whole number of s, m, h or d"),
])  # fmt: skip
def test_what_cannot_be_told_is_refused(
    view: View, options: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        items(view, PATHS, **options)
