"""The spool before Kafka: accept while it is away, keep the order, send on once it is back."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaAdminClient

from store.log.kafka.log import KafkaLog
from store.log.port import Entry, LogAway, LogFull, Record, RecordTooLarge
from store.log.spool import SpooledLog
from store.log.sql import SqlLog
from store.log.topics import REJECTED
from tests.services.kafka import KafkaBroker
from tests.store.given_log import Reader, by_key, records

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def topic() -> str:
    return f"test.{uuid.uuid4().hex}"


@pytest.fixture
def spooled(tmp_path: Path) -> Iterator[Callable[..., SpooledLog]]:
    opened: list[SpooledLog] = []

    def open_it(bootstrap: str, limit: int | None = None) -> SpooledLog:
        options = {"bootstrap_timeout_ms": 200} if bootstrap == NOWHERE else {}
        log = SpooledLog(KafkaLog(bootstrap, 3, options), SqlLog(tmp_path / "spool.db", limit))
        opened.append(log)
        return log

    yield open_it
    for log in opened:
        log.close()


def wait_until_empty(log: SpooledLog, seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while log.spooling:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_appends_go_on_during_an_outage_and_arrive_in_order(
    kafka_broker: KafkaBroker, spooled: Callable[..., SpooledLog], topic: str
) -> None:
    log = spooled(kafka_broker.bootstrap)
    sent = records(300)
    log.append(topic, sent[:100])
    kafka_broker.stop()
    log.append(topic, sent[100:101])  # notices, after some seconds
    assert log.spooling
    slowest = 0.0
    for record in sent[101:200]:
        began = time.monotonic()
        log.append(topic, [record])
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 1
    with pytest.raises(LogAway, match="not got yet"):
        log.ends([topic])
    kafka_broker.start()
    for record in sent[200:]:
        log.append(topic, [record])
    wait_until_empty(log)
    log.append(topic, [Record(b"end", b"end")])
    reader = Reader(log.subscribe([topic], uuid.uuid4().hex))
    until = time.monotonic() + 20
    while b"end" not in by_key(reader.entries) and time.monotonic() < until:
        reader.poll()
    reader.read(301)
    got = by_key(reader.entries)
    for key, values in got.items():
        if key != b"end":
            first_seen = list(dict.fromkeys(values))  # the append that noticed may be there twice
            assert first_seen == [record.value for record in sent if record.key == key]
    assert len(reader.entries) < 2 * 301, "what was in doubt when the broker went and came is there twice, no more"
    reader.subscription.close()


def test_what_was_spooled_survives_a_restart(
    kafka_bootstrap: str, spooled: Callable[..., SpooledLog], topic: str
) -> None:
    away = spooled(NOWHERE)
    away.append(topic, records(50))
    away.close()
    log = spooled(kafka_bootstrap)
    assert log.spooling
    wait_until_empty(log)
    reader = Reader(log.subscribe([topic], uuid.uuid4().hex))
    assert {entry.value for entry in reader.read(50)} == {record.value for record in records(50)}
    reader.subscription.close()


def test_the_budget_ends_in_an_error_that_says_when_to_come_back(
    spooled: Callable[..., SpooledLog], topic: str
) -> None:
    log = spooled(NOWHERE, limit=200_000)
    accepted = 0
    with pytest.raises(LogFull, match="budget") as full:
        for _ in range(1000):
            log.append(topic, [Record(b"k", b"x" * 1000)])
            accepted += 1
    assert 100 < accepted < 200
    assert full.value.retry_after > 0


def test_drained_records_make_room_again(kafka_bootstrap: str, spooled: Callable[..., SpooledLog], topic: str) -> None:
    away = spooled(NOWHERE, limit=300_000)
    with pytest.raises(LogFull):
        for _ in range(1000):
            away.append(topic, [Record(b"k", b"x" * 1000)])
    away.close()
    log = spooled(kafka_bootstrap, limit=300_000)
    wait_until_empty(log)
    assert log._spool.used_bytes() < 100_000


def test_what_is_too_large_is_refused_before_it_is_spooled(spooled: Callable[..., SpooledLog], topic: str) -> None:
    log = spooled(NOWHERE)
    with pytest.raises(RecordTooLarge):
        log.append(topic, [Record(b"k", b"x" * 2_000_000)])
    log.append(topic, [Record(b"k", b"x")])


def test_what_the_broker_finds_too_large_is_rejected_and_the_full_spool_empties(
    kafka_bootstrap: str, spooled: Callable[..., SpooledLog], topic: str
) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    small = {"num_partitions": 1, "replication_factor": 1, "configs": {"max.message.bytes": "50000"}}
    admin.create_topics({topic: small})
    admin.wait_for_topics([topic])
    admin.close()
    away = spooled(NOWHERE, limit=300_000)
    large = Record(b"k", b"%s" % topic.encode() + b"x" * 260_000, (("ce_id", b"large"),))
    away.append(topic, [*records(5), large, *records(5, first=5)])
    with pytest.raises(LogFull):
        while True:
            away.append(topic, [Record(b"fill", b"x" * 1000)])
    away.close()
    log = spooled(kafka_bootstrap, limit=300_000)
    wait_until_empty(log)
    reader = Reader(log.subscribe([topic], uuid.uuid4().hex))
    until = time.monotonic() + 20
    while (end := b"x" * 1000) not in (values := [entry.value for entry in reader.entries]):
        assert time.monotonic() < until
        reader.poll()
    first_seen = list(dict.fromkeys(values))  # what was sent beside it may be there twice
    assert first_seen == [*(record.value for record in records(10)), end]
    reader.subscription.close()
    reader = Reader(log.subscribe([REJECTED], uuid.uuid4().hex))
    until = time.monotonic() + 20
    found: list[Entry] = []
    while not found and time.monotonic() < until:
        reader.poll()
        found = [entry for entry in reader.entries if entry.value.startswith(topic.encode())]
    (entry,) = found
    assert 200_000 < len(entry.value) < len(large.value)
    meta = orjson.loads(entry.header("leadline.meta") or b"")
    assert (meta["cut"], meta["bytes"], meta["topic"]) == (True, len(large.value), topic)
    assert (entry.header("leadline.reason") or b"").startswith(b"too large for the broker")
    reader.subscription.close()


def test_whatever_goes_wrong_the_spool_is_sent_on_later(
    kafka_bootstrap: str, spooled: Callable[..., SpooledLog], topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = spooled(NOWHERE)
    away.append(topic, records(5))
    away.close()
    failures = iter([ZeroDivisionError(), ValueError("Unrecognized partition"), MemoryError()])
    append = KafkaLog.append

    def fail_first(self: KafkaLog, *arguments: Any) -> None:
        if error := next(failures, None):
            raise error
        append(self, *arguments)

    monkeypatch.setattr(KafkaLog, "append", fail_first)
    log = spooled(kafka_bootstrap)
    wait_until_empty(log)
    assert log.refuses() is None


def test_a_spool_that_nobody_empties_any_more_is_not_ready(
    spooled: Callable[..., SpooledLog], topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpooledLog, "_drain", lambda log: None)
    log = spooled(NOWHERE)
    log.append(topic, records(1))
    log._drainer.join(20)
    assert "start this process again" in (log.refuses() or "")


def test_many_threads_append_while_it_drains(
    kafka_bootstrap: str, spooled: Callable[..., SpooledLog], topic: str
) -> None:
    away = spooled(NOWHERE)
    away.append(topic, [Record(b"early", b"%d" % n) for n in range(2000)])
    away.close()
    log = spooled(kafka_bootstrap)

    def work(n: int) -> None:
        for each in range(50):
            log.append(topic, [Record(b"thread-%d" % n, b"%d" % each)])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until_empty(log)
    reader = Reader(log.subscribe([topic], uuid.uuid4().hex))
    got = by_key(reader.read(2300))
    assert len(reader.entries) == 2300
    for n in range(6):
        assert got[b"thread-%d" % n] == [b"%d" % each for each in range(50)]
    reader.subscription.close()
