"""kill -9 of a process at each step of publishing: each signal is on its topic, once, in order, under its id."""

import threading
import time
from collections.abc import Callable

import pytest

from consumers.publish.publisher import Publisher
from store.database.database import open_database
from store.log.kafka.log import KafkaLog
from tests.consumers import killed_publisher
from tests.consumers.forks import exit_code
from tests.consumers.publishing import Topics
from tests.given_ledger import put, row

STEPS = [
    ("_mark", "after"),
    ("append", "before"),
    ("third record", "before"),
    ("third record", "after"),
    ("append", "after"),
    ("_advance", "before"),
    ("_advance", "after"),
    ("_unmark", "before"),
]
"""Elected and marked; before the first topic, within it, and after it; around the position's commit; a clean end."""
KINDS = ("lead.hot", "segment.entered", "stage.changed")


def killed(database_url: str, bootstrap: str, step: str, when: str) -> bool:
    """A process publishes, and is killed at a step."""
    return exit_code(killed_publisher.main, database_url, bootstrap, step, when) == -9


def publish_rest(following: Publisher) -> None:
    """Another one publishes what is left, once the server has noticed that who held the lock is gone."""
    for _ in range(200):
        with following.term(threading.Event().wait) as term:
            if term is not None:
                while term.turn():
                    pass
                return
        time.sleep(0.05)
    pytest.fail("the lock of the one that was killed is still held")


@pytest.mark.parametrize(("step", "when"), STEPS)
def test_each_signal_is_on_its_topic_once(
    migrated_postgres_url: str,
    kafka_bootstrap: str,
    topics: Topics,
    publisher: Callable[..., Publisher],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    when: str,
) -> None:
    monkeypatch.setattr(KafkaLog, "settles_after", 0.3)  # what was sent to a broker on this machine is there by then
    database = open_database(migrated_postgres_url, b"an id key for tests only")
    rows = [row(number, KINDS[number % 3]) for number in range(1, 16)]
    put(database, rows[:12])
    assert killed(migrated_postgres_url, kafka_bootstrap, step, when)
    put(database, rows[12:])
    publish_rest(publisher(database=database))
    assert sorted(topics.ids(15)) == sorted(each["id"] for each in rows)
    for partition in {entry.partition for entry in topics.entries}:
        mine = [entry for entry in topics.entries if entry.partition == partition]
        order = [int(entry.header("leadline_position") or 0) for entry in mine]
        assert order == sorted(order)
    database.close()
