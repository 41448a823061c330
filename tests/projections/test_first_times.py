"""When people first came, were known, qualified and won, as `sort_keys` has it; the same in every order of arrival."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at, us
from tests.projections.world import World

STAGES = """
[[stages]]
name = "lead"
[[stages]]
name = "nurture"
detour = true
[[stages]]
name = "old"
retired = true
[[stages]]
name = "qualified"
[[stages]]
name = "proposal"
[[stages]]
name = "customer"
won = true
"""
HOT = '[score]\nhot_at = 10\nhalf_life = "1h"\n[[score.rules]]\nname = "form"\non = "form_submitted"\npoints = 15\n'
AD = "https://shop.example/?utm_source=google&utm_medium=cpc"
STORY = [
    at(1, "page_viewed", "c:a", source="browser", url=AD),
    at(2, "identified", "c:a", "e:a@x.example"),
    at(3, "form_submitted", "e:a@x.example"),
    at(4, "stage_changed", "e:a@x.example", to="qualified"),
    at(5, "stage_changed", "e:a@x.example", to="customer"),
    at(6, "stage_changed", "e:a@x.example", to="lead"),
]


def rows(world: World) -> list[tuple[Any, ...]]:
    """Of each person these columns, instants in seconds."""
    rows = [
        (row.first_touch, row.identified_at, row.qualified_at, row.hot, row.won_at, row.first_channel)
        for row in world.rows("sort_keys")
    ]
    return sorted(tuple((each - us(0)) // 1_000_000 if type(each) is int else each for each in row) for row in rows)


def opened(folder: Path, text: str) -> World:
    return World.on_sqlite(folder, parse_model(text), us(99_999))


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (2, 4, 0, 5, 3, 1)])
def test_each_is_the_first_time_in_every_order_of_arrival(tmp_path: Path, order: Sequence[int]) -> None:
    world = opened(tmp_path, STAGES + HOT)
    world.play([[STORY[place]] for place in order], restart=True)
    assert rows(world) == [(1, 2, 4, True, 5, "paid_search")]
    assert world.verify().differing == 0
    world.close()


@pytest.mark.parametrize(
    ("text", "qualified"),
    [
        (STAGES, 4),
        (STAGES + HOT.replace("hot_at", 'promote_to = "proposal"\nhot_at'), None),
        ('[[stages]]\nname = "lead"\n', None),
    ],
)
def test_qualified_is_what_becoming_hot_asks_for_else_the_second_stage(
    tmp_path: Path, text: str, qualified: int | None
) -> None:
    world = opened(tmp_path, text)
    world.play([STORY])
    [(_, _, entered, *_)] = rows(world)
    assert entered == qualified
    world.close()


def test_a_visitor_has_one_and_who_is_a_machine_alone_has_none(tmp_path: Path) -> None:
    world = opened(tmp_path, STAGES)
    bot = at(1, "page_viewed", "c:b", context={"machine": "known bot"})
    world.play([[at(1, "page_viewed", "c:a"), bot]])
    assert rows(world) == [(1, None, None, False, None, "direct")]
    late: list[Touchpoint] = [at(0, "page_viewed", "c:b", source="browser", url=AD)]
    world.play([late])
    assert rows(world) == [(0, None, None, False, None, "paid_search"), (1, None, None, False, None, "direct")]
    assert world.verify().differing == 0
    world.close()


def test_who_are_one_person_have_one(world_on_each: World) -> None:
    world_on_each.play([
        [at(1, "page_viewed", "c:a")],
        [at(2, "identified", "e:a@x.example")],
        [at(3, "identified", "c:a", "e:a@x.example")],
    ])  # fmt: skip
    assert rows(world_on_each) == [(1, 2, None, False, None, "direct")]
