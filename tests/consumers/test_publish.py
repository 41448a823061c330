"""The publisher on real parts: a ledger, Kafka's topics, and publishers that die between the two."""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from sqlalchemy import insert

from consumers.publish.publisher import POSITION, Published, Publisher
from domain.errors import Fenced
from domain.signals.answer_link import LinkKeys, Links
from domain.signals.kinds import Topic
from projections.reports.signals import signals
from store.database.database import Database
from store.database.errors import DatabaseAway
from store.database.tables import tracking
from store.events.positions import position_of
from store.log.kafka.log import KafkaLog
from store.log.port import Record
from store.log.sql import SqlLog
from tests.consumers.notifying import activated
from tests.consumers.publishing import Topics, drained
from tests.given_ledger import position, put, row


def test_a_signal_is_a_cloudevent_in_binary_mode(
    database: Database, topics: Topics, publisher: Callable[..., Publisher]
) -> None:
    hot = row(1, data='{"heat": 91.5, "reasons": [{"rule": "viewed pricing"}]}')
    cooled = row(2, "lead.cooled", hot["lead"], lead_now=uuid.uuid4(), closes=hot["id"])
    put(database, [hot, cooled, row(3, "segment.entered", subject="vip"), row(4, "stage.changed")])
    assert drained(publisher()) == Published(read=4, sent=4)
    found = {entry.header("leadline_position"): entry for entry in topics.read(4)}
    assert len(topics.entries) == 4
    first = found[b"1"]
    assert first.partition.topic == Topic.HOT_LEADS
    assert first.key == str(hot["lead"]).encode()
    assert dict(first.headers) == {
        "ce_specversion": b"1.0", "ce_id": hot["id"].encode(), "ce_source": b"/leadline", "ce_type": b"lead.hot",
        "ce_time": b"2026-09-21T14:13:20.000001Z", "ce_subject": str(hot["lead"]).encode(),
        "content-type": b"application/json", "leadline_position": b"1",
    }  # fmt: skip
    assert orjson.loads(first.value) == {
        "id": hot["id"], "kind": "lead.hot", "lead": str(hot["lead"]), "lead_now": str(hot["lead"]),
        "at": "2026-09-21T14:13:20.000001Z", "closes": None, "subject": "", "heat": 91.5, "link": None,
        "answer_link": None, "reasons": [{"rule": "viewed pricing"}],
    }  # fmt: skip
    second = found[b"2"]
    assert second.partition == first.partition
    assert orjson.loads(second.value)["closes"] == hot["id"]
    assert orjson.loads(second.value)["lead_now"] == str(cooled["lead_now"])
    assert (found[b"3"].partition.topic, found[b"4"].partition.topic) == (Topic.SEGMENT_CHANGES, Topic.STAGE_CHANGES)


def test_a_message_links_to_the_lead_where_the_address_is_known(
    database: Database, topics: Topics, publisher: Callable[..., Publisher]
) -> None:
    hot = row(1)
    put(database, [hot])
    drained(publisher(links=Links("https://leads.example.com")))
    [entry] = topics.read(1)
    assert orjson.loads(entry.value)["link"] == f"https://leads.example.com/leads/{hot['lead_now']}"
    with database.snapshot() as conn:
        [told] = signals(conn, 0, links=Links("https://other.example.com")).items
    assert told.link == f"https://other.example.com/leads/{hot['lead_now']}"


def test_a_message_and_the_api_say_by_one_link_where_the_owner_answers(
    database: Database, topics: Topics, publisher: Callable[..., Publisher]
) -> None:
    activated(database, '[[sales.owners]]\nname = "ana"\n')
    data = orjson.dumps({"owner": "ana", "person": {"name": "Wang Fang"}}).decode()
    assigned = row(1, "lead.assigned", data=data, identity='["email", "wang@example.com"]')
    put(database, [assigned])
    keys = LinkKeys(["a key of the tests for links"])
    links = Links("https://leads.example.com", keys)
    drained(publisher(links=links))
    [entry] = topics.read(1)
    said = orjson.loads(entry.value)
    opened = keys.opened(said["answer_link"].removeprefix("https://leads.example.com/a/"))
    assert opened is not None
    assert (opened.signal, opened.owner, opened.shown, opened.value) == (
        assigned["id"], "ana", "Wang Fang", "wang@example.com"
    )  # fmt: skip
    assert "identity" not in said
    with database.snapshot() as conn:
        [told] = signals(conn, 0, links=links).items
    assert told.answer_link == said["answer_link"]


class Dying(Publisher):
    """Sends, and dies before the position is stored; `after` topics are sent."""

    def _advance(self, to: int) -> None:
        raise DatabaseAway("killed")


