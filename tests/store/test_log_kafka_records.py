"""Fetched records unpacked in one loop give what kafka-python's own way gives, from any bytes."""

import time
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaProducer
from kafka.errors import CorruptRecordError
from kafka.record import MemoryRecords
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.legacy_records import LegacyRecordBatchBuilder

from store.log.kafka import records as log_kafka_records
from store.log.kafka.log import KafkaLog
from store.log.kafka.records import Fetched, Headers, unpacked
from store.log.kafka.subscription import entry_of
from store.log.port import Entry, Partition
from tests.store.given_log import Reader

PLACE = Partition("cluster/topic/0", "topic", 0)
GZIP = 1

maybe = st.none() | st.binary(max_size=200) | st.just(b"x" * 70_000)
names = st.text(st.characters(codec="utf-8"), max_size=80)
kafka_records = st.tuples(
    st.integers(0, 2**40), maybe, maybe, st.lists(st.tuples(names, st.none() | st.binary(max_size=80)), max_size=8)
)


def batch(records: list[Any], compression: int = 0) -> bytes:
    """The bytes of a batch, as a producer makes them; offsets with a gap now and then, as compaction leaves them."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 30,
    )
    for number, (at, key, value, headers) in enumerate(records):
        builder.append(number * 3, at, key, value, headers)
    return bytes(builder.build())


def theirs(data: bytes) -> list[Entry]:
    return [entry_of(PLACE, record) for record in DefaultRecordBatch(data)]


def ours(data: bytes) -> list[Entry]:
    return [entry_of(PLACE, record) for record in unpacked(DefaultRecordBatch(data))]


@given(st.lists(kafka_records, min_size=1, max_size=6), st.sampled_from([0, GZIP]))
def test_what_a_producer_wrote(records: list[Any], compression: int) -> None:
    data = batch(records, compression)
    assert ours(data) == theirs(data)
    assert [(entry.key, entry.value) for entry in ours(data)] == [
        (key or b"", value or b"") for _, key, value, _ in records
    ]


@given(st.lists(kafka_records, min_size=1, max_size=3), st.data())
def test_of_damaged_bytes_neither_makes_records_that_the_other_does_not(
    records: list[Any], data: st.DataObject
) -> None:
    """The checksum is looked at before; this is for a client or broker that writes nonsense with a right one."""
    whole = bytearray(batch(records))
    start = DefaultRecordBatch.HEADER_STRUCT.size
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(start, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found: list[Any] = []
    for read in (ours, theirs):
        try:
            entries = read(bytes(whole))
            found.append([entry._replace(headers=tuple(entry.headers)) for entry in entries])
        except CorruptRecordError:
            found.append("corrupt")
    assert found[1] == "corrupt" or found[0] in (found[1], "corrupt")


@given(st.binary(max_size=60))
def test_headers_that_are_nonsense_stop_nobody(data: bytes) -> None:
    for name, value in Headers(data):
        assert isinstance(name, str) and isinstance(value, bytes)


def test_a_header_whose_name_is_no_text_is_kept() -> None:
    assert Headers(b"\x04\x02\xff\x02v\x02a\x01") == (("\ufffd", b"v"), ("a", b""))


@pytest.mark.parametrize("magic", [0, 1])
def test_records_of_before_headers(magic: int) -> None:
    builder = LegacyRecordBatchBuilder(magic, 0, 1 << 20)
    for number, (key, value) in enumerate([(b"k", b"v"), (None, b"v"), (b"k", None)]):
        builder.append(number, None, key, value)
    records, found = MemoryRecords(bytes(builder.build())), []
    while (legacy := records.next_batch()) is not None:
        found += list(unpacked(legacy))
    assert [record[:3] for record in found] == [(0, b"k", b"v"), (1, b"", b"v"), (2, b"k", b"")]
    assert all(record.headers == () for record in found)


def odd_topic(bootstrap: str) -> str:
    """A topic with what only others write: no key, no value, compressed batches."""
    topic = f"test.{uuid.uuid4().hex}"
    log = KafkaLog(bootstrap, partitions=1)
    log.subscribe([topic], "makes the topic").assigned()
    producer = KafkaProducer(bootstrap_servers=bootstrap, compression_type="gzip")
    producer.send(topic, key=None, value=b"v", headers=[("empty", b""), ("ünï", b"\x00"), ("empty", b"twice")])
    producer.send(topic, key=b"k", value=None)
    for n in range(200):
        producer.send(topic, key=b"k%d" % n, value=b"v" * n, headers=[("n", b"%d" % n)])
    producer.close()
    log.close()
    return topic


def read(bootstrap: str, topic: str, limit: int) -> list[Entry]:
    log = KafkaLog(bootstrap)
    reader = Reader(log.subscribe([topic], uuid.uuid4().hex))
    until = time.monotonic() + 20
    while len(reader.entries) < 202 and time.monotonic() < until:
        reader.poll(limit=limit)
    reader.subscription.close()
    log.close()
    return reader.entries


def test_from_a_broker_and_with_a_version_that_is_not_known(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, kinds = odd_topic(kafka_bootstrap), set()

    def noted(partition: Partition, record: Any) -> Entry:
        kinds.add(type(record).__name__)
        return entry_of(partition, record)

    monkeypatch.setattr("store.log.kafka.subscription.entry_of", noted)
    quick = read(kafka_bootstrap, topic, 7)
    assert kinds == {Fetched.__name__}, "another version of kafka-python: look at store/log/kafka/records.py again"
    monkeypatch.setattr(log_kafka_records, "VERSION", "0.0.0")
    assert read(kafka_bootstrap, topic, 7) == quick
    assert kinds == {Fetched.__name__, "ConsumerRecord"}
    assert quick[0].headers == (("empty", b""), ("ünï", b"\x00"), ("empty", b"twice"))
    assert (quick[1].key, quick[1].value) == (b"k", b"")
