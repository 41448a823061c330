"""The log on Kafka: an idempotent producer with acks=all, topics made where they are missing, consumer groups."""

import itertools
import socket
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition, errors
from kafka.partitioner.default import murmur2

from store.log.kafka.errors import translated
from store.log.kafka.subscription import KafkaSubscription, entry_of, partition_of
from store.log.port import LARGEST, Entry, LogAway, LogError, Partition, Record, RecordTooLarge

DELIVERY_SECONDS: Final = 10.0
"""After this long an unacknowledged record is given up, and nothing sent before it can still arrive later."""

_CONNECT_MS: Final = 5_000
_KNOCK: Final = 1.0
"""Seconds that a broker has to take a connection, before a client is made for it."""
_SLACK: Final = 2.0
"""Seconds that a request may take from its socket to the broker's log."""

_PAUSE: Final = 1.0
"""Seconds in which a failed connection is not tried again: callers fail at once instead of queueing up."""

_KEYS: Final = 200_000
"""Keys whose partition is remembered: the hash is pure Python."""


class KafkaLog:
    """A log on a Kafka cluster. `partitions` is for topics that are made; what exists stays as it is.

    `options` goes to every client as it is (security_protocol, sasl_mechanism, ssl_cafile, ...).
    Nothing connects before it must, so a process starts while the broker is away. A reader whose broker is silent for
    `silence` seconds asks whether it is there.
    """

    settles_after = 2 * _CONNECT_MS / 1000 + DELIVERY_SECONDS + _SLACK

    def __init__(
        self, bootstrap: str, partitions: int = 4, options: Mapping[str, Any] | None = None, silence: float = 10.0
    ) -> None:
        self.bootstrap = bootstrap
        self._silence = silence
        self._partitions = partitions
        self._clients = {"bootstrap_servers": bootstrap.split(","), **(options or {})}
        self._clients.setdefault("bootstrap_timeout_ms", _CONNECT_MS)
        self._connecting = threading.Lock()
        self._reading = threading.Lock()
        self._producer: Any = None
        self._failed: Any = None  # the producer that is not used again
        self._reader: Any = None
        self._stale = False  # what the reader knows of the topics
        self._ready: set[str] = set()
        self._places: dict[tuple[bytes, int], int] = {}
        self._turn = itertools.count()
        self._paused_until = 0.0

    # ---- append ----

    def append(self, topic: str, records: Sequence[Record], patience: float = DELIVERY_SECONDS + 5) -> None:
        """Append and wait until every record is acknowledged by all in-sync replicas; see `Log.append`.

        After `patience` seconds it raises LogAway, though the records may still arrive (until `settles_after`).
        """
        if not records:
            return
        self.check(topic, records)
        latest = time.monotonic() + _CONNECT_MS / 1000
        producer = self._connected(topic)
        with self._uses(producer, topic):
            count = self._count(topic, producer.partitions_for(topic))
        if time.monotonic() > latest:  # whoever was allowed to send when it called may not be any more
            raise LogAway(f"Kafka at {self.bootstrap} was slow to answer: nothing was sent. Tried again later")
        with self._uses(producer, topic):
            until = time.monotonic() + patience
            _wait([self._send(producer, topic, record, count) for record in records], until)

    @contextmanager
    def _uses(self, producer: Any, topic: str) -> Iterator[None]:
        """After an error nothing that was known holds: the topic may be gone, and sequence numbers are in doubt.

        The next append looks for the topic, makes it where it is missing, and starts a new producer.
        """
        try:
            with translated(self.bootstrap):
                yield
        except LogError:
            self._ready.discard(topic)
            self._stale, self._failed = True, producer
            _close_without_flushing(producer)
            raise

    def _send(self, producer: Any, topic: str, record: Record, count: int) -> Any:
        key, value, headers = record
        try:
            place = self._place(key, count)
            return producer.send(topic, value=value, key=key, headers=list(headers), partition=place)
        except ValueError as error:  # what it knows of the topic changed between two lines
            raise LogAway(f"Kafka at {self.bootstrap}: {error}. Tried again later") from error

    def _count(self, topic: str, partitions: Collection[int] | None) -> int:
        if not partitions:
            raise LogAway(f"Kafka at {self.bootstrap} says nothing of the topic {topic}. Tried again later")
        return len(partitions)

    def check(self, topic: str, records: Sequence[Record]) -> None:
        """Raises RecordTooLarge for what a broker with its default settings would refuse."""
        for record in records:
            if record.size > LARGEST:
                raise RecordTooLarge(
                    f"a record of {record.size} bytes for {topic}: at most {LARGEST} are taken. Nothing of this append "
                    "counts"
                )

    def place(self, topic: str, key: bytes) -> Partition:
        """The partition that a key's records go to. Raises LogAway."""
        with self._reads([topic]) as reader:
            count = self._count(topic, reader.partitions_for_topic(topic))
            return partition_of(reader, TopicPartition(topic, self._place(key, count)))

    def _place(self, key: bytes, count: int) -> int:
        """As the Java client's default partitioner places a key; without a key in turn."""
        if not key:
            return next(self._turn) % count
        partition = self._places.get((key, count))
        if partition is None:
            if len(self._places) >= _KEYS:
                self._places.clear()
            partition = self._places[key, count] = (murmur2(key) & 0x7FFFFFFF) % count
        return partition

    # ---- clients ----

    def _connected(self, topic: str) -> Any:
        if self._works(self._producer) and topic in self._ready:
            return self._producer
        with self._connecting:
            if time.monotonic() < self._paused_until:
                raise LogAway(f"Kafka at {self.bootstrap} did not answer just now. Tried again in {_PAUSE:g} s", _PAUSE)
            try:
                with translated(self.bootstrap):
                    self._ensure([topic])
                    if not self._works(self._producer):
                        self._producer = self._make_producer()
            except LogAway:
                self._paused_until = time.monotonic() + _PAUSE
                raise
            return self._producer

    def _works(self, producer: Any) -> bool:
        return producer is not None and producer is not self._failed

    def _make_producer(self) -> Any:
        return KafkaProducer(
            **self._clients,
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            batch_size=256 * 1024,
            delivery_timeout_ms=int(DELIVERY_SECONDS * 1000),
            request_timeout_ms=8_000,
            max_block_ms=_CONNECT_MS,
            max_request_size=1_048_576 * 4,
            allow_auto_create_topics=False,
            reconnect_backoff_max_ms=1_000,
            metrics_enabled=False,
        )

    def _ensure(self, topics: Iterable[str]) -> None:
        """Make the topics that are missing, with the broker's own replication."""
        missing = [topic for topic in topics if topic not in self._ready]
        if not missing:
            return
        self._knock()
        admin = KafkaAdminClient(**self._clients, request_timeout_ms=_CONNECT_MS * 2)
        try:
            existing = {
                description["name"] for description in admin.describe_topics(missing) if not description["error_code"]
            }
            for topic in missing:
                if topic not in existing:
                    self._make_topic(admin, topic)
            admin.wait_for_topics(missing)
        finally:
            admin.close()
        self._ready.update(missing)

    def _knock(self) -> None:
        """See that a broker takes connections: a client would try for seconds before it says that none does."""
        reasons = []
        for server in self.bootstrap.split(","):
            host, _, port = server.rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), _KNOCK).close()
            except OSError as error:
                reasons.append(f"{server}: {error.strerror or error}")
            else:
                return
        raise LogAway(
            f"Kafka at {self.bootstrap} takes no connections ({'; '.join(reasons)}). Tried again later; check that the "
            "broker runs and can be reached from here"
        )

    def _make_topic(self, admin: Any, topic: str) -> None:
        with suppress(errors.TopicAlreadyExistsError):  # another process was quicker
            admin.create_topics({topic: {"num_partitions": self._partitions, "replication_factor": -1}})

    def abandon(self) -> None:
        """Close the producer without sending what it still holds; the next append starts a new one."""
        with self._connecting:
            producer, self._producer = self._producer, None
        _close_without_flushing(producer)

    # ---- read ----

    def subscribe(self, topics: Iterable[str], group: str) -> KafkaSubscription:
        """Join a consumer group, at the first call of its methods; see `Log.subscribe`."""
        names = list(topics)

        def connect() -> Any:
            with self._connecting:
                self._ensure(names)
            return KafkaConsumer(
                **self._clients,
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="none",  # positions come from the reader; what retention took away must show
                max_poll_records=5_000,
                max_poll_interval_ms=60_000,
                max_partition_fetch_bytes=4 << 20,
                request_timeout_ms=20_000,
                session_timeout_ms=10_000,
                heartbeat_interval_ms=2_000,
                reconnect_backoff_max_ms=1_000,
                metadata_max_age_ms=30_000,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )

        return KafkaSubscription(connect, names, self.bootstrap, self._silence)

    def ends(self, topics: Iterable[str]) -> dict[Partition, int | None]:
        """The offset of the last entry of each partition; see `Log.ends`."""
        with self._reads(names := list(topics)) as reader:
            return {partition: end - 1 if end else None for partition, _, _, end in self._bounds(reader, names)}

    def last(self, topics: Iterable[str]) -> dict[Partition, Entry | None]:
        """The last entry of each partition (None: there is none, or none is left). Raises LogAway."""
        with self._reads(names := list(topics)) as reader:
            last_entries: dict[Partition, Entry | None] = {}
            unread: dict[Any, Partition] = {}
            for partition, place, first, end in self._bounds(reader, names):
                last_entries[partition] = None
                if end > first:
                    unread[place] = partition
                    reader.assign(list(unread))
                    reader.seek(place, end - 1)
            until = time.monotonic() + DELIVERY_SECONDS
            while unread:
                if time.monotonic() > until:
                    raise LogAway(f"Kafka at {self.bootstrap}: the last entries of {names} could not be read in time")
                for place, records in reader.poll(timeout_ms=500).items():
                    if place in unread:
                        last_entries[unread[place]] = entry_of(unread[place], records[-1])
                unread = {place: partition for place, partition in unread.items() if last_entries[partition] is None}
            return last_entries

    def _bounds(self, reader: Any, topics: list[str]) -> list[tuple[Partition, Any, int, int]]:
        """(partition, Kafka's name for it, first offset, end offset) of every partition."""
        counts = {topic: self._count(topic, reader.partitions_for_topic(topic)) for topic in topics}
        places = [TopicPartition(topic, n) for topic, count in counts.items() for n in range(count)]
        first = reader.beginning_offsets(places, timeout_ms=_CONNECT_MS)
        ends = reader.end_offsets(places, timeout_ms=_CONNECT_MS)
        return [(partition_of(reader, place), place, first[place], ends[place]) for place in places]

    @contextmanager
    def _reads(self, topics: list[str]) -> Iterator[Any]:
        """The consumer that looks at topics. After an error the next call finds the topics, and a new one, itself."""
        with self._reading:
            try:
                with translated(self.bootstrap):
                    yield self._read_client(topics)
            except LogAway:
                self._ready.difference_update(topics)
                self._stale = True
                raise

    def _read_client(self, topics: list[str]) -> Any:
        with self._connecting:
            self._ensure(topics)
        if self._stale:
            self._stale = False
            _close_reader(self._reader)
            self._reader = None
        if self._reader is None:
            self._reader = KafkaConsumer(
                **self._clients,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                request_timeout_ms=10_000,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        return self._reader

    # ---- close ----

    def close(self, flush: bool = True) -> None:
        """Release connections. Without `flush` nothing that is still buffered is sent: for one that lost its lock."""
        with self._connecting, self._reading:
            producer, self._producer = self._producer, None
            reader, self._reader = self._reader, None
        if producer is not None and flush:
            try:
                producer.close(timeout=DELIVERY_SECONDS)
            except errors.KafkaError:
                _close_without_flushing(producer)
        else:
            _close_without_flushing(producer)
        _close_reader(reader)


def _wait(futures: Sequence[Any], until: float) -> None:
    """flush() would not raise for records that failed: each future is asked."""
    for future in futures:
        if not future.succeeded():
            future.get(timeout=max(0.0, until - time.monotonic()))


def _close_reader(reader: Any) -> None:
    if reader is not None:
        with suppress(errors.KafkaError, OSError):
            reader.close(autocommit=False, timeout_ms=1_000)


def _close_without_flushing(producer: Any) -> None:
    if producer is None:
        return
    producer._sender.force_close()  # close() alone would first send what is buffered
    with suppress(errors.KafkaError):  # what was buffered fails, which is what is wanted
        producer.close(timeout=1)
