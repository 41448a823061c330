"""Stays in segments that time alone began or ended, and that a touchpoint of before, taken later, undoes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.model.definition import parse_model
from tests.domain.histories import law
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.shelf import Shelf
from tests.projections.world import World

HOUR = 3_600
DAY = 24 * HOUR


def stays(world: World, segment: str) -> list[tuple[Any, ...]]:
    return [(row.entered_at, row.left_at) for row in world.rows("segment_spells") if row.segment == segment]


def test_a_stay_that_time_began_goes_when_it_turns_out_that_it_never_was(world_on_each: World) -> None:
    world = world_on_each
    world.clock = us(2 * DAY)
    world.play([[at(0, "page_viewed", "c:1")]])
    assert stays(world, "quiet") == [(us(DAY), None)]
    world.play([[at(1, "page_viewed", "c:1")]])
    assert stays(world, "quiet") == [(us(DAY + 1), None)]
    world.restart()
    world.play([[at(2, "page_viewed", "c:1")]])
    assert stays(world, "quiet") == [(us(DAY + 2), None)]


def test_a_stay_that_time_ended_goes_on_when_it_turns_out_that_it_did(world_on_each: World) -> None:
    world = world_on_each
    world.clock = us(DAY)
    world.play([[at(0, "page_viewed", "c:1")]])
    [(entered, left)] = stays(world, "warm")
    assert left is not None
    world.restart()
    world.play([[at(HOUR, "form_submitted", "c:1")]])
    assert stays(world, "warm") == [(entered, None)]


@law(30)
@given(st.lists(st.tuples(st.sampled_from(["page_viewed", "form_submitted"]), st.integers(0, 60), st.integers(0, 60))))
def test_however_late_touchpoints_are_taken_the_stays_are_those_of_the_history(
    shelf: Shelf, steps: list[tuple[str, int, int]]
) -> None:
    """Each so many hours after the one before, and taken so many hours after that."""
    model = parse_model(MODEL)
    with shelf.place(model) as folder:
        world = World.on_sqlite(folder, model, us(0), ready=True)
        happened = 0
        for type, gap, delay in steps:
            happened += gap * HOUR
            world.clock = max(world.clock, us(happened + delay * HOUR))
            world.play([[at(happened, type, "c:1", seq=gap)]])
        assert world.verify().differing == 0
        world.close()
