"""Publishers taking turns: one that lost its lock sends no more, and leaves the next one's mark alone."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import insert

from consumers.publish.publisher import POSITION, Publisher
from domain.errors import Fenced
from domain.signals.kinds import Topic
from store.database.database import Database, open_database
from store.database.lease import Lease
from store.database.tables import tracking
from store.events.positions import position_of
from store.log.port import Entry, Partition, Record
from tests.given_ledger import position, put, row


class Slow:
    """Topics in memory, and something that happens while the first append is under way."""

    settles_after = 0.3

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.meanwhile = meanwhile
        self.sent: list[str] = []

    def append(self, topic: str, records: Sequence[Record]) -> None:
        self.sent += [topic] * len(records)
        self.meanwhile()

    def last(self, topics: Any) -> dict[Partition, Entry | None]:
        return {}

    def subscribe(self, topics: Any, group: str) -> Any: ...

    def ends(self, topics: Any) -> Any: ...

    def place(self, topic: str, key: bytes) -> Any: ...

    def abandon(self) -> None: ...

    def close(self) -> None: ...


def term_of(publisher: Publisher, wait: Callable[[float], bool] = lambda seconds: False) -> None:
    """One turn in a term of its own, which ends at once."""
    with publisher.term(wait) as term:
        assert term is not None
        term.turn()


def lose_leases(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[Lease]:
    """Every lease of this database from now on, for the test to release."""
    leases: list[Lease] = []
    elect = database.elect

    def remember(name: str) -> Lease | None:
        if (lease := elect(name)) is not None:
            leases.append(lease)
        return lease

    monkeypatch.setattr(database, "elect", remember)
    return leases


def test_one_that_lost_its_lock_while_it_sent_sends_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(database, [row(1), row(2, "segment.entered"), row(3, "stage.changed")])
    leases = lose_leases(database, monkeypatch)

    def lose() -> None:
        leases[-1].release()

    topics = Slow(lose)
    with pytest.raises(Fenced, match="lock"):
        term_of(Publisher(database, topics))
    assert topics.sent == [Topic.HOT_LEADS]
    assert position(database, POSITION) is None


def test_one_that_lost_its_lock_while_it_waited_leaves_the_next_ones_mark(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as conn:
        conn.execute(insert(tracking).values(name="publish:running", position=1))
    put(database, [row(1)])
    leases = lose_leases(database, monkeypatch)
    topics = Slow(lambda: None)
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        leases[-1].release()
        return False

    with pytest.raises(Fenced, match="lock"):
        term_of(Publisher(database, topics), wait)
    with database.snapshot() as conn:
        assert position_of(conn, "publish:running") == 1
    assert (topics.sent, waited) == ([], [topics.settles_after])


def test_one_that_is_told_to_stop_while_it_waits_leaves_the_mark_and_sends_nothing(database: Database) -> None:
    with database.transaction() as conn:
        conn.execute(insert(tracking).values(name="publish:running", position=1))
    put(database, [row(1)])
    topics = Slow(lambda: None)
    with Publisher(database, topics).term(lambda seconds: True) as term:
        assert term is None
    with database.snapshot() as conn:
        assert position_of(conn, "publish:running") == 1
    assert topics.sent == []


def test_of_two_that_begin_at_once_one_is_fenced(migrated_postgres_url: str) -> None:
    database = open_database(migrated_postgres_url, b"k" * 16)
    told: list[BaseException] = []

    def begin() -> None:
        try:
            term_of(Publisher(database, Slow(lambda: None)))
        except BaseException as error:
            told.append(error)

    second = threading.Thread(target=begin)
    with database.transaction() as conn:
        conn.execute(insert(tracking).values(name="publish:running", position=1))
        second.start()
        time.sleep(0.5)
        assert second.is_alive()
    second.join(10)
    assert [type(error) for error in told] == [Fenced]
    database.close()
