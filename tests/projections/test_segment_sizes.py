"""The sizes of segments are kept: they equal the lists whatever happens, and `verify` says where they do not."""

from collections import Counter

import pytest
from sqlalchemy import delete, update

from domain.model.definition import parse_model
from projections.projecting.counts import sizes_of
from projections.reports.segments.members import members_of, segments
from projections.upkeep.activation import activate
from projections.upkeep.rebuild import rebuild
from store.database.tables import live
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.given_plans import statements_of
from tests.projections.world import World

DAY = 86_400
SEGMENTS = (
    MODEL
    + """
[[segments]]
name = "chiefs"
when = { "profile.title" = "CEO" }
[[segments]]
name = "awake"
when = { did = "page_viewed", within = "7d" }
"""
)


@pytest.fixture
def world(world_on_each: World) -> World:
    activate(world_on_each.database, world_on_each.ids, parse_model(SEGMENTS))
    world_on_each.model = parse_model(SEGMENTS)
    world_on_each.restart()
    world_on_each.play([[
        at(n, "page_viewed", f"c:{n}", f"e:p{n}@x.de", profile={"title": "CEO" if n % 2 else "CTO"}) for n in range(9)
    ]])  # fmt: skip
    return world_on_each


def sizes(world: World) -> dict[str, int]:
    """As they are told, which is what the lists have."""
    with world.view() as view:
        told = {each.name: each.size for each in segments(view).items}
        assert told == {name: len(members_of(view, name).items) for name in told}
        counted = Counter(row.segment for row in world.rows("segment_members"))
        assert sizes_of(view.conn, live) == counted
    return {name: told[name] for name in ("chiefs", "awake")}


def test_leads_that_come_change_and_become_one(world: World) -> None:
    assert sizes(world) == {"chiefs": 4, "awake": 9}
    world.play([[at(20, "identified", "e:p1@x.de", profile={"title": "gardener"})]])
    assert sizes(world) == {"chiefs": 3, "awake": 9}
    merged = at(30, "merged", "e:p3@x.de", "e:p5@x.de", source="api")
    world.play([[merged]], restart=True)
    assert sizes(world) == {"chiefs": 2, "awake": 8}
    world.play([[at(-50, "page_viewed", "u:new", "e:p7@x.de"), at(-40, "identified", "c:8", "u:new")]])
    assert sizes(world)["awake"] == len(world.leads())


def test_time_alone_takes_leads_out(world: World) -> None:
    world.clock = us(8 * DAY)
    world.project()
    assert sizes(world) == {"chiefs": 4, "awake": 0}


def test_a_rebuild_and_another_model_count_anew(world: World) -> None:
    with world.database.transaction() as conn:
        conn.execute(update(live.segment_sizes).values(size=77))
    assert {each.table for each in world.verify().differences} == {"segment_sizes"}
    rebuild(world.database, world.ids, world.model)
    assert sizes(world) == {"chiefs": 4, "awake": 9} and world.verify().differing == 0
    activate(world.database, world.ids, parse_model(SEGMENTS.replace('"CEO"', '"CTO"')))
    assert sizes(world) == {"chiefs": 5, "awake": 9}


def test_a_size_too_few_is_found(world: World) -> None:
    with world.database.transaction() as conn:
        conn.execute(delete(live.segment_sizes).where(live.segment_sizes.c.segment == "awake"))
    [difference] = world.verify().differences
    assert (difference.key, difference.found, difference.expected) == (("awake",), (0,), (9,))
    rebuild(world.database, world.ids, world.model)


def test_to_tell_the_sizes_no_member_is_read(world: World) -> None:
    with world.view() as view:
        with statements_of(view.conn) as asked:
            segments(view)
        assert len(asked) == 1 and "segment_members" not in asked[0][0]
