"""SQLite in front of Kafka: what arrives while the broker is away is kept on disk, and sent on in order."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import structlog

from store.log import LogAway, LogError, LogFull, Partition, Record, RecordTooLarge, Subscription
from store.log_kafka import KafkaLog
from store.log_sql import SqlLog
from store.outage import Outage

_log = structlog.get_logger(__name__)

_PATIENCE: Final = 3.0
"""Seconds that an append waits for Kafka before it is spooled. It may then be in both, and is recorded once."""

_BATCH: Final = 500
"""Records that are sent on at once."""

_BACKOFF: Final = (0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts to reach the broker."""

_HINT: Final = (
    "touchpoints are kept in the spool until LEADLINE_SPOOL_LIMIT, and sent on by themselves: bring Kafka back"
)

_UNDELIVERABLE: Final = "undeliverable."
"""Topics of the spool that hold what the broker will never take: kept for a person to look at."""


class SpooledLog:
    """A log that accepts while Kafka is away, until the spool's disk budget is used up (LogFull).

    After the first failure nothing waits for the broker: everything goes through the spool until it is empty again,
    so the records of a key keep their order. A crash while it is sent on repeats records, and loses none.
    """

    def __init__(self, kafka: KafkaLog, spool: SqlLog) -> None:
        self._kafka = kafka
        self._spool = spool
        self._state = threading.Condition()
        self._open = self._holds_anything()
        self._writing = 0
        self._closed = False
        self._drainer = threading.Thread(target=self._drain, name="leadline-spool", daemon=True)
        self._drainer.start()

    @property
    def spooling(self) -> bool:
        """Whether appends go to the disk now."""
        return self._open

    def refuses(self) -> str | None:
        """Why appends would be refused now (None: they are taken, by Kafka or by the spool). Asks no broker."""
        try:
            self._spool.check_room()
        except LogError as error:
            return str(error)
        return None

    def append(self, topic: str, records: Sequence[Record]) -> None:
        """Append to Kafka, or to the spool while it is away; see `Log.append`."""
        if not self._open:
            try:
                self._kafka.append(topic, records, _PATIENCE)
                return
            except LogAway as error:
                _log.warning("log.spooling", reason=str(error), spool=str(self._spool.path))
        self._kafka.check(topic, records)
        with self._spools():
            try:
                self._spool.append(topic, records)
            except LogFull as error:
                raise LogFull(f"Kafka is away, and {error}", retry_after=10.0) from error

    @contextmanager
    def _spools(self) -> Iterator[None]:
        """The spool does not close while somebody writes to it."""
        with self._state:
            self._open = True
            self._writing += 1
        try:
            yield
        finally:
            with self._state:
                self._writing -= 1
                self._state.notify_all()

    def subscribe(self, topics: Iterable[str], group: str) -> Subscription:
        """A reader of Kafka: what is spooled is not readable yet."""
        return self._kafka.subscribe(topics, group)

    def ends(self, topics: Iterable[str]) -> dict[Partition, int | None]:
        """See `Log.ends`. Raises LogAway while something is spooled: the end is not on Kafka then."""
        if self._open:
            raise LogAway(f"{self._spool.path} holds records that Kafka has not got yet. Tried again when it is empty")
        return self._kafka.ends(topics)

    def close(self) -> None:
        """Stop sending on; what is spooled stays on disk for the next start."""
        with self._state:
            self._closed = True
            self._state.notify_all()
        self._drainer.join()
        self._kafka.close()
        self._spool.close()

    # ---- sending on ----

    def _drain(self) -> None:
        failures = 0
        outage = Outage("log.spool_waits", "log.spool_sends", _HINT)
        while True:
            with self._state:
                self._state.wait_for(lambda: self._closed or (self._open and not self._writing), 1.0)
                if self._closed:
                    return
            if not self._open:
                continue
            try:
                if not self._send_some():
                    self._shut()
                failures = 0
                outage.over()
            except LogError as error:
                seconds = _BACKOFF[min(failures, len(_BACKOFF) - 1)]
                failures += 1
                outage.waits(error, bytes=self._size())
                with self._state:
                    self._state.wait_for(lambda: self._closed, seconds)

    def _send_some(self) -> bool:
        """Send the oldest records of each topic on, then delete them. False: there are none."""
        found = False
        for topic in self._topics():
            batch = self._spool.first(topic, _BATCH)
            if batch:
                found = True
                self._send(topic, [record for _, record in batch])
                self._spool.forget(topic, batch[-1][0])
        return found

    def _send(self, topic: str, records: Sequence[Record]) -> None:
        try:
            self._kafka.append(topic, records)
        except RecordTooLarge as error:
            if len(records) > 1:
                for record in records:
                    self._send(topic, [record])
                return
            _log.error("log.undeliverable", topic=topic, reason=str(error), kept_in=str(self._spool.path))
            self._spool.append(_UNDELIVERABLE + topic, records)

    def _shut(self) -> None:
        """Back to Kafka, unless somebody has just spooled something."""
        with self._state:
            if not self._writing and not self._holds_anything():
                self._open = False
                _log.info("log.spool_empty", spool=str(self._spool.path))

    def _holds_anything(self) -> bool:
        return any(self._spool.first(topic, 1) for topic in self._topics())

    def _topics(self) -> list[str]:
        return [topic for topic in self._spool.topics() if not topic.startswith(_UNDELIVERABLE)]

    def _size(self) -> int:
        try:
            return self._spool.used_bytes()
        except LogError:
            return -1
