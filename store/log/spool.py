"""SQLite in front of Kafka: what arrives while the broker is away is kept on disk, and sent on in order."""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import structlog

from store import turn
from store.log.kafka.log import KafkaLog
from store.log.port import (
    LARGEST,
    LogAway,
    LogError,
    LogFull,
    LogMisconfigured,
    Partition,
    Record,
    RecordTooLarge,
    Subscription,
)
from store.log.rejection import too_large
from store.log.sql import SqlLog
from store.log.topics import REJECTED

_log = structlog.get_logger(__name__)

_PATIENCE: Final = 3.0
"""Seconds that an append waits for Kafka before it is spooled. It may then be in both, and is recorded once."""

_BATCH: Final = 500
"""Records that are sent on at once."""

_IDLE: Final = 0.1
"""Seconds between looks whether something is spooled."""

_HINT: Final = (
    "touchpoints are kept in the spool until LEADLINE_SPOOL_LIMIT, and sent on by themselves: bring Kafka back"
)

_LEAST: Final = 20_000
"""Bytes of a refusal of which nothing is left but the reason: a broker that does not take these takes nothing."""


class SpooledLog:
    """A log that accepts while Kafka is away, until the spool's disk budget is used up (LogFull).

    After the first failure nothing waits for the broker: everything goes through the spool until it is empty again,
    so the records of a key keep their order. A crash while it is sent on repeats records, and loses none.
    """

    def __init__(self, kafka: KafkaLog, spool: SqlLog) -> None:
        self._kafka = kafka
        self._spool = spool
        self._state = threading.Lock()
        self._open = self._holds_anything()
        self._writing = 0
        self._stop = threading.Event()
        self._drainer = threading.Thread(target=self._drain, name="leadline-spool", daemon=True)
        self._drainer.start()

    @property
    def spooling(self) -> bool:
        """Whether appends go to the disk now."""
        return self._open

    def refuses(self) -> str | None:
        """Why appends would be refused now (None: they are taken, by Kafka or by the spool). Asks no broker."""
        if not self._drainer.is_alive():
            return f"the thread that sends {self._spool.path} on has ended: start this process again"
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
        self._stop.set()
        self._drainer.join()
        self._kafka.close()
        self._spool.close()

    # ---- sending on ----

    def _drain(self) -> None:
        """Whatever goes wrong it is tried again: while this thread ends, the spool only fills."""
        turn.run(turn.Arrow("spool", _HINT, self._term, _IDLE, Exception, self._about), self._stop)

    @contextmanager
    def _term(self, _: turn.Wait) -> Iterator[turn.Term]:
        yield turn.Term(self._send_on)

    def _send_on(self) -> bool:
        if not self._open:
            return False
        if self._send_some():
            return True
        self._shut()
        return False

    def _send_some(self) -> bool:
        """Send the oldest records of each topic on. False: there are none."""
        any_sent = False
        for topic in self._spool.topics():
            if batch := self._spool.first(topic, _BATCH):
                any_sent = True
                self._send(topic, batch)
        return any_sent

    def _send(self, topic: str, batch: Sequence[tuple[int, Record]]) -> None:
        """Send a topic's oldest records on, then delete them: needs no room, and what is sent is not sent again."""
        try:
            self._kafka.append(topic, [record for _, record in batch])
        except RecordTooLarge:
            if len(batch) > 1:
                for entry in batch:
                    self._send(topic, [entry])
                return
            self._reject(topic, batch[0][1])
        self._spool.forget(topic, batch[-1][0])

    def _reject(self, topic: str, record: Record) -> None:
        """Keep what the broker will never take as refused input, of which as much as it takes."""
        most, now = LARGEST, time.time_ns() // 1_000
        while True:
            most = max(most // 4, _LEAST)
            try:
                self._kafka.append(REJECTED, [too_large(topic, record, now, most)])
                break
            except RecordTooLarge as error:
                if most == _LEAST:
                    raise LogMisconfigured(f"{error}. Raise max.message.bytes of {REJECTED}") from error
        _log.error("log.too_large", topic=topic, bytes=record.size, kept=most, hint="see `leadline rejected list`")

    def _shut(self) -> None:
        """Back to Kafka, unless somebody has just spooled something."""
        with self._state:
            if not self._writing and not self._holds_anything():
                self._open = False
                _log.info("log.spool_empty", spool=str(self._spool.path))

    def _holds_anything(self) -> bool:
        return any(self._spool.first(topic, 1) for topic in self._spool.topics())

    def _about(self) -> dict[str, object]:
        try:
            return {"bytes": self._spool.used_bytes()}
        except LogError:
            return {}
