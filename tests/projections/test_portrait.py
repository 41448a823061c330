"""Who the customers are, recounted from what people did, on both databases; and what is never shown."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from math import isclose
from random import Random
from typing import Any

import orjson
import pytest

from domain.errors import NotFound
from domain.fold.names import is_a_name
from projections.queries.days import DayRange
from projections.queries.told_apart import BadGroups, told_by
from projections.queries.view import View
from projections.reports.answer import BadReport, ReportQuestion
from projections.reports.portrait import report as portrait_report
from projections.reports.portrait import values
from projections.reports.portrait.report import PORTRAIT, run
from projections.reports.portrait.values import FieldValues
from tests.projections.given_customers import Customer, items, local_day, some_customers, world_of
from tests.projections.given_lists import behind, lists_agree
from tests.projections.world import World

PEOPLE = some_customers(Random(7), 300)
KNOWN = [each for each in PEOPLE if each.known_at is not None]
SOME_DAYS = DayRange(19_690, 19_740)
BANDS = ("below 10", "10 to 100", "100 and more")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_of(request, tmp_path_factory, PEOPLE) as world:
        yield world


@pytest.fixture
def view(world: World) -> Iterator[View]:
    with world.view() as view:
        yield view


def outcome(customer: Customer) -> str:
    if customer.entered("customer") is not None:
        return "won"
    return "lost" if customer.stage in ("disqualified", "paused") else "open"


def known_in(days: DayRange) -> list[Customer]:
    def inside(customer: Customer) -> bool:
        number = local_day(customer.known_at or 0).toordinal() - date(1970, 1, 1).toordinal()
        return (days.first or 0) <= number < (days.end or 99_999)

    return [each for each in KNOWN if inside(each)]


def text(field: str) -> Callable[[Customer], str]:
    def group(customer: Customer) -> str:
        value = customer.profile.get(field) or "none"
        return '"none"' if customer.profile.get(field) == "none" else str(value)

    return group


def band(customer: Customer) -> str:
    size = customer.profile.get("size")
    number = None if size in (None, "many") else float(size)
    return "none" if number is None else BANDS[(number >= 10) + (number >= 100)]


def channel(last: bool) -> Callable[[Customer], str]:
    def group(customer: Customer) -> str:
        media = [each.properties["medium"] for each in customer.people if "medium" in each.properties]
        return {"email": "email", "cpc": "paid_other"}[media[-1 if last else 0]] if media else "direct"

    return group


def recounted(people: list[Customer], field: str, group: Callable[[Customer], str]) -> dict[str, dict[str, Any]]:
    """By value what the report should say of it."""
    whole = Counter(map(outcome, people))
    rows = {}
    for value in {group(each) for each in people}:
        part = Counter(outcome(each) for each in people if group(each) == value)
        won_share, leads_share = part["won"] / whole["won"], part.total() / len(people)
        rows[value] = {
            "field": field, "value": value, "won": part["won"], "won_share": won_share, "lost": part["lost"],
            "lost_share": part["lost"] / whole["lost"], "leads": part.total(), "leads_share": leads_share,
            "lift": round(won_share / leads_share, 2), "win_rate": part["won"] / part.total(),
            "few": part.total() < 20,
        }  # fmt: skip
    return rows


def without_interval(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if name not in ("win_rate_low", "win_rate_high")} for row in rows
    ]


def fifths(people: list[Customer]) -> list[int]:
    """Limits of bands: each the first number below which the next fifth is full, with two digits."""
    budgets = sorted(each.profile["budget"] for each in people if each.profile.get("budget") is not None)
    limits, full = list[int](), 0
    for place, budget in enumerate(budgets):
        below = bisect_left(budgets, budget)
        if place == below and below * 5 // len(budgets) > full:
            full = below * 5 // len(budgets)
            limits.append(budget)
    return [int(float(f"{limit:.2g}")) for limit in limits]


def budget(limits: list[int]) -> Callable[[Customer], str]:
    names = [f"below {limits[0]}", *(f"{low} to {high}" for low, high in pairwise(limits)), f"{limits[-1]} and more"]

    def group(customer: Customer) -> str:
        number = customer.profile.get("budget")
        return "none" if number is None else names[bisect_right(limits, number)]

    return group


BUDGETS = fifths(KNOWN)
GROUPS: dict[str, tuple[str, Callable[[Customer], str]]] = {
    "profile.title": ("title", text("title")),
    "profile.country": ("country", text("country")),
    "profile.size": ("size", band),
    "profile.size:10,100": ("size", band),
    "stage": ("stage", lambda each: each.stage),
    "first_channel": ("first_channel", channel(last=False)),
    "last_channel": ("last_channel", channel(last=True)),
}


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize("days", [None, SOME_DAYS], ids=["ever", "some days"])
def test_a_field_is_recounted(view: View, by: str, days: DayRange | None) -> None:
    expected = recounted(KNOWN if days is None else known_in(days), *GROUPS[by])
    rows = items(view, PORTRAIT, days, by=by)
    assert {row["value"]: row for row in without_interval(rows)} == expected
    assert rows == sorted(rows, key=lambda row: (row["few"], -row["lift"], row["value"]))


def test_the_rest_of_the_groups_hold_everybody(view: View) -> None:
    for by in ("grade", "segment:returners", "first_source", "last_campaign"):
        rows = items(view, PORTRAIT, by=by)
        assert sum(row["leads"] for row in rows) == len(KNOWN)
        assert sum(row["won"] for row in rows) == sum(outcome(each) == "won" for each in KNOWN)


def test_the_interval_is_where_the_rate_that_was_seen_is_just_not_unlikely(view: View) -> None:
    for row in items(view, PORTRAIT, by="stage"):
        for bound in (row["win_rate_low"], row["win_rate_high"]):
            off = 1.959964 * (bound * (1 - bound) / row["leads"]) ** 0.5
            assert isclose(abs(row["win_rate"] - bound), off, abs_tol=1e-9)


def test_without_by_every_field_that_many_of_the_won_have_is_told(view: View) -> None:
    rows = items(view, PORTRAIT)
    expected = {
        (field, value): row
        for field, group in (
            ("title", text("title")),
            ("country", text("country")),
            ("size", band),
            ("budget", budget(BUDGETS)),
        )
        for value, row in recounted(KNOWN, field, group).items()
    }
    assert {(row["field"], row["value"]): row for row in without_interval(rows)} == expected
    assert rows == sorted(rows, key=lambda row: (row["few"], -row["lift"], row["field"], row["value"]))
    notes = run(view, ReportQuestion(by="profile")).notes
    whole = Counter(map(outcome, KNOWN))
    assert notes == [
        f"{len(KNOWN)} leads became known: {whole['won']} won, {whole['lost']} lost, {whole['open']} neither so far.",
        "Left out, since they say who somebody is: email, first_name.",
        "Not shown: boss (e-mail addresses), company (nearly all values are different).",
        "budget: bands of about as many leads each; by=profile.budget:5000,10000 says others.",
    ]


@pytest.mark.parametrize("by", ["profile", "profile.budget", "profile.size:10,100", "stage", "last_channel"])
def test_every_number_has_just_so_many_people(view: View, by: str) -> None:
    assert lists_agree(view, "portrait", ReportQuestion(DayRange(0), by)) > 4


def test_a_field_that_there_is_not_is_refused(view: View) -> None:
    for field in ("email", "company"):  # of the second one no value is shown
        with pytest.raises(BadReport, match=f"field: found '{field}', allowed are budget, size, country, title"):
            behind(view, "portrait", ReportQuestion(DayRange(0)), {"field": field, "value": "x"}, "won")


def test_many_different_numbers_are_told_in_bands_of_about_as_many_leads(view: View) -> None:
    assert len(BUDGETS) == 4
    rows = items(view, PORTRAIT, by="profile.budget")
    assert {row["value"]: row for row in without_interval(rows)} == recounted(KNOWN, "budget", budget(BUDGETS))
    asked = items(view, PORTRAIT, by=f"profile.budget:{','.join(map(str, BUDGETS))}")
    assert asked == rows


@pytest.mark.parametrize(("numbers", "names"), [
    (range(1990, 2020), ["below 1996", "1996 to 2002", "2002 to 2008", "2008 to 2014", "2014 and more"]),
    (range(5_003, 19_900, 10), ["below 8000", "8000 to 11000", "11000 to 14000", "14000 to 17000", "17000 and more"]),
    ([f"{n / 8}" for n in range(40)], ["below 1", "1 to 2", "2 to 3", "3 to 4", "4 and more"]),
    ([*range(13), *[7] * 100], ["below 8", "8 and more"]),
    ([n * 2_000_000 for n in range(20)], [
        "below 8000000", "8000000 to 16000000", "16000000 to 24000000", "24000000 to 32000000", "32000000 and more",
    ]),
    ([442_079_460_000 + n for n in range(20)], None),
    ([0] * 100 + [*range(1, 13)], ["below 1", "1 and more"]),
    (range(12), None),
    ([*range(20), "many"], None),
])  # fmt: skip
def test_the_limits_of_bands_have_as_few_digits_as_tell_them_apart(
    view: View, numbers: list[Any], names: list[str] | None
) -> None:
    field = FieldValues("amount", told_by(view, "profile.amount"))
    for number in numbers:
        field.add(orjson.dumps(number).decode(), 0, 2)
    field.settle()
    assert field.banded == (names is not None)
    assert names is None or [*field.groups()] == names


def test_of_more_fields_than_are_told_the_less_common_are_named(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portrait_report, "MOST_FIELDS", 2)
    answer = run(view, ReportQuestion(by="profile"))
    assert len({row[0] for row in answer.rows}) < 3
    assert any(note.startswith("Left out, since fewer have them: ") for note in answer.notes)


def test_of_values_beyond_what_is_kept_none_is_shown(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MOST_VALUES", 3)
    field = FieldValues("size", told_by(view, "profile.title"))
    for n in range(9):
        field.add(f'"{n // 2}"', 0)
    assert (field.refused, field.groups()) == ("more than 3 different values", {})


def test_where_nobody_is_won_there_is_no_portrait_of_fields(view: View) -> None:
    answer = run(view, ReportQuestion(DayRange(0, 30), "profile"))
    assert (answer.rows, answer.notes) == ([], [
        "Nobody became known in the period.",
        "Nobody was won of those who became known in the period: name a field (by=profile.FIELD).",
    ])  # fmt: skip


@pytest.mark.parametrize(("by", "error", "words"), [
    ("profile.email", BadReport, "which says who somebody is; allowed is any other field"),
    ("profile.First-Name", BadReport, "which says who somebody is"),
    ("profile.work_phone", BadReport, "which says who somebody is"),
    ("profile.boss", BadReport, r"found boss \(e-mail addresses\), which is not shown; allowed are other fields"),
    ("profile.company", BadReport, r"found company \(nearly all values are different\), which is not shown"),
    ("profile.", BadGroups, "allowed is the name of a field"),
    ("segment:nope", NotFound, "no segment 'nope'"),
])  # fmt: skip
def test_what_says_who_somebody_is_is_not_shown(view: View, by: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        items(view, PORTRAIT, by=by)


def test_names_are_told_by_the_name_of_their_field() -> None:
    for field in ("name", "Full Name", "lastName", "first-name", "姓名", "Vorname"):
        assert is_a_name(field)
    for field in ("company", "company_name", "title", "plan_name", "country"):
        assert not is_a_name(field)
