"""The hot episodes of all history: in each order of arrival, ended by time alone, by another model other ones."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from tests.domain.histories import side
from tests.domain.stories import SECOND, at, us
from tests.given_model import MODEL
from tests.projections.switching import EASY, NEVER, Switching, form
from tests.projections.world import World

DAY = 86_400
STORY = [
    form(0, "e:a@x.de"),
    form(1, "e:a@x.de"),
    form(60, "e:a@x.de"),
    form(20 * DAY, "e:a@x.de"),
    form(20 * DAY + 1, "e:a@x.de"),
    at(21 * DAY, "stage_changed", "e:a@x.de", source="api", to="customer"),
    form(22 * DAY, "e:a@x.de"),
]


def spans(world: World) -> list[tuple[int, int | None]]:
    return [(row.began_at, row.ended_at) for row in world.rows("hot_episodes")]


def played(world: World, deliveries: Sequence[Sequence[Any]]) -> None:
    """Deliver and project, the clock at the end of the story."""
    world.clock = us(30 * DAY)
    world.play(deliveries, restart=True)


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5, 6), (6, 5, 4, 3, 2, 1, 0), (4, 0, 6, 5, 2, 1, 3)])
def test_the_rows_are_the_same_in_every_order_of_arrival(world: World, order: Sequence[int]) -> None:
    played(world, [[STORY[place]] for place in order])
    first, second = world.rows("hot_episodes")
    assert (first.began_at, second.began_at, second.ended_at) == (us(1), us(20 * DAY + 1), us(21 * DAY))
    assert (first.stage, first.grade, second.stage) == ("lead", "C", "lead")
    assert 38.9 < first.peak < 39.0 and 23.9 < second.peak < 24.1
    assert [reason[:3] for reason in orjson.loads(first.reasons)] == [["form", 2, us(1)], ["first form", 1, us(0)]]
    assert us(60) < first.ended_at < us(20 * DAY)
    assert not world.verify().differences


def test_who_is_never_hot_has_no_row_and_who_is_hot_now_has_one_without_an_end(world: World) -> None:
    world.play([[form(0, "e:a@x.de"), form(0, "e:b@x.de"), form(1, "e:b@x.de")]])
    assert spans(world) == [(us(1), None)]


def test_time_alone_ends_one_at_the_instant_that_was_computed(world: World) -> None:
    world.play([[form(0, "e:a@x.de"), form(1, "e:a@x.de")]])
    [score] = world.rows("scores")
    assert spans(world) == [(us(1), None)]
    world.clock = score.cools_at - 1
    world.project()
    assert spans(world) == [(us(1), None)]
    world.clock = score.cools_at + 5 * SECOND
    world.project()
    assert spans(world) == [(us(1), score.cools_at)]
    assert not world.verify().differences


def test_a_merge_makes_one_history_of_two_and_an_unmerge_takes_it_back(world: World) -> None:
    """Neither reached the threshold alone."""
    world.play([[form(0, "u:1")], [form(1, "u:2")]])
    assert spans(world) == []
    world.play([[at(9, "merged", "u:1", source="api", **side("u:2"))]])
    assert spans(world) == [(us(1), None)]
    world.play([[at(10, "unmerged", "u:1", source="api", **side("u:2"))]])
    assert spans(world) == []
    assert not world.verify().differences


def test_another_model_has_other_episodes_in_the_past_whoever_was_told(switching: Switching) -> None:
    world = switching.world
    played(world, [STORY])
    assert [began for began, _ in spans(world)] == [us(1), us(20 * DAY + 1)]
    switching.to(EASY)
    assert [began for began, _ in spans(world)] == [us(0), us(20 * DAY)]
    switching.to(NEVER)
    assert spans(world) == []
    switching.to(MODEL)
    assert [began for began, _ in spans(world)] == [us(1), us(20 * DAY + 1)]
    assert not world.verify().differences
