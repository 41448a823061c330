"""Publish: the signal ledger goes out to the topics in order, and what a policy asks for goes onto the log.

One publisher, elected by lock. After a crash it reads back what the topics' partitions end with and goes on behind it,
so that a message is neither lost nor repeated. Without Kafka the topics are a view of the ledger: nothing is sent.
"""

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import Connection, delete

from consumers.promote.promote import asked
from consumers.publish.messages import message, written
from domain.signals.kinds import TRAITS
from domain.touchpoints.envelope import encode
from store.database import bulk
from store.database.database import Database, Fenced, Lease, Retry
from store.database.tables import ledger, tracking
from store.events.positions import Advance, advance, position_of
from store.ledger import Signal, signals_after
from store.log.cloudevents import touchpoint_record
from store.log.outage import Outage
from store.log.port import Log, LogAway, LogFull, Outlet, Partition, Record
from store.log.topics import OUT, TOUCHPOINTS

_log = structlog.get_logger(__name__)

POSITION: Final = "publish:ledger"
"""The name of the publisher's position in the ledger."""

_RUNNING: Final = "publish:running"
"""A row of this name is there while a publisher runs, and stays where one did not end cleanly."""

_GLANCE: Final = 0.1
"""Seconds between looks at the ledger."""

_BACKOFF: Final = (0.5, 1.0, 2.0, 5.0)

_HINT: Final = "no signal is lost: the ledger keeps them, and they go out by themselves once the reason is gone"


