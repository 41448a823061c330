"""What every log keeps: one suite over the SQLite file, Kafka, and the spool before Kafka."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.log.kafka.log import KafkaLog
from store.log.port import Entry, Log, Partition, Record, RecordTooLarge, Subscription
from store.log.spool import SpooledLog
from store.log.sql import SqlLog
from tests.store.given_log import Reader, by_key, records

Open = Callable[[], Log]


@pytest.fixture(params=["sql", "kafka", "spooled"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same log once more, as another process (or a restart) would."""
    opened: list[Log] = []

    def open_it() -> Log:
        if request.param == "sql":
            log: Log = SqlLog(tmp_path / "log.db")
        else:
            log = KafkaLog(request.getfixturevalue("kafka_bootstrap"), partitions=3)
            if request.param == "spooled":
                log = SpooledLog(log, SqlLog(tmp_path / f"spool-{len(opened)}.db"))
        opened.append(log)
        return log

    yield open_it
    for log in opened:
        log.close()


@pytest.fixture
def log(reopen: Open) -> Log:
    return reopen()


@pytest.fixture
def topic() -> str:
    return f"test.{uuid.uuid4().hex}"


@pytest.fixture
def read(log: Log) -> Iterator[Callable[..., Reader]]:
    subscriptions: list[Subscription] = []

    def start(*topics: str, group: str = "readers", of: Log | None = None) -> Reader:
        subscription = (of or log).subscribe(topics, group)
        subscriptions.append(subscription)
        return Reader(subscription)

    yield start
    for subscription in subscriptions:
        subscription.close()


def test_entries_come_whole_and_in_the_order_of_their_key(log: Log, topic: str, read: Callable[..., Reader]) -> None:
    sent = records(100)
    log.append(topic, sent[:60])
    log.append(topic, sent[60:])
    got = read(topic).read(100)
    assert by_key(got) == {b"key-%d" % k: [b"value-%d" % n for n in range(k, 100, 5)] for k in range(5)}
    for partition in {entry.partition for entry in got}:
        offsets = [entry.offset for entry in got if entry.partition == partition]
        assert offsets == sorted(set(offsets))
    assert all(entry.partition.topic == topic for entry in got)


def test_headers_and_bytes_are_kept_exactly(log: Log, topic: str, read: Callable[..., Reader]) -> None:
    odd = Record(b"", bytes(range(256)), (("a", bytes(range(256))), ("a", b""), ("\u00e9", b"\xff")))
    log.append(topic, [odd, Record(b"k", b"")])
    got = read(topic).read(2)
    assert {(entry.key, entry.value, entry.headers) for entry in got} == {tuple(odd), (b"k", b"", ())}


def test_a_reader_goes_on_behind_the_positions_it_brings(
    log: Log, topic: str, reopen: Open, read: Callable[..., Reader]
) -> None:
    log.append(topic, records(20))
    first = read(topic)
    first.read(20)
    first.subscription.close()
    log.append(topic, records(20, first=20))
    again = read(topic, of=reopen())
    again.after = dict(first.after)
    while not again.subscription.assigned():
        again.subscription.poll({}, 10, 0.1)
    again.after = dict(first.after)
    positions = dict(first.after)
    until = time.monotonic() + 20
    while len(again.entries) < 20 and time.monotonic() < until:
        found = again.subscription.poll(positions, 1000, 0.1)
        positions.update({entry.partition: entry.offset for entry in found})
        again.entries += found
    assert {entry.value for entry in again.entries} == {b"value-%d" % n for n in range(20, 40)}
    assert len(again.entries) == 20


def test_a_position_set_back_is_read_again(log: Log, topic: str, read: Callable[..., Reader]) -> None:
    log.append(topic, records(10))
    reader = read(topic)
    reader.read(10)
    reader.after.clear()
    assert len(reader.read(20)) == 20
    assert by_key(reader.entries[:10]) == by_key(reader.entries[10:])


