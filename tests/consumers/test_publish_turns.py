"""Publishers taking turns: one that lost its lock sends no more, and leaves the next one's mark alone."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import insert

from consumers.publish.publisher import Publisher
from domain.signals.kinds import Topic
from store.database.database import Database, Fenced, open_database
from store.database.tables import tracking
from store.events.positions import position_of
from store.log.port import Entry, Partition, Record
from tests.consumers.test_publish import position, put, row


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


def test_one_that_lost_its_lock_while_it_sent_sends_no_more(database: Database) -> None:
    put(database, [row(1), row(2, "segment.entered"), row(3, "stage.changed")])
    lease = database.elect("publish")
    assert lease is not None
    topics = Slow(lease.release)
    with pytest.raises(Fenced, match="lock"):
        Publisher(database, topics)._serve(lease, threading.Event())
    assert topics.sent == [Topic.HOT_LEADS]
    assert position(database) is None


def test_one_that_lost_its_lock_while_it_waited_leaves_the_next_ones_mark(database: Database) -> None:
    with database.transaction() as conn:
        conn.execute(insert(tracking).values(name="publish:running", position=1))
    put(database, [row(1)])
    lease = database.elect("publish")
    assert lease is not None
    topics = Slow(lambda: None)
    timer = threading.Timer(0.1, lease.release)
    timer.start()
    with pytest.raises(Fenced, match="lock"):
        Publisher(database, topics)._serve(lease, threading.Event())
    timer.join()
    with database.snapshot() as conn:
        assert position_of(conn, "publish:running") == 1
    assert topics.sent == []


def test_of_two_that_begin_at_once_one_is_fenced(postgres_url: str) -> None:
    database = open_database(postgres_url, b"k" * 16)
    database.migrate()
    lease = database.elect("publish")
    assert lease is not None
    told: list[BaseException] = []

    def begin() -> None:
        try:
            Publisher(database, Slow(lambda: None))._serve(lease, threading.Event())
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
    lease.release()
    database.close()