@dataclass(slots=True)
class Published:
    """Counts: of one batch, or of a publisher's life."""

    read: int = 0
    sent: int = 0
    skipped: int = 0
    asked: int = 0
    retries: int = 0

    def add(self, other: "Published") -> None:
        """Add the other's counts to these."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Publisher:
    """Reads the ledger behind its stored position. One thread drives it."""

    def __init__(self, database: Database, log: Log, batch: int = 500) -> None:
        """`log` takes the policy's touchpoints and, where others read it too (an Outlet), the messages."""
        self._database = database
        self._log = log
        self._outlet = log if isinstance(log, Outlet) else None
        self._batch = batch
        self._position: int | None = None
        self._loaded = False
        self._ends: dict[Partition, int] = {}
        self._token = secrets.randbits(62)
        self._held: Callable[[], bool] = lambda: True
        self._in_doubt = False
        self._outage = Outage("publish.waits", "publish.goes_on", _HINT)
        self.counts = Published()
        """What this publisher did since it started: for metrics."""

    def run(self, stop: threading.Event) -> None:
        """Publish until `stop` is set, whenever this is the elected one."""
        failures = 0
        while not stop.is_set():
            try:
                lease = self._database.elect("publish")
                if lease is None:
                    stop.wait(1.0)
                    continue
                try:
                    self._serve(lease, stop)
                finally:
                    lease.release()
                failures = 0
            except Fenced as error:
                _log.warning("publish.fenced", reason=str(error))
            except (Retry, LogAway, LogFull) as error:
                self.counts.retries += 1
                seconds = _BACKOFF[min(failures, len(_BACKOFF) - 1)]
                failures += 1
                self._outage.waits(error)
                stop.wait(seconds)

    def run_once(self) -> Published:
        """Publish the next rows of the ledger.

        Raises Fenced, Retry's kinds, LogAway, LogFull; nothing is remembered then, and the next call reads back
        what arrived.
        """
        try:
            if not self._loaded:
                self._load()
                self._must_hold()
            with self._database.snapshot() as conn:
                signals = signals_after(conn, self._position or 0, self._batch)
                promotions = asked(conn, signals)
            done = Published(read=len(signals))
            if signals:
                done.sent = self._send(signals)
                done.skipped = len(signals) - done.sent
                done.asked = len(promotions)
                wanted = [touchpoint_record(one, encode(one)) for one in promotions]
                self._log.append(TOUCHPOINTS, wanted)
                self._advance(signals[-1].position)
        except BaseException:
            self._loaded = False
            if self._outlet is not None and self._in_doubt:
                self._outlet.abandon()
            raise
        self.counts.add(done)
        return done

    # ---- taking turns ----

    def _serve(self, lease: Lease, stop: threading.Event) -> None:
        self._held = lease.held
        if not self._take_over(stop):
            return
        self._loaded = False
        while not stop.is_set() and lease.held():
            read = self.run_once().read
            self._outage.over()
            if not read:
                stop.wait(_GLANCE)
        if lease.held():
            self._leave()
        else:
            _log.warning("publish.lost_lock", hint="another publisher goes on")
            if self._outlet is not None:
                self._outlet.abandon()

    def _take_over(self, stop: threading.Event) -> bool:
        """Wait until nothing of a publisher that did not end cleanly can still arrive. False: told to stop."""
        if self._outlet is None:
            return True
        with self._database.snapshot() as conn:
            running = position_of(conn, _RUNNING)
        if running is not None and (running != self._token or self._in_doubt):
            _log.info("publish.waits_for_predecessor", seconds=self._outlet.settles_after)
            if stop.wait(self._outlet.settles_after):
                return False
        self._must_hold()
        self._in_doubt = False
        with self._database.transaction() as conn:
            conn.execute(delete(tracking).where(tracking.c.name == _RUNNING))
            if not bulk.insert_new(conn, tracking, [(_RUNNING, self._token)]):
                raise Fenced("another publisher began at the same moment")
        return True

    def _must_hold(self) -> None:
        """Before anything that cannot be taken back: what is sent now arrives before a successor has waited."""
        if not self._held():
            raise Fenced("the publisher's lock is lost: another one goes on")

    def _leave(self) -> None:
        """A clean end: everything sent is acknowledged, so nobody has to wait."""
        ours = (tracking.c.name == _RUNNING) & (tracking.c.position == self._token)
        with self._database.transaction() as conn:
            conn.execute(delete(tracking).where(ours))

    # ---- positions ----

    def _load(self) -> None:
        ends: dict[Partition, int] = {}
        if self._outlet is not None:
            last = self._outlet.last(OUT)
            claims = {where: claim for where, entry in last.items() if entry and (claim := written(entry))}
            with self._database.snapshot() as conn:
                known = dict(_ids_at(conn, [position for position, _ in claims.values()]))
            for where, (position, id) in claims.items():
                if known.get(position) == id:
                    ends[where] = position
                else:
                    hint = "its last message is not of this ledger (was the database replaced?): it is not skipped by"
                    _log.warning("publish.foreign_end", partition=where.name, hint=hint)
        with self._database.snapshot() as conn:
            self._position = position_of(conn, POSITION)
        self._ends = ends
        self._loaded = True

    def _advance(self, to: int) -> None:
        with self._database.transaction() as conn:
            advance(conn, [Advance(POSITION, to, self._position)])
        self._position = to

    # ---- sending ----

    def _send(self, signals: Sequence[Signal]) -> int:
        """Send what is to be announced and is not there yet; how many."""
        if self._outlet is None:
            return 0
        by_topic: dict[str, list[Record]] = {}
        for signal in signals:
            topic = TRAITS[signal.kind].topic.value
            if not signal.silent and not self._is_there(topic, signal):
                by_topic.setdefault(topic, []).append(message(signal))
        for topic, records in by_topic.items():
            self._must_hold()
            self._in_doubt = True
            self._outlet.append(topic, records)
            self._in_doubt = False
        return sum(map(len, by_topic.values()))

    def _is_there(self, topic: str, signal: Signal) -> bool:
        """Whether a predecessor sent it: a partition is written in the order of the ledger."""
        if self._outlet is None or signal.position > max(self._ends.values(), default=0):
            return False
        return signal.position <= self._ends.get(self._outlet.place(topic, signal.key), 0)


def _ids_at(conn: Connection, positions: Iterable[int]) -> list[tuple[int, str]]:
    rows = bulk.select_in(conn, ledger, ["position", "id"], "position", list(positions))
    return [(position, id) for position, id in rows]
