"""Touchpoints by day and type are kept as they come: they equal the rows whatever happens, and `verify` says where they
do not."""

from collections import Counter

import pytest
from sqlalchemy import delete, update

from domain.fold.days import ZoneDays
from projections.queries.counting import counted_touchpoints
from projections.queries.days import DayRange
from projections.reports.answer import ReportQuestion
from projections.reports.registry import report
from projections.upkeep.rebuild import rebuild
from store.database.tables import live
from tests.domain.stories import at, us
from tests.given_plans import statements_of
from tests.projections.world import World

DAY = 86_400
FIRST = ZoneDays("UTC").of(us(0))


@pytest.fixture
def world(world_on_each: World) -> World:
    world_on_each.clock = us(20 * DAY)
    world_on_each.play([[
        *(at(n * DAY, "page_viewed", f"c:{n % 5}") for n in range(12)),
        *(at(n * DAY + 7, "form_submitted", f"c:{n % 3}", f"e:p{n % 3}@x.de") for n in range(6)),
        at(3, "page_viewed", "c:robot", context={"machine": "bot"}),
    ]])  # fmt: skip
    return world_on_each


def counted(world: World) -> dict[tuple[int, str], tuple[int, int]]:
    """As they are told, which is what the rows have: of people, of machines, by (day since the first, type)."""
    rows = world.rows("touches")
    with world.view() as view:
        told = counted_touchpoints(view, FIRST - 400, FIRST + 400)
    expected = (
        Counter((row.day, row.type) for row in rows if row.machine is None),
        Counter((row.day, row.type) for row in rows if row.machine is not None),
    )
    assert told == expected and world.verify().differing == 0
    people, machines = expected
    return {(day - FIRST, type): (people[day, type], machines[day, type]) for day, type in sorted(people | machines)}


def test_later_touchpoints_are_added(world: World) -> None:
    assert counted(world)[0, "page_viewed"] == (1, 1)
    world.play([[at(60, "page_viewed", "c:9"), at(90, "page_viewed", "c:9"), at(13 * DAY, "order_placed", "c:9")]])
    found = counted(world)
    assert found[0, "page_viewed"] == (3, 1) and found[13, "order_placed"] == (1, 0)


def test_late_ones_and_copies_count_once(world: World) -> None:
    """A late one has its lead's rows written anew."""
    late = [at(2 * DAY + 1, "page_viewed", "c:0"), at(2 * DAY + 2, "page_viewed", "c:4")]
    before = counted(world)[2, "page_viewed"]
    world.play([late, late], restart=True)
    assert counted(world)[2, "page_viewed"] == (before[0] + 2, before[1])


def test_who_becomes_known_becomes_one_or_is_parted_takes_them_along(world: World) -> None:
    before = counted(world)
    world.play([
        [at(14 * DAY, "identified", "c:4", "e:new@x.de")],
        [at(15 * DAY, "merged", "e:p0@x.de", "e:p1@x.de", source="api")],
        [at(16 * DAY, "unmerged", "e:p0@x.de", "e:p1@x.de", source="api")],
    ], restart=True)  # fmt: skip
    added = {(14, "identified"): (1, 0), (15, "merged"): (1, 0), (16, "unmerged"): (1, 0)}
    assert counted(world) == dict(sorted((before | added).items()))


def test_a_rebuild_counts_anew(world: World) -> None:
    before = counted(world)
    with world.database.transaction() as conn:
        conn.execute(update(live.touch_days).where(live.touch_days.c.day == FIRST).values(touchpoints=77))
        conn.execute(delete(live.touch_days).where(live.touch_days.c.day == FIRST + 1))
    differences = world.verify().differences
    assert {(each.table, *each.key) for each in differences} == {
        ("touch_days", FIRST, "page_viewed"), ("touch_days", FIRST, "form_submitted"),
        ("touch_days", FIRST + 1, "page_viewed"), ("touch_days", FIRST + 1, "form_submitted"),
    }  # fmt: skip
    rebuild(world.database, world.ids, world.model)
    assert counted(world) == before


def test_to_tell_a_period_by_type_no_touchpoint_is_read(world: World) -> None:
    with world.view() as view:
        with statements_of(view.conn) as asked:
            report(view, "daily", ReportQuestion(DayRange(FIRST, FIRST + 20), "type"))
        assert [text for text, _ in asked if "touch_days" in text]
        assert not [text for text, _ in asked if "touches" in text]
