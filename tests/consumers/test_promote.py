"""The promoter on real parts: a ledger with signals, and the log that it asks on."""

import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

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
from tests.given_ledger import activate, card, position, put, row


def appended(log: SqlLog) -> list[Touchpoint]:
    subscription = log.subscribe([TOUCHPOINTS], "watch")
    entries = subscription.poll(dict.fromkeys(subscription.assigned()), 100, 0)
    subscription.close()
    for entry in entries:
        assert entry.key == str(decode(entry.value).trail).encode()
    return [decode(entry.value) for entry in entries]


def test_becoming_hot_asks_for_the_stage_once(database: Database, log: SqlLog) -> None:
    activate(database)
    lead = uuid.uuid4()
    card(database, lead, [["anonymous_id", "c"], ["email", "a@example.com"], ["user_id", "u-1"]], {"company": "Acme"})
    hot = row(1, lead=lead, data='{"promote_to": "qualified"}')
    put(database, [hot, row(2, "segment.entered", lead)])
    promotes = Promoter(database, log)
    assert promotes.run_once() == Promoted(read=2, wanted=1)
    assert promotes.run_once() == Promoted()
    (promotion,) = appended(log)
    assert promotion.id == f"{hot['id']}:promote"
    assert (promotion.source.kind, promotion.source.name, promotion.type) == ("policy", "promote", "stage_changed")
    assert promotion.properties == {"to": "qualified", "signal": hot["id"]}
    assert promotion.identities == (("user_id", "u-1"),)
    assert promotion.occurred_at == promotion.received_at == hot["at"]
    assert position(database, POSITION) == 2


def test_a_signal_of_before_a_renaming_asks_by_the_former_name(database: Database, log: SqlLog) -> None:
    activate(database)
    known, lacking = uuid.uuid4(), uuid.uuid4()
    card(database, known, [["email", "a@example.com"]], {"company": "Acme"})
    card(database, lacking, [["email", "b@example.com"]], {})
    put(database, [row(n, lead=lead, data='{"promote_to": "mql"}') for n, lead in ((1, known), (2, lacking))])
    assert Promoter(database, log).run_once().wanted == 1
    [promotion] = appended(log)
    assert promotion.properties["to"] == "mql" and promotion.identities == (("email", "a@example.com"),)


def test_asking_again_after_a_crash_is_the_same_touchpoint(
    database: Database, log: SqlLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    activate(database)
    lead = uuid.uuid4()
    card(database, lead, [["email", "a@example.com"]], {"company": "Acme"})
    put(database, [row(1, lead=lead, data='{"promote_to": "qualified"}')])
    with monkeypatch.context() as killed, pytest.raises(DatabaseAway):
        killed.setattr(promoter, "advance", killed_before_its_position_is_stored)
        Promoter(database, log).run_once()
    assert position(database, POSITION) is None
    assert Promoter(database, log).run_once().wanted == 1
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


def test_a_retracted_episode_withdraws_what_it_had_asked(database: Database, log: SqlLog) -> None:
    activate(database)
    lead = uuid.uuid4()
    card(database, lead, [["email", "a@example.com"]], {"company": "Acme"})
    hot = row(1, lead=lead, data='{"promote_to": "qualified"}')
    plain = row(2, lead=lead)
    gone = row(3, "lead.hot.retracted", lead, closes=hot["id"])
    put(database, [hot, plain, gone, row(4, "lead.hot.retracted", lead, closes=plain["id"])])
    Promoter(database, log).run_once()
    promoted, withdrawn = appended(log)
    assert withdrawn.id == f"{hot['id']}:withdraw"
    assert withdrawn.properties == {"withdraws": promoted.id}
    assert withdrawn.occurred_at == gone["at"]


@pytest.mark.parametrize(
    ("identities", "profile", "to"),
    [
        ([["email", "a@example.com"]], {}, "qualified"),
        ([["email", "a@example.com"]], {"company": "Acme"}, "no such stage"),
        ([["email", "a@example.com"]], {"company": "Acme"}, "trial"),
        ([], {"company": "Acme"}, "qualified"),
    ],
)
def test_who_lacks_what_a_stage_requires_is_not_asked(
    database: Database, log: SqlLog, identities: list[list[str]], profile: dict[str, Any], to: str
) -> None:
    activate(database)
    lead = uuid.uuid4()
    card(database, lead, identities, profile)
    data = orjson.dumps({"promote_to": to}).decode()
    put(database, [row(1, lead=lead, data=data), row(2, data=data), row(3, lead=lead, data=data, silent=True)])
    assert Promoter(database, log).run_once() == Promoted(read=3)
    assert appended(log) == []


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
