"""A member of a Kafka consumer group whose positions are the reader's own: it seeks, and commits nothing to Kafka."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from kafka import TopicPartition, errors
from kafka.structs import MemberState

from store.log.kafka.errors import translated
from store.log.kafka.records import Fetched, unpack_quickly
from store.log.port import Entry, LogAway, Partition

_log = structlog.get_logger(__name__)

_ANSWER_MS: Final = 5_000

_JOIN_MS: Final = 3_000
"""How long a poll may take during a rebalance: a join that is given up is begun anew, and disturbs the others."""


class KafkaSubscription:
    """See `Subscription`. Joins the group at the first call; no rebalance callback does any work.

    After `silence` seconds without an entry the broker is asked whether it is there: the client waits for ever.
    """

    def __init__(self, connect: Callable[[], Any], topics: Sequence[str], bootstrap: str, silence: float) -> None:
        self._connect = connect
        self._topics = list(topics)
        self._bootstrap = bootstrap
        self._silence = silence
        self._consumer: Any = None
        self._generation = -1
        self._at: dict[Any, int] = {}  # the next offset that the consumer will fetch, where it is known to us
        self._instead: dict[Partition, tuple[int, int]] = {}  # wanted offset -> the one that there is
        self._first: dict[Partition, int] = {}  # where the log began when it was read from its beginning
        self._answered_at = time.monotonic()
        self.lost = 0
        """Entries that retention had removed before they were read."""

    def assigned(self) -> tuple[Partition, ...]:
        """The partitions that are this member's now; empty until it has joined, which `poll` drives."""
        with translated(self._bootstrap):
            return tuple(sorted(self._current().values(), key=lambda partition: (partition.topic, partition.number)))

    def poll(self, after: Mapping[Partition, int | None], limit: int, wait: float) -> list[Entry]:
        """See `Subscription.poll`."""
        with translated(self._bootstrap):
            self._finish_joining()
            partitions = self._aim(after)
            try:
                batches = self._joined().poll(timeout_ms=max(0, int(wait * 1000)), max_records=limit)
            except errors.NoOffsetForPartitionError:
                return []  # a partition came with a rebalance just now: `assigned` names it
            except (errors.OffsetOutOfRangeError, errors.LogTruncationError):
                self._at.clear()
                self._find_start(partitions, after)
                return []
            except Exception:
                self._at.clear()
                raise
            entries = self._take(batches, partitions)
            self._listen(bool(batches))
            return entries

    def close(self) -> None:
        """Leave the group."""
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            consumer.close(autocommit=False, timeout_ms=_ANSWER_MS)

    # ---- assignment ----

    def _joined(self) -> Any:
        if self._consumer is None:
            consumer = self._connect()
            for topic in self._topics:
                consumer.partitions_for_topic(topic)  # joining without metadata assigns nothing and joins once more
            consumer.subscribe(self._topics)
            unpack_quickly(consumer)
            self._consumer = consumer
            self._answered_at = time.monotonic()
        return self._consumer

    def _finish_joining(self) -> None:
        """See a rebalance through, however short the polls are.

        kafka-python 3.0.12 leaves a join that outlasts a poll running, and where changed metadata caused it, forgets
        to take its result: no assignment, no heartbeat, for ever. Asking for the join again makes it take the result.
        """
        consumer = self._joined()
        state = consumer.group_metadata().state
        if state == MemberState.STABLE:
            return
        if state == MemberState.REBALANCING:
            consumer._coordinator.request_rejoin()
        consumer._coordinator.poll(timeout_ms=_JOIN_MS)

    def _current(self) -> dict[Any, Partition]:
        """Kafka's names of what is assigned, and ours. A topic without a known id is not ours to read yet."""
        consumer = self._joined()
        return {
            place: partition_of(consumer, place)
            for place in consumer.assignment()
            if consumer._cluster.partitions_for_topic(place.topic)
        }

    def _aim(self, after: Mapping[Partition, int | None]) -> dict[Any, Partition]:
        """Pause what is not wanted, seek where the consumer stands elsewhere. Returns what will be read."""
        consumer = self._joined()
        generation = consumer.group_metadata().generation_id
        if generation != self._generation:
            self._generation = generation
            self._at.clear()  # a partition may have gone and come back
        partitions = {}
        for place, partition in self._current().items():
            try:
                if partition in after:
                    self._seek(place, partition, after[partition])
                    consumer.resume(place)
                    partitions[place] = partition
                else:
                    consumer.pause(place)
                    if self._at.pop(place, None) is None:
                        consumer.seek(place, 0)  # any position will do: without one, poll raises for all
            except (KeyError, ValueError):
                self._at.pop(place, None)  # taken away between two lines
        return partitions

    def _seek(self, place: Any, partition: Partition, behind: int | None) -> None:
        if behind is None:
            if partition not in self._first:
                first = self._joined().beginning_offsets([place], timeout_ms=_ANSWER_MS)
                self._first[partition] = first[place]
            following = self._first[partition]
        else:
            following = behind + 1
            instead = self._instead.get(partition)
            if instead is not None and instead[0] == following:
                following = instead[1]
        if self._at.get(place) != following:
            self._joined().seek(place, following)
            self._at[place] = following

    # ---- entries ----

    def _take(self, batches: Mapping[Any, Sequence[Any]], partitions: Mapping[Any, Partition]) -> list[Entry]:
        entries: list[Entry] = []
        for place, records in batches.items():
            partition = partitions.get(place)
            if partition is None or partition_of(self._joined(), place) != partition:
                self._at.pop(place, None)  # came with a rebalance, or of a topic made anew: read when asked for
                continue
            if records[0].offset < self._at[place]:
                self._at.pop(place, None)
                continue
            entries += [entry_of(partition, record) for record in records]
            self._at[place] = records[-1].offset + 1
        return entries

    def _find_start(self, partitions: Mapping[Any, Partition], after: Mapping[Partition, int | None]) -> None:
        """What was to be read next is not in the log: find out why, and say so."""
        self._first.clear()
        self._refresh()
        consumer = self._joined()
        places = [place for place, partition in partitions.items() if partition_of(consumer, place) == partition]
        first = consumer.beginning_offsets(places, timeout_ms=_ANSWER_MS)
        ends = consumer.end_offsets(places, timeout_ms=_ANSWER_MS)
        for place in places:
            partition = partitions[place]
            behind = after[partition]
            if behind is None:
                continue
            following = behind + 1
            if first[place] <= following <= ends[place]:
                continue
            self._instead[partition] = (following, first[place])
            if following < first[place]:
                self._say_lost(partition, following, first[place])
            else:
                _log.error(
                    "log.shorter",
                    partition=partition.name, wanted=following, end=ends[place], goes_on_at=first[place],
                    hint="The log ends before what was read of it: the broker lost entries. It is read from its start "
                    "again, what is known already is dropped",
                )  # fmt: skip

    def _say_lost(self, partition: Partition, following: int, first: int) -> None:
        self.lost += first - following
        _log.error(
            "log.lost",
            partition=partition.name, topic=partition.topic, wanted=following, goes_on_at=first,
            entries=first - following,
            hint="DATA LOSS: retention removed entries before they were read. Raise the topic's retention.ms, run more "
            "readers, and send these touchpoints again from their source",
        )  # fmt: skip

    def _refresh(self) -> None:
        """Metadata anew: has the topic another id?"""
        updated = self._joined()._cluster.request_update()
        until = time.monotonic() + _ANSWER_MS / 1000
        while not updated.is_done:
            if time.monotonic() > until:
                raise LogAway(
                    f"Kafka at {self._bootstrap}: no metadata within {_ANSWER_MS / 1000:g} s. Tried again later"
                )
            time.sleep(0.02)

    def _listen(self, answered: bool) -> None:
        """Ask a silent broker whether it is there. Raises KafkaTimeoutError."""
        now = time.monotonic()
        if answered:
            self._answered_at = now
        elif now - self._answered_at > self._silence:
            probe = TopicPartition(self._topics[0], 0)
            self._joined().end_offsets([probe], timeout_ms=_ANSWER_MS)
            self._answered_at = time.monotonic()


def partition_of(consumer: Any, place: Any) -> Partition:
    """Our name of one of Kafka's partitions: cluster id, topic id and number. Brokers before 2.8 give topics no id."""
    cluster = consumer._cluster
    topic_id = cluster.topic_id(place.topic)
    topic_name = place.topic if topic_id is None or not topic_id.int else str(topic_id)
    return Partition(f"{cluster.cluster_id}/{topic_name}/{place.partition}", place.topic, place.partition)


def entry_of(partition: Partition, record: Any) -> Entry:
    """One of Kafka's records as ours; a missing key or value is empty."""
    if type(record) is Fetched:
        return Entry(partition, *record)
    headers = tuple((name, value or b"") for name, value in record.headers) if record.headers else ()
    return Entry(partition, record.offset, record.key or b"", record.value or b"", headers)
