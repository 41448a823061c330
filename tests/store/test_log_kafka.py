"""What only Kafka's log must do: groups, retention, topics made anew, brokers that go away."""

import time
import uuid
from collections.abc import Iterable, Iterator
from itertools import count

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.partitioner.default import DefaultPartitioner

from store.log.kafka.log import KafkaLog
from store.log.kafka.subscription import KafkaSubscription
from store.log.port import Entry, LogAway, LogMisconfigured, Partition, Record
from tests.services.kafka import KafkaBroker
from tests.store.given_log import Reader, records


class ClosingLog(KafkaLog):
    """Closes what was subscribed, also where a test failed: else threads of members go on under every later test."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__(bootstrap, partitions=4)
        self._subscribed: list[KafkaSubscription] = []

    def subscribe(self, topics: Iterable[str], group: str) -> KafkaSubscription:
        self._subscribed.append(subscription := super().subscribe(topics, group))
        return subscription

    def close(self, flush: bool = True) -> None:
        for subscription in self._subscribed:
            subscription.close()
        super().close(flush)


@pytest.fixture
def log(kafka_bootstrap: str) -> Iterator[KafkaLog]:
    log = ClosingLog(kafka_bootstrap)
    yield log
    log.close()


@pytest.fixture
def topic() -> str:
    return f"test.{uuid.uuid4().hex}"


@pytest.fixture
def admin(kafka_bootstrap: str) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    yield admin
    admin.close()


def settle(readers: list[Reader], partitions: int, seconds: float = 240) -> None:
    """Poll until the readers share all partitions. In one thread each waits for the other to join: it may take long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for reader in readers:
            reader.poll(wait=0.05)
        shares = [set(reader.subscription.assigned()) for reader in readers]
        if all(shares) and sum(map(len, shares)) == len(set().union(*shares)) == partitions:
            return
    raise AssertionError([reader.subscription.assigned() for reader in readers])


def test_keys_go_where_the_java_client_puts_them(log: KafkaLog, kafka_bootstrap: str, topic: str) -> None:
    keys = [b"user_id:%d" % n for n in range(50)]
    log.append(topic, [Record(key, b"ours") for key in keys])
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap, partitioner=DefaultPartitioner())
    theirs = {key: producer.send(topic, key=key, value=b"theirs").get(10).partition for key in keys}
    producer.close()
    assert theirs == {key: log.place(topic, key).number for key in keys}
    subscription = log.subscribe([topic], uuid.uuid4().hex)
    reader = Reader(subscription)
    for entry in reader.read(100):
        assert entry.partition.number == theirs[entry.key]
    subscription.close()


def test_two_members_share_the_partitions_and_one_takes_over(log: KafkaLog, topic: str) -> None:
    log.append(topic, records(200, keys=40))
    group = uuid.uuid4().hex
    first = Reader(log.subscribe([topic], group))
    first.read(200)
    assert len(first.subscription.assigned()) == 4
    second = Reader(log.subscribe([topic], group))
    second.after = dict(first.after)
    second.poll = lambda wait=0.1, limit=1000: poll_with(second, first, wait, limit)  # type: ignore[method-assign]
    first.poll = lambda wait=0.1, limit=1000: poll_with(first, second, wait, limit)  # type: ignore[method-assign]
    settle([first, second], 4)
    log.append(topic, records(200, keys=40, first=200))
    until = time.monotonic() + 20
    while len(first.entries) + len(second.entries) < 400 and time.monotonic() < until:
        first.poll(0.05)
        second.poll(0.05)
    assert len({entry.value for entry in first.entries + second.entries}) == 400
    assert len(first.entries) + len(second.entries) == 400
    assert second.entries
    first.subscription.close()
    log.append(topic, records(100, keys=40, first=400))
    until = time.monotonic() + 30
    while len(first.entries) + len(second.entries) < 500 and time.monotonic() < until:
        second.poll(0.1)
    assert len({entry.value for entry in first.entries + second.entries}) == 500
    assert len(second.subscription.assigned()) == 4
    second.subscription.close()


def poll_with(reader: Reader, other: Reader, wait: float, limit: int) -> list[Entry]:
    """Poll with positions that the two share, as readers do through their database."""
    shared: dict[Partition, int | None] = {**other.after}
    for partition, offset in reader.after.items():
        if shared.get(partition) is None or (offset is not None and offset > (shared[partition] or 0)):
            shared[partition] = offset
    positions = {partition: shared.get(partition) for partition in reader.subscription.assigned()}
    found = reader.subscription.poll(positions, limit, wait)
    for entry in found:
        positions[entry.partition] = entry.offset
    reader.after.update(positions)
    reader.entries += found
    return found


