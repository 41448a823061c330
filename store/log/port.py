"""The log: records by topic and partition, appended durably and read again from any position.

Adapters: `sql.SqlLog` (a SQLite file), `kafka.log.KafkaLog`, `spool.SpooledLog` (SQLite in front of Kafka).
Readers keep their positions in their own database, in the transaction of the work; the log keeps none for them.

LogError
├── LogAway           Retry: whether it was stored is not known
├── LogFull           Retry: nothing was stored, the disk budget is used up
├── RecordTooLarge    Reject
└── LogMisconfigured  Misconfigured
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, runtime_checkable

from domain.errors import LeadlineError, Misconfigured, Reject, Retry

LARGEST: Final = 1_000_000
"""Bytes of a record that every log takes; brokers take 1,048,588 of a batch unless told otherwise."""


class LogError(LeadlineError):
    """The log did not take or give records. Callers catch one of the four below, or its root."""


class LogAway(Retry, LogError):
    """The log cannot be reached now. Retry after `retry_after` seconds; what was sent may be there or not."""

    def __init__(self, message: str, retry_after: float = 2.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LogFull(Retry, LogError):
    """The disk budget is used up. Nothing of this append was stored; retry after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float = 30.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RecordTooLarge(Reject, LogError):
    """A record is larger than the log takes. Nothing of this append counts as stored: reject it, never retry."""


class LogMisconfigured(Misconfigured, LogError):
    """The log refuses us for a reason that time does not mend (access, no such topic, not a log file)."""


class Record(NamedTuple):
    """What is appended. The key chooses the partition, and records of one key keep their order."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def size(self) -> int:
        """Bytes of key, value and headers."""
        return len(self.key) + len(self.value) + sum(len(name) + len(text) for name, text in self.headers)


@dataclass(frozen=True, slots=True)
class Partition:
    """One ordered sequence of a topic. `name` is `<cluster id>/<topic id>/<number>`: a topic made anew has another."""

    name: str
    topic: str
    number: int


class Entry(NamedTuple):
    """A record as it stands in the log. Offsets grow within a partition; they need not be gapless."""

    partition: Partition
    offset: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()

    def header(self, name: str) -> bytes | None:
        """The first header of this name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class Subscription(Protocol):
    """A member of a group of readers. One thread uses it at a time."""

    def assigned(self) -> tuple[Partition, ...]:
        """The partitions that are this reader's now. They change whenever the group does."""

    def poll(self, after: Mapping[Partition, int | None], limit: int, wait: float) -> list[Entry]:
        """Up to `limit` entries behind the given offsets (None: from the beginning), at most `wait` seconds from now.

        Only entries of partitions in `after`, in the order of each partition. Empty when there is nothing, or when
        none of the partitions is this reader's any more. Raises LogAway.
        """

    def close(self) -> None:
        """Leave the group."""


class Log(Protocol):
    """What producers append to and consumers read."""

    def append(self, topic: str, records: Sequence[Record]) -> None:
        """Append durably: all are stored when this returns. Raises any LogError."""

    def subscribe(self, topics: Iterable[str], group: str) -> Subscription:
        """Join a group of readers that share the partitions of these topics."""

    def ends(self, topics: Iterable[str]) -> dict[Partition, int | None]:
        """The offset of the last entry of each partition (None: never held any). Raises LogAway."""

    def close(self) -> None:
        """Release connections and files. What was appended stays."""


@runtime_checkable
class Outlet(Log, Protocol):
    """A log that others read too: what was written last can be read back, so that a writer goes on where one died."""

    settles_after: float
    """Seconds after which nothing that a dead writer sent can still arrive."""

    def last(self, topics: Iterable[str]) -> dict[Partition, Entry | None]:
        """The last entry of each partition (None: there is none, or none is left). Raises LogAway."""

    def place(self, topic: str, key: bytes) -> Partition:
        """The partition that a key's records go to. Raises LogAway."""

    def abandon(self) -> None:
        """Drop what was appended and is not sent yet: for a writer that lost its turn."""
