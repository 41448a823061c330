"""The promoter on real parts: a ledger with signals, and the log that it asks on."""

import threading
import time
from collections.abc import Sequence

import orjson
import pytest

from consumers.promote import promoter
from consumers.promote.promoter import POSITION, Promoted, Promoter
from consumers.publish import publisher
from domain.errors import Fenced
from domain.touchpoints.envelope import decode
from domain.touchpoints.touchpoint import Touchpoint
from store.database.database import Database
from store.database.errors import DatabaseAway
from store.log.port import Record
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from tests.given_ledger import position, put, row


def appended(log: SqlLog) -> list[Touchpoint]:
    subscription = log.subscribe([TOUCHPOINTS], "watch")
    entries = subscription.poll(dict.fromkeys(subscription.assigned()), 100, 0)
    subscription.close()
    for entry in entries:
        assert entry.key == str(decode(entry.value).trail).encode()
    return [decode(entry.value) for entry in entries]


def asks(id: str, **properties: str) -> str:
    """What a signal asks of its lead."""
    return orjson.dumps([id, ["user_id", "u-1"], properties]).decode()


def test_what_a_signal_asks_is_a_touchpoint_of_the_policy(database: Database, log: SqlLog) -> None:
    hot = row(1, asks=asks("x:lead.hot:1:promote", to="qualified", signal="x:lead.hot:1"))
    put(database, [hot, row(2, "segment.entered")])
    promotes = Promoter(database, log)
    assert promotes.run_once() == Promoted(read=2, promotions=1)
    assert promotes.run_once() == Promoted()
    (promotion,) = appended(log)
    assert promotion.id == "x:lead.hot:1:promote"
    assert (promotion.source.kind, promotion.source.name, promotion.type) == ("policy", "promote", "stage_changed")
    assert promotion.properties == {"to": "qualified", "signal": "x:lead.hot:1"}
    assert promotion.identities == (("user_id", "u-1"),)
    assert promotion.occurred_at == promotion.received_at == hot["at"]
    assert position(database, POSITION) == 2


def test_asking_again_after_a_crash_is_the_same_touchpoint(
    database: Database, log: SqlLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(database, [row(1, asks=asks("x:lead.hot:1:promote", to="qualified"))])
    with monkeypatch.context() as killed, pytest.raises(DatabaseAway):
        killed.setattr(promoter, "advance", killed_before_its_position_is_stored)
        Promoter(database, log).run_once()
    assert position(database, POSITION) is None
    assert Promoter(database, log).run_once().promotions == 1
    first, second = appended(log)
    assert first == second, "one id of one source: recorded once"


def killed_before_its_position_is_stored(*_: object) -> None:
    raise DatabaseAway("killed")


def test_of_two_that_took_the_same_signals_one_is_fenced(database: Database, log: SqlLog) -> None:
    put(database, [row(1)])

    class Slow(SqlLog):
        def append(self, topic: str, records: Sequence[Record]) -> None:
            Promoter(database, log).run_once()

    slow = Slow(log.path)
    with pytest.raises(Fenced):
        Promoter(database, slow).run_once()
    slow.close()
    assert position(database, POSITION) == 1


def test_it_goes_on_where_it_was_whatever_the_publisher_has_before_it(database: Database, log: SqlLog) -> None:
    put(database, [row(n) for n in range(1, 6)])
    first = Promoter(database, log, batch=2)
    assert [first.run_once().read for _ in range(2)] == [2, 2]
    assert Promoter(database, log).run_once() == Promoted(read=1)
    assert (position(database, POSITION), position(database, publisher.POSITION)) == (5, None)


def test_it_promotes_while_elected_and_stops_when_told(database: Database, log: SqlLog) -> None:
    put(database, [row(1), row(2, "segment.entered")])
    stop = threading.Event()
    thread = threading.Thread(target=Promoter(database, log).run, args=(stop,))
    thread.start()
    until = time.monotonic() + 10
    while position(database, POSITION) != 2 and time.monotonic() < until:
        time.sleep(0.02)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert position(database, POSITION) == 2
    lease = database.elect("promote")
    assert lease is not None, "it gave its own back"
    lease.release()
