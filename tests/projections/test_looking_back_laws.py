"""The answer of yesterday is the answer that was given yesterday, whatever arrived, merged or was activated since."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from domain.people.sharing import LIMITS, Limits
from domain.touchpoints.touchpoint import Touchpoint
from projections.upkeep.activation import activate
from projections.upkeep.rebuild import rebuild
from tests.domain.histories import BY_HAND, FEW, TYPES, histories, law
from tests.domain.stories import SECOND, us
from tests.projections.given_models import MODELS
from tests.projections.remembering import Memory, TimedWorld
from tests.projections.shelf import Shelf
from tests.services.postgres import PostgresServer


@dataclass(frozen=True)
class Step:
    """What happens next, so many seconds after what happened before."""

    what: Literal["deliver", "activate", "announce", "rebuild", "restart"]
    count: int
    """Touchpoints to deliver, or which model to activate."""
    later: int


STEPS = st.builds(
    Step,
    st.sampled_from(["deliver", "deliver", "deliver", "deliver", "activate", "announce", "rebuild", "restart"]),
    st.integers(0, 5),
    st.sampled_from([6, 6, 3_600, 40_000]),
)


@law(25)
@given(st.data(), st.sampled_from(FEW))
def test_yesterdays_answer_is_the_one_that_was_given(shelf: Shelf, data: st.DataObject, limits: Limits) -> None:
    with few(limits), shelf.place(MODELS[0]) as folder:
        play(TimedWorld.on_sqlite(folder, MODELS[0], us(0), ready=True), data)


@law(4)
@given(st.data(), st.sampled_from(FEW))
def test_it_is_so_on_postgresql(
    shelf: Shelf, postgres_server: PostgresServer, data: st.DataObject, limits: Limits
) -> None:
    with few(limits), shelf.on(postgres_server, MODELS[0]) as url:
        play(TimedWorld(url, MODELS[0], us(0), ready=True), data)


@contextmanager
def few(limits: Limits) -> Iterator[None]:
    """Everywhere, as rebuilds and activations know no others."""
    assert isinstance(LIMITS, dict)
    with patch.dict(LIMITS, limits):
        yield


def play(world: TimedWorld, data: st.DataObject) -> None:
    memory, waiting = Memory(world), data.draw(histories(most=12, types=TYPES + BY_HAND, least=3))
    try:
        for step in data.draw(st.lists(STEPS, min_size=3, max_size=7)):
            world.clock += step.later * SECOND
            take(world, step, waiting)
            memory.remember()
        world.clock += 200_000 * SECOND
        deliver(world, waiting)
        assert memory.ask_again() == []
    finally:
        world.close()


def take(world: TimedWorld, step: Step, waiting: list[Touchpoint]) -> None:
    match step.what:
        case "deliver":
            batch, waiting[:] = waiting[: step.count + 1], waiting[step.count + 1 :]
            deliver(world, batch)
        case "restart":
            world.restart()
        case "rebuild":
            rebuild(world.database, world.ids, world.model)
        case "activate" | "announce":
            world.project()
            activate(world.database, world.ids, MODELS[step.count], announce=step.what == "announce")
            world.model = MODELS[step.count]
            world.restart()
    world.project()


def deliver(world: TimedWorld, batch: list[Touchpoint]) -> None:
    """It is recorded after it was received."""
    world.clock = max([world.clock, *(touchpoint.received_at for touchpoint in batch)])
    world.deliver(batch)
    world.project()