class DyingHalfway(Publisher):
    """Dies when the first of several topics is sent."""

    def _send(self, signals: Any, links: Links) -> int:
        super()._send([signal for signal in signals if signal.kind == "lead.hot"][:7], links)
        raise DatabaseAway("killed")


@pytest.mark.parametrize("kind", [Dying, DyingHalfway])
def test_after_a_crash_nothing_is_missing_and_nothing_is_there_twice(
    database: Database, topics: Topics, publisher: Callable[..., Publisher], kind: type[Publisher]
) -> None:
    kinds = ("lead.hot", "segment.entered", "lead.hot", "stage.changed")
    rows = [row(n, kinds[n % 4]) for n in range(1, 61)]
    put(database, rows)
    with pytest.raises(DatabaseAway):
        publisher(kind).run_once()
    assert position(database, POSITION) is None
    drained(publisher())
    put(database, [row(n) for n in range(61, 71)])
    drained(publisher())
    got = topics.ids(70)
    assert len(got) == len(set(got)) == 70
    for partition in {entry.partition for entry in topics.entries}:
        order = [
            int(entry.header("leadline_position") or 0) for entry in topics.entries if entry.partition == partition
        ]
        assert order == sorted(order)


def test_an_end_of_another_ledger_is_not_skipped_by(
    database: Database, topics: Topics, publisher: Callable[..., Publisher], kafka: KafkaLog
) -> None:
    lead = uuid.uuid4()
    kafka.append(
        Topic.HOT_LEADS, [Record(str(lead).encode(), b"{}", (("leadline_position", b"999"), ("ce_id", b"other")))]
    )
    put(database, [row(1, lead=lead)])
    assert drained(publisher()).sent == 1


def test_the_second_of_two_at_once_is_fenced(database: Database, publisher: Callable[..., Publisher]) -> None:
    first, second = publisher(), publisher()
    put(database, [row(1)])
    drained(first)
    second.run_once()
    put(database, [row(2)])
    first.run_once()
    put(database, [row(3)])
    second._position, second._loaded = 1, True
    with pytest.raises(Fenced):
        second.run_once()
    drained(second)


class NotedWaits(threading.Event):
    """A stop that notes for how long it was waited."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, and note it."""
        self.seconds.append(timeout)
        return super().wait(timeout)


def test_one_runs_and_the_next_waits_only_where_it_did_not_end_cleanly(
    database: Database, topics: Topics, publisher: Callable[..., Publisher], monkeypatch: pytest.MonkeyPatch
) -> None:
    settles_after = 1.25
    monkeypatch.setattr(KafkaLog, "settles_after", settles_after)
    put(database, [row(1)])

    def waited_until(sent: int) -> bool:
        stop = NotedWaits()
        running = publisher()
        thread = threading.Thread(target=running.run, args=(stop,))
        thread.start()
        until = time.monotonic() + 30
        while running.counts.read < sent and time.monotonic() < until:
            time.sleep(0.02)
        stop.set()
        thread.join(20)
        assert running.counts.read == sent
        return settles_after in stop.seconds

    assert not waited_until(1)
    put(database, [row(2)])
    assert not waited_until(1)
    with database.transaction() as conn:  # as one that was killed leaves it
        conn.execute(insert(tracking).values(name="publish:running", position=1))
    put(database, [row(3)])
    assert waited_until(1)
    assert len(topics.ids(3)) == 3


def test_only_one_of_two_publishers_publishes(
    database: Database, topics: Topics, publisher: Callable[..., Publisher]
) -> None:
    stop = threading.Event()
    both = [publisher(), publisher()]
    threads = [threading.Thread(target=each.run, args=(stop,)) for each in both]
    for thread in threads:
        thread.start()
    for n in range(1, 31):
        put(database, [row(n)])
    got = topics.ids(30)
    stop.set()
    for thread in threads:
        thread.join(20)
    assert len(got) == len(set(got)) == 30
    assert sorted(each.counts.sent for each in both) == [0, 30]


def test_without_kafka_nothing_is_sent_and_nobody_waits(database: Database, log: SqlLog) -> None:
    put(database, [row(1), row(2, "segment.entered")])
    stop = threading.Event()
    publisher = Publisher(database, log)
    thread = threading.Thread(target=publisher.run, args=(stop,))
    thread.start()
    until = time.monotonic() + 5
    while publisher.counts.read < 2 and time.monotonic() < until:
        time.sleep(0.02)
    stop.set()
    thread.join(5)
    assert publisher.counts == Published(read=2, skipped=2)
    assert log.topics() == []
    with database.snapshot() as conn:
        assert position_of(conn, "publish:running") is None
