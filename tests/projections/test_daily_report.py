"""The report of days is what counting everything by hand gives, on both databases, through a change of the clocks."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest

from domain.fold.days import ZoneDays
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.days import DayRange, day_named
from projections.reports.answer import BadReport, ReportQuestion, ReportShape
from projections.reports.registry import report
from store.database.views.happened import DAILY
from tests.domain.stories import at, us
from tests.given_plans import indexes, statements_of
from tests.given_views import rows_of
from tests.projections.given_analysts import CLOCK, MODEL, START, played
from tests.projections.world import World

DAYS = ZoneDays(MODEL.timezone)
TODAY = DAYS.of(CLOCK)
PERIOD = DayRange(DAYS.of(START) - 1, TODAY + 1)
TOUCHES = ("touchpoints", "by_machines", "people")
LEADS = ("new_visitors", "new_leads", "became_hot", "stage_moves", "won")


@pytest.fixture(scope="module")
def world(url_of_module: str) -> Iterator[World]:
    with closing(played(url_of_module)) as world:
        yield world


def daily(world: World, days: DayRange = PERIOD, by: str | None = None, **options: str) -> ReportShape:
    with world.view() as view:
        return report(view, "daily", ReportQuestion(days, by, options))


def recorded(world: World) -> list[Touchpoint]:
    """What was recorded and has happened, as it was reported."""
    with world.database.snapshot() as conn:
        return [each for _, each in world.events.scan(conn, 0, 1_000_000) if each.instant <= CLOCK]


def by_day(instants: Iterable[int | None]) -> Counter[int]:
    return Counter(DAYS.of(each) for each in instants if each is not None)


def test_touchpoints_are_those_that_were_reported(world: World) -> None:
    people, machines = Counter[int](), Counter[int]()
    for each in recorded(world):
        (machines if each.by_machine else people)[DAYS.of(each.instant)] += 1
    assert machines, "nothing is compared"
    items = daily(world).items
    assert [(each["day"], each["touchpoints"], each["by_machines"]) for each in items] == [
        (day_named(day).isoformat(), people[day], machines[day]) for day in range(PERIOD.first, TODAY + 1)
    ]
    assert any(each["touchpoints"] == 0 for each in items), "a day without anything has its row"


def test_leads_are_those_that_came_became_and_moved(world: World) -> None:
    leads, entries = world.leads(), world.rows("stage_history")
    expected = {
        "new_visitors": by_day(each.first_touch for each in leads if each.touches),
        "new_leads": by_day(each.identified_at for each in leads),
        "became_hot": by_day(each.began_at for each in world.rows("hot_episodes")),
        "stage_moves": by_day(each.at for each in entries),
        "won": by_day(each.won_at for each in leads),
    }
    assert all(expected.values()), "nothing is compared"
    for number, item in enumerate(daily(world).items, PERIOD.first):
        assert {name: item[name] for name in LEADS} == {name: each[number] for name, each in expected.items()}


def test_people_are_counted_once_a_day_where_they_are_asked_for(world: World) -> None:
    seen: dict[int, set[Any]] = defaultdict(set)
    for row in world.rows("touches"):
        if row.machine is None:
            seen[DAYS.of(row.at)].add(row.lead)
    counted = daily(world, people="yes")
    assert [each["people"] for each in counted.items] == [len(seen[day]) for day in range(PERIOD.first, TODAY + 1)]
    assert counted.notes == [] and {each["people"] for each in daily(world).items} == {None}
    assert "people=yes" in daily(world).notes[0]


@pytest.mark.parametrize(("by", "text"), [
    ("type", lambda row: row.type), ("source", lambda row: row.source), ("channel", lambda row: row.channel),
    ("campaign", lambda row: row.campaign),
])  # fmt: skip
def test_groups_are_told_apart_by_what_touchpoints_say(
    world: World, by: str, text: Callable[[Any], str | None]
) -> None:
    people: dict[tuple[int, str], set[Any]] = defaultdict(set)
    touched, machines = Counter[tuple[int, str]](), Counter[tuple[int, str]]()
    for row in world.rows("touches"):
        cell = (DAYS.of(row.at), text(row) or "none")
        (touched if row.machine is None else machines)[cell] += 1
        if row.machine is None:
            people[cell].add(row.lead)
    groups = {group for _, group in touched | machines}
    items = daily(world, by=by, people="yes").items
    assert len(groups) > 1 and len(items) == len(groups) * (TODAY + 1 - PERIOD.first)
    assert {(each["day"], each["group"]): tuple(each[name] for name in TOUCHES) for each in items} == {
        (day_named(day).isoformat(), group): (
            touched[day, group], machines[day, group], len(people[day, group]),
        )
        for day in range(PERIOD.first, TODAY + 1)
        for group in groups
    }  # fmt: skip
    assert {each[name] for each in items for name in LEADS} == {None}


def test_the_view_says_the_same(world: World) -> None:
    told = Counter[tuple[str, str, str]]()
    for row in rows_of(world.url, DAILY):
        told[row["day"], row["what"], row["name"] if row["what"] == "touchpoint" else ""] += row["times"]
    by_type = {
        (each["day"], "touchpoint", each["group"]): each["touchpoints"] for each in daily(world, by="type").items
    }
    of_leads = {
        (each["day"], what, ""): each[name]
        for each in daily(world).items
        for what, name in {
            "visitor": "new_visitors",
            "lead": "new_leads",
            "stage": "stage_moves",
            "hot": "became_hot",
            "won": "won",
        }.items()
    }
    assert {cell: count for cell, count in (by_type | of_leads).items() if count} == told


def test_without_a_period_it_is_of_thirty_days_and_the_last_is_unfinished(world: World) -> None:
    items = daily(world, DayRange()).items
    assert [each["day"] for each in items] == [day_named(day).isoformat() for day in range(TODAY - 29, TODAY + 1)]
    assert [each["unfinished"] for each in items] == [False] * 29 + [True]


def test_days_that_have_not_begun_have_no_rows(world: World) -> None:
    assert len(daily(world, DayRange(TODAY, TODAY + 10)).items) == 1
    assert daily(world, DayRange(TODAY + 1, TODAY + 10)).items == []
    assert daily(world, DayRange(TODAY, TODAY)).items == []


@pytest.mark.parametrize(("days", "options", "words"), [
    (DayRange(None, TODAY), {}, "from: found none, allowed is a day"),
    (DayRange(TODAY - 400), {}, "from, to: found 401 days, allowed are 400"),
    (PERIOD, {"people": "all"}, "people: found 'all', allowed are yes, no"),
])  # fmt: skip
def test_what_there_is_not_is_refused(world: World, days: DayRange, options: dict[str, str], words: str) -> None:
    with pytest.raises(BadReport, match=words):
        daily(world, days, **options)


def test_days_are_counted_in_indexes_alone(world: World) -> None:
    """Not in the tables of all leads or entries, which are long; of touchpoints their counts are read alone."""
    with world.view() as view:
        with statements_of(view.conn) as heard:
            report(view, "daily", ReportQuestion(PERIOD))
        heard = [each for each in heard if "FROM projector" not in each[0]]  # a row, by which the format is told
        if view.conn.dialect.name == "postgresql":
            view.conn.exec_driver_sql("SET LOCAL enable_seqscan = off")  # of so few rows it would be the quickest
            used = {index for statement in heard for index in indexes(view.conn, *statement)}
        else:
            plans = [view.conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values) for text, values in heard]
            steps = [step.detail for plan in plans for step in plan]
            assert not [step for step in steps if re.match(r"SCAN (?!days|types)\w+$", step)], steps
            used = {name for step in steps for name in re.findall(r"INDEX (\w+)", step)}
    assert {"sort_keys_first_touch", "sort_keys_identified_at", "stage_history_at", "hot_episodes_began"} <= used
    assert not [text for text, _ in heard if "touches" in text]


def test_of_many_groups_the_smaller_are_together(world_on_each: World) -> None:
    """Who is in several of them nobody knows."""
    pages = [at(n, f"thing_{n:02}", f"c:{n % 7}") for n in range(55)]
    world_on_each.clock = us(60)
    world_on_each.play([pages])
    with world_on_each.view() as view:
        shape = report(view, "daily", ReportQuestion(DayRange(19_675, 19_676), "type", {"people": "yes"}))
    assert len(shape.items) == 50
    assert [shape.items[-1][name] for name in ("group", *TOUCHES)] == ["other", 6, 0, None]
    assert sum(each["touchpoints"] for each in shape.items) == 55