def test_what_retention_removed_is_shown_as_lost(log: KafkaLog, topic: str, admin: KafkaAdminClient) -> None:
    log.append(topic, [Record(b"one", b"%d" % n) for n in range(50)])
    reader = Reader(log.subscribe([topic], "slow"))
    partition = next(partition for partition, end in log.ends([topic]).items() if end is not None)
    while partition not in reader.subscription.assigned():
        reader.subscription.poll({}, 10, 0.1)
    read_until = 10
    admin.delete_records({TopicPartition(topic, partition.number): 30})
    found: list[Entry] = []
    until = time.monotonic() + 15
    while not found and time.monotonic() < until:
        found = reader.subscription.poll({partition: read_until}, 100, 0.2)
    assert [entry.offset for entry in found] == list(range(30, 50))
    assert reader.subscription.lost == 19  # type: ignore[attr-defined]
    reader.subscription.close()


def test_a_first_reader_of_an_old_topic_loses_nothing(log: KafkaLog, topic: str, admin: KafkaAdminClient) -> None:
    log.append(topic, [Record(b"one", b"%d" % n) for n in range(50)])
    place = next(partition for partition, end in log.ends([topic]).items() if end is not None)
    admin.delete_records({TopicPartition(topic, place.number): 30})
    reader = Reader(log.subscribe([topic], "late"))
    assert len(reader.read(20)) == 20
    assert reader.subscription.lost == 0  # type: ignore[attr-defined]
    reader.subscription.close()


def test_a_topic_made_anew_is_another_source(log: KafkaLog, topic: str, admin: KafkaAdminClient) -> None:
    log.append(topic, records(40))
    reader = Reader(log.subscribe([topic], "patient"))
    reader.read(40)
    before = set(reader.after)
    admin.delete_topics([topic])
    until = time.monotonic() + 60
    for attempt in count():
        assert time.monotonic() < until
        try:
            admin.create_topics({topic: {"num_partitions": 4, "replication_factor": 1}})
            break
        except Exception:
            time.sleep(0.1 * (attempt + 1))
    admin.wait_for_topics([topic])
    fresh = KafkaLog(log.bootstrap)
    fresh.append(topic, records(5, first=100))
    while len(reader.entries) < 45 and time.monotonic() < until:
        try:
            reader.poll(wait=0.2)
        except LogAway:
            time.sleep(0.2)
    assert {entry.value for entry in reader.entries[40:]} == {b"value-%d" % n for n in range(100, 105)}
    assert not before & set(reader.subscription.assigned())
    reader.subscription.close()
    fresh.close()


def test_a_topic_deleted_under_a_running_process_is_made_anew(
    log: KafkaLog, topic: str, admin: KafkaAdminClient
) -> None:
    log.append(topic, records(10))
    before = set(log.last([topic]))
    assert log.place(topic, b"key-0") in before
    admin.delete_topics([topic])
    until = time.monotonic() + 60
    while True:
        try:
            log.append(topic, records(10, first=10), patience=3)
            break
        except LogAway:
            assert time.monotonic() < until
    after = set(log.ends([topic]))
    assert not after & before
    assert set(log.last([topic])) == after
    assert log.place(topic, b"key-0") in after
    reader = Reader(log.subscribe([topic], uuid.uuid4().hex))
    assert {entry.value for entry in reader.read(10)} == {record.value for record in records(10, first=10)}
    reader.subscription.close()


