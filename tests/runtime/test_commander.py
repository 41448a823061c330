"""Commands come behind what they are checked against, whatever the clock of the machine says that takes them."""

from pathlib import Path

import pytest

from api.commands.commander import Card, Commander
from domain.model.definition import parse_model
from domain.touchpoints.envelope import decode
from domain.touchpoints.touchpoint import Instant, Touchpoint
from producers import commands
from producers.commands import CommandContext
from projections.queries.view import Reader, View
from store.events.store import EventStore
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.world import World


def reset(view: View, card: Card, context: CommandContext) -> Touchpoint:
    return commands.reset(card, context)


@pytest.mark.parametrize(("clock", "instant"), [(us(1), us(10) + 1), (us(10), us(10) + 1), (us(99), us(99))])
def test_a_command_comes_behind_what_it_was_checked_against(tmp_path: Path, clock: int, instant: int) -> None:
    world = World.on_sqlite(tmp_path, parse_model(MODEL), us(10))
    world.play([[at(5, "page_viewed", "e:ada@x.de")]])
    [lead] = [str(row.lead) for row in world.rows("leads")]
    log = SqlLog(tmp_path / "log.db")
    reader = Reader(world.database, EventStore(world.database), world.ids)
    Commander(reader, world.ids, log, lambda: Instant(clock)).append("reset-1", lead, reset)
    subscription = log.subscribe([TOUCHPOINTS], "test")
    [entry] = subscription.poll(dict.fromkeys(subscription.assigned()), 10, 0)
    assert decode(entry.value).instant == decode(entry.value).received_at == instant
    subscription.close()
    log.close()
    world.close()
