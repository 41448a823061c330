"""The play on the Kafka topic, as plain bytes: made once, so that filling a topic is quick and always the same.

The broker is the leader of every partition, as one of our own is.
"""

import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.partitioner.default import murmur2
from kafka.record.default_records import DefaultRecordBatchBuilder

from tests.bench.traffic import Play
from tests.services.kafka import clear_topics

TOPIC = "leadline.touchpoints"
PARTITIONS = 4

_RECORDS = 500
"""In one batch, as a producer makes them."""
_PRODUCE, _VERSION = 0, 3
"""The request of Kafka's protocol, and its version: every broker from 0.11 on takes it."""

_NOT_YET = (3, 5, 6)
"""Error codes of a topic that was made just now: not known yet, without a leader yet."""


@dataclass(frozen=True)
class Batch:
    """A record batch, version 2, for one partition."""

    partition: int
    data: bytes


def batches(played: Sequence[Play]) -> list[Batch]:
    """The batches of the touchpoints, in their order within each partition."""
    found = []
    for start in range(0, len(played), _RECORDS * PARTITIONS):
        parts: dict[int, list[Play]] = {}
        for each in played[start : start + _RECORDS * PARTITIONS]:
            parts.setdefault((murmur2(each.key) & 0x7FFFFFFF) % PARTITIONS, []).append(each)
        found += [Batch(partition, _encoded(part)) for partition, part in sorted(parts.items())]
    return found


def _encoded(played: Sequence[Play]) -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=False, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=1 << 30,
    )  # fmt: skip
    for offset, each in enumerate(played):
        builder.append(offset, each.milliseconds, each.key, each.envelope, each.headers)
    return bytes(builder.build())


class Topic:
    """The topic of touchpoints on one broker."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def anew(self) -> None:
        """Delete every topic, and make this one, empty."""
        clear_topics(self.bootstrap)
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            admin.create_topics({TOPIC: {"num_partitions": PARTITIONS, "replication_factor": -1}})
            admin.wait_for_topics([TOPIC])
        finally:
            admin.close()

    def fill(self, made: Sequence[Batch]) -> None:
        """Append, and return when everything is acknowledged. Raises SystemExit where the broker refuses."""
        host, _, port = self.bootstrap.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            for batch in made:
                end = time.monotonic() + 15
                while error := _sent(connection, batch):
                    if error not in _NOT_YET or time.monotonic() > end:
                        raise SystemExit(f"Kafka at {self.bootstrap} refused a batch: error code {error}")
                    time.sleep(0.05)

    def read(self, times: int) -> None:
        """Read everything so often: a broker's code is compiled while it works, which is no cost of ours."""
        places = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False, max_poll_records=5_000)
        try:
            consumer.assign(places)
            ends = consumer.end_offsets(places)
            for _ in range(times):
                consumer.seek_to_beginning(*places)
                while any(consumer.position(place) < ends[place] for place in places):
                    consumer.poll(timeout_ms=500)
        finally:
            consumer.close()


def _sent(connection: socket.socket, batch: Batch) -> int:
    """Send a batch; the error code of the answer (0: it is on the topic)."""
    connection.sendall(_request(0, batch))
    return _error(_answer(connection))


def _request(number: int, batch: Batch) -> bytes:
    """A produce request with acks=all."""
    body = (
        struct.pack(">hhi", _PRODUCE, _VERSION, number)
        + _text("bench")
        + struct.pack(">hhii", -1, -1, 30_000, 1)  # no transaction, acks=all, timeout in ms, one topic
        + _text(TOPIC)
        + struct.pack(">iii", 1, batch.partition, len(batch.data))  # one partition
        + batch.data
    )
    return struct.pack(">i", len(body)) + body


def _text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()


def _answer(connection: socket.socket) -> bytes:
    (size,) = struct.unpack(">i", _exactly(connection, 4))
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = connection.recv(size - len(found))
        if not part:
            raise SystemExit("Kafka closed the connection: does it speak produce requests of version 3?")
        found += part
    return found


def _error(answer: bytes) -> int:
    """The error code of the one partition: behind the request's number, two counts, the topic and the partition."""
    (length,) = struct.unpack_from(">h", answer, 8)
    (code,) = struct.unpack_from(">h", answer, 8 + 2 + length + 4 + 4)
    return int(code)