def test_a_log_that_ends_before_the_position_is_read_from_its_start(
    log: Log, topic: str, read: Callable[..., Reader]
) -> None:
    log.append(topic, records(10, keys=1))
    reader = read(topic)
    reader.read(10)
    (partition,) = {entry.partition for entry in reader.entries}
    beyond = reader.entries[-1].offset + 100
    found: list[Entry] = []
    until = time.monotonic() + 20
    while not found and time.monotonic() < until:
        found = reader.subscription.poll({partition: beyond}, 1000, 0.1)
    assert [entry.value for entry in found] == [b"value-%d" % n for n in range(10)]
    log.append(topic, records(1, keys=1, first=10))
    reader.after[partition] = found[-1].offset
    assert reader.read(11)[-1].value == b"value-10"


def test_only_wanted_partitions_are_read(log: Log, topic: str, read: Callable[..., Reader]) -> None:
    other = topic + ".other"
    log.append(topic, records(10))
    log.append(other, records(10, first=100))
    reader = read(topic, other)
    reader.read(20)
    assert len(reader.entries) == 20
    wanted: dict[Partition, int | None] = {p: None for p in reader.subscription.assigned() if p.topic == other}
    until = time.monotonic() + 10
    got: list[Entry] = []
    while len(got) < 10 and time.monotonic() < until:
        found = reader.subscription.poll(wanted, 1000, 0.1)
        wanted.update({entry.partition: entry.offset for entry in found})
        got += found
    assert {entry.value for entry in got} == {b"value-%d" % n for n in range(100, 110)}


def test_a_limit_holds(log: Log, topic: str, read: Callable[..., Reader]) -> None:
    log.append(topic, records(50))
    reader = read(topic)
    until = time.monotonic() + 20
    while len(reader.entries) < 50 and time.monotonic() < until:
        assert len(reader.poll(limit=7)) <= 7
    assert len(reader.entries) == 50


def test_a_waiting_reader_wakes_for_an_append(log: Log, topic: str, read: Callable[..., Reader]) -> None:
    log.append(topic, records(1))
    reader = read(topic)
    reader.read(1)
    timer = threading.Timer(0.3, log.append, (topic, records(1, first=1)))
    timer.start()
    began = time.monotonic()
    while len(reader.entries) < 2 and time.monotonic() < began + 10:
        reader.poll(wait=5)
    assert len(reader.entries) == 2
    assert time.monotonic() - began < 2
    timer.join()


def test_what_another_opener_appends_is_read(log: Log, topic: str, reopen: Open, read: Callable[..., Reader]) -> None:
    reopen().append(topic, records(5))
    log.append(topic, records(5, first=5))
    assert len(read(topic).read(10)) == 10


def test_many_threads_append_at_once(log: Log, topic: str, read: Callable[..., Reader]) -> None:
    def work(n: int) -> None:
        for each in range(10):
            log.append(topic, [Record(b"thread-%d" % n, b"%d" % each)])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = by_key(read(topic).read(80))
    assert got == {b"thread-%d" % n: [b"%d" % each for each in range(10)] for n in range(8)}


def test_ends_are_the_last_offsets(log: Log, topic: str, read: Callable[..., Reader]) -> None:
    assert set(log.ends([topic]).values()) == {None}
    log.append(topic, records(30))
    reader = read(topic)
    reader.read(30)
    ends = log.ends([topic])
    assert {partition: end for partition, end in ends.items() if end is not None} == {
        partition: offset for partition, offset in reader.after.items() if offset is not None
    }


def test_partition_names_are_the_same_for_every_opener(log: Log, topic: str, reopen: Open) -> None:
    assert set(log.ends([topic])) == set(reopen().ends([topic]))
    cluster, topic_id, number = next(iter(log.ends([topic]))).name.split("/")
    assert cluster
    assert topic_id != topic
    assert number.isdigit()


def test_a_record_that_is_too_large_is_refused_and_the_others_go_on(
    log: Log, topic: str, read: Callable[..., Reader]
) -> None:
    if isinstance(log, SqlLog):
        pytest.skip("a file takes records of any size: the door limits them")
    with pytest.raises(RecordTooLarge, match="at most"):
        log.append(topic, [Record(b"k", b"x" * 2_000_000)])
    log.append(topic, records(1))
    assert len(read(topic).read(1)) == 1


def test_appending_nothing_is_nothing(log: Log, topic: str) -> None:
    log.append(topic, [])
    assert set(log.ends([topic]).values()) == {None}
