"""What became of those who were asked by a link: who was first, who has the lead, and whether anybody waits."""

from typing import Any
from uuid import UUID

import pytest

from domain.signals.answer_link import Answered, Invitation, Standing
from domain.touchpoints.touchpoint import Instant, Touchpoint
from projections.queries.answers import answered
from store.database import bulk
from store.database.tables import deadlines
from store.events.store import EventStore
from tests.domain.stories import at, us
from tests.projections.world import World

WHO = "e:ada@x.de"


@pytest.fixture
def world(world_on_each: World) -> World:
    return world_on_each


def assigned(second: float = 1, owner: str = "ana") -> Touchpoint:
    return at(second, "owner_assigned", WHO, source="policy", owner=owner, assigned="s-1")


def answer(second: float, type: str, *, link: bool = True, **said: Any) -> Touchpoint:
    """By the link of signal s-1, or by the API."""
    more = {"id": "answer-s-1"} if link else {}
    return at(second, type, WHO, source="api", source_name="api", **{"owner": "ana", **more, **said})


def waits(world: World, state: str, lead: UUID) -> None:
    with world.database.transaction() as conn:
        bulk.upsert(
            conn, deadlines, [("accept", "s-1", lead, "ana", "hot-1", us(1), us(9_999), state, None, None, None)]
        )


def outcome(world: World) -> Answered:
    with world.view() as view:
        [lead] = [row.lead for row in world.rows("leads")]
        invitation = Invitation("s-1", lead, "email", "ada@x.de", "ana", "Ada", us(1))
        return answered(view, EventStore(world.database), invitation)


SEEN = at(0, "page_viewed", WHO)


@pytest.mark.parametrize(("history", "said"), [
    ([assigned()], Answered(Standing.WAITING)),
    ([assigned(), answer(2, "owner_accepted", by="bo")], Answered(Standing.ACCEPTED, "bo", us(2))),
    ([assigned(), answer(2, "owner_accepted")], Answered(Standing.ACCEPTED, "ana", us(2))),
    ([assigned(), answer(2, "owner_accepted", link=False)], Answered(Standing.ACCEPTED, "ana", us(2))),
    ([assigned(), answer(2, "owner_rejected", by="bo", reason="spam")], Answered(Standing.REJECTED, "bo", us(2))),
    ([assigned(), answer(2, "owner_rejected", link=False, reason="spam")], Answered(Standing.ENDED)),
    ([assigned(), assigned(2, "bo")], Answered(Standing.GIVEN)),
    ([assigned(), assigned(2, "bo"), answer(3, "owner_accepted")], Answered(Standing.GIVEN)),
    ([assigned(), answer(2, "owner_accepted"), answer(3, "owner_rejected", reason="spam")],
     Answered(Standing.ACCEPTED, "ana", us(2))),
    ([assigned(), answer(2, "owner_accepted"), assigned(3, "bo"), assigned(4)],
     Answered(Standing.EARLIER, "ana", us(2))),
    ([assigned(), answer(2, "owner_accepted"), assigned(3, "bo")], Answered(Standing.GIVEN)),
    ([], Answered(Standing.ENDED)),
])  # fmt: skip
def test_what_became_of_it(world: World, history: list[Touchpoint], said: Answered) -> None:
    for touchpoint in (SEEN, *history):
        world.play([[touchpoint]])
    assert outcome(world) == said


@pytest.mark.parametrize(("state", "history", "standing"), [
    ("open", [], Standing.WAITING),  # whoever presses before the assignment is projected
    ("open", [assigned()], Standing.WAITING),
    ("missed", [assigned()], Standing.WAITING),  # nobody else was free: late is better than never
    ("missed", [assigned(), assigned(2, "bo")], Standing.GIVEN),
    ("dropped", [assigned()], Standing.ENDED),  # what made it hot was withdrawn
    ("dropped", [], Standing.ENDED),
])  # fmt: skip
def test_whether_anybody_waits(world: World, state: str, history: list[Touchpoint], standing: Standing) -> None:
    for touchpoint in (SEEN, *history):
        world.play([[touchpoint]])
    [lead] = [row.lead for row in world.rows("leads")]
    waits(world, state, lead)
    said = outcome(world)
    waits(world, "dropped", lead)  # nothing that the ledger does not know may stay open
    assert said == Answered(standing)


def test_an_answer_that_is_not_projected_yet_is_waited_for(world: World) -> None:
    world.play([[SEEN, assigned()]])
    world.deliver([answer(2, "owner_accepted")])
    assert outcome(world) == Answered(Standing.WAITING)
    world.clock = Instant(us(3))
    world.project()
    assert outcome(world) == Answered(Standing.ACCEPTED, "ana", us(2))