@pytest.mark.parametrize("ask", ["ends", "last", "place"])
def test_a_reader_that_knows_nothing_of_a_topic_says_so_and_looks_again(
    log: KafkaLog, topic: str, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    log.append(topic, records(10))

    def asked() -> object:
        return log.place(topic, b"k") if ask == "place" else getattr(log, ask)([topic])

    expected = asked()
    with monkeypatch.context() as lost:
        lost.setattr(log._reader, "partitions_for_topic", lambda _: set())
        with pytest.raises(LogAway, match=topic):
            asked()
    assert asked() == expected


@pytest.mark.parametrize("error", [ValueError("Unrecognized partition 3"), RuntimeError("can't start new thread")])
def test_what_the_client_says_of_changed_metadata_is_an_outage(
    log: KafkaLog, topic: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    log.append(topic, records(1))

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(log._producer, "send", fail)
    with pytest.raises(LogAway, match=str(error)):
        log.append(topic, records(1))
    log.append(topic, records(1))


def test_nothing_arrives_later_than_a_successor_waits(
    log: KafkaLog, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(topic, records(1))
    settings = log._producer.config
    assert log.settles_after >= (settings["max_block_ms"] + settings["delivery_timeout_ms"]) / 1000 + 5 + 1
    ends = log.ends([topic])
    with monkeypatch.context() as slow:
        slow.setattr("store.log.kafka.log._CONNECT_MS", 0)
        with pytest.raises(LogAway, match="nothing was sent"):
            log.append(topic, records(1))
    assert log.ends([topic]) == ends


def test_the_last_entries_can_be_read_back(log: KafkaLog, topic: str) -> None:
    assert set(log.last([topic]).values()) == {None}
    log.append(topic, [Record(b"%d" % n, b"v", (("position", b"%d" % n),)) for n in range(30)])
    last = log.last([topic])
    for partition, entry in last.items():
        end = log.ends([topic])[partition]
        assert (entry is None) == (end is None)
        if entry is not None:
            assert entry.offset == end
    assert max(int(entry.header("position") or 0) for entry in last.values() if entry) == 29
    log.append(topic, [Record(b"29", b"v", (("position", b"30"),))])
    assert max(int(entry.header("position") or 0) for entry in log.last([topic]).values() if entry) == 30


def test_a_broker_that_is_not_there_is_an_error_and_no_hang() -> None:
    log = KafkaLog("127.0.0.1:1", options={"bootstrap_timeout_ms": 1_000})
    with pytest.raises(LogAway, match=r"127\.0\.0\.1:1"):
        log.append("topic", [Record(b"k", b"v")])
    with pytest.raises(LogAway):
        log.subscribe(["topic"], "group").assigned()
    with pytest.raises(LogAway):
        log.ends(["topic"])
    log.close()


def test_what_is_no_topic_is_a_mistake_of_the_configuration(log: KafkaLog) -> None:
    with pytest.raises((LogMisconfigured, ValueError)):
        log.append("no topic!", [Record(b"k", b"v")])


def test_an_outage_is_an_error_and_then_over(kafka_broker: KafkaBroker, topic: str) -> None:
    log = KafkaLog(kafka_broker.bootstrap, silence=1)
    log.append(topic, records(10))
    reader = Reader(log.subscribe([topic], "steady"))
    reader.read(10)
    kafka_broker.stop()
    with pytest.raises(LogAway, match=r"Timeout after waiting for [012](\.\d+)? secs"):
        log.append(topic, [Record(b"k", b"lost or not")], patience=2)
    with pytest.raises(LogAway):
        for _ in range(200):  # the client itself would wait for ever
            reader.poll(wait=0.5)
    kafka_broker.start()
    until = time.monotonic() + 30
    while True:
        try:
            log.append(topic, records(10, first=10))
            break
        except LogAway:
            assert time.monotonic() < until
    values: set[bytes] = set()
    while len(values & {record.value for record in records(20)}) < 20 and time.monotonic() < until:
        try:
            reader.poll()
        except LogAway:
            time.sleep(0.1)
        values = {entry.value for entry in reader.entries}
    assert values >= {record.value for record in records(20)}
    reader.subscription.close()
    log.close()


def test_partitions_that_are_added_are_read_however_short_the_polls(
    log: KafkaLog, topic: str, admin: KafkaAdminClient
) -> None:
    log.append(topic, records(10))
    subscription = log.subscribe([topic], uuid.uuid4().hex)
    reader = Reader(subscription)
    reader.read(10)
    for partitions in (6, 8, 10):
        admin.create_partitions({topic: partitions})
        admin.wait_for_topics([topic])
        until = time.monotonic() + 15
        while len(subscription.assigned()) < partitions:
            subscription._joined()._cluster.request_update()
            reader.poll(wait=0.001)
            assert time.monotonic() < until
    fresh = KafkaLog(log.bootstrap)
    fresh.append(topic, records(200, keys=200, first=10))
    assert len(reader.read(210)) == 210
    subscription.close()
    fresh.close()
