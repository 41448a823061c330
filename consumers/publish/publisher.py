"""Publish: the signal ledger goes out to the topics in order.

One publisher, elected by lock. After a crash it reads back what the topics' partitions end with and goes on behind it,
so that a message is neither lost nor repeated. Without Kafka the topics are a view of the ledger: nothing is sent.
"""

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import Connection, delete

from consumers.publish.messages import message, written
from domain.errors import Fenced
from domain.signals.answer_link import NO_LINKS, Links
from domain.signals.kinds import TRAITS
from store import turn
from store.database import bulk
from store.database.database import Database
from store.database.tables import ledger, tracking
from store.events.positions import Advance, advance, position_of
from store.ledger import Signal, signals_after
from store.log.port import Log, Outlet, Partition, Record
from store.log.topics import OUT
from store.models import active_model

_log = structlog.get_logger(__name__)

POSITION: Final = "publish:ledger"
"""The name of the publisher's position in the ledger."""

_RUNNING: Final = "publish:running"
"""A row of this name is there while a publisher runs, and stays where one did not end cleanly."""

IDLE: Final = 0.1
"""Seconds between looks at the ledger with nothing to do."""

_HINT: Final = "no signal is lost: the ledger keeps them, and they go out by themselves once the reason is gone"


@dataclass(slots=True)
class Published:
    """Counts: of one batch, or of a publisher's life."""

    read: int = 0
    sent: int = 0
    skipped: int = 0

    def add(self, other: "Published") -> None:
        """Add the other's counts to these."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Publisher:
    """Reads the ledger behind its stored position. One thread drives it."""

    def __init__(self, database: Database, log: Log, batch: int = 500, links: Links = NO_LINKS) -> None:
        """`log` takes the messages where others read it too (an Outlet); else only the position goes on."""
        self._database = database
        self._outlet = log if isinstance(log, Outlet) else None
        self._batch = batch
        self._links = links
        self._position: int | None = None
        self._loaded = False
        self._ends: dict[Partition, int] = {}
        self._token = secrets.randbits(62)
        self._held: Callable[[], bool] = lambda: True
        self._in_doubt = False
        self.counts = Published()
        """What this publisher did since it started: for metrics."""

    def run(self, stop: threading.Event, news: turn.News | None = None) -> None:
        """Publish until `stop` is set, whenever this is the elected one. `news` moves with the ledger."""
        turn.run(turn.Arrow("publish", _HINT, self.term, IDLE, news=news), stop)

    def run_once(self) -> Published:
        """Publish the next rows of the ledger.

        Raises Fenced, Retry, LogMisconfigured; nothing is remembered then, and the next call reads back what arrived.
        """
        try:
            if not self._loaded:
                self._load()
                self._must_hold()
            with self._database.snapshot() as conn:
                signals = signals_after(conn, self._position or 0, self._batch)
                links = self._links.by(active_model(conn)) if signals and self._links.keys else self._links
            done = Published(read=len(signals))
            if signals:
                done.sent = self._send(signals, links)
                done.skipped = len(signals) - done.sent
                self._advance(signals[-1].position)
        except BaseException:
            self._loaded = False
            if self._in_doubt:
                self._drop_what_is_under_way()
            raise
        self.counts.add(done)
        return done

    # ---- taking turns ----

    @contextmanager
    def term(self, wait: turn.Wait) -> Iterator[turn.Term | None]:
        """Elected, and nothing of a predecessor can still arrive; a clean end says that nobody has to wait for us."""
        lease = self._database.elect("publish")
        if lease is None:
            yield None
            return
        try:
            self._held = lease.held
            if not self._predecessor_is_silent(wait):
                yield None
                return
            self._mark()
            self._loaded = False
            yield turn.Term(lambda: self.run_once().read > 0, lease.held)
            self._must_hold()
            self._unmark()
        except Fenced:
            self._drop_what_is_under_way()
            raise
        finally:
            lease.release()

    def _predecessor_is_silent(self, wait: turn.Wait) -> bool:
        """Wait until nothing of a publisher that did not end cleanly can still arrive. False: told to stop."""
        if self._outlet is None:
            return True
        with self._database.snapshot() as conn:
            running = position_of(conn, _RUNNING)
        if running is not None and (running != self._token or self._in_doubt):
            _log.info("publish.waits_for_predecessor", seconds=self._outlet.settles_after)
            return not wait(self._outlet.settles_after)
        return True

    def _mark(self) -> None:
        """Say that one runs: who finds this after a kill must wait."""
        if self._outlet is None:
            return
        self._must_hold()
        self._in_doubt = False
        with self._database.transaction() as conn:
            conn.execute(delete(tracking).where(tracking.c.name == _RUNNING))
            if not bulk.insert_new(conn, tracking, [(_RUNNING, self._token)]):
                raise Fenced("another publisher began at the same moment")

    def _drop_what_is_under_way(self) -> None:
        if self._outlet is not None:
            self._outlet.abandon()

    def _must_hold(self) -> None:
        """Before anything that cannot be taken back: what is sent now arrives before a successor has waited."""
        if not self._held():
            raise Fenced("the publisher's lock is lost: another one goes on")

    def _unmark(self) -> None:
        """A clean end: everything sent is acknowledged, so nobody has to wait."""
        own_row = (tracking.c.name == _RUNNING) & (tracking.c.position == self._token)
        with self._database.transaction() as conn:
            conn.execute(delete(tracking).where(own_row))

    # ---- positions ----

    def _load(self) -> None:
        ends: dict[Partition, int] = {}
        if self._outlet is not None:
            last = self._outlet.last(OUT)
            claims = {partition: claim for partition, entry in last.items() if entry and (claim := written(entry))}
            with self._database.snapshot() as conn:
                stored_ids = dict(_ids_at(conn, [position for position, _ in claims.values()]))
            for partition, (position, id) in claims.items():
                if stored_ids.get(position) == id:
                    ends[partition] = position
                else:
                    hint = "its last message is not of this ledger (was the database replaced?): it is not skipped by"
                    _log.warning("publish.foreign_end", partition=partition.name, hint=hint)
        with self._database.snapshot() as conn:
            self._position = position_of(conn, POSITION)
        self._ends = ends
        self._loaded = True

    def _advance(self, to: int) -> None:
        with self._database.transaction() as conn:
            advance(conn, [Advance(POSITION, to, self._position)])
        self._position = to

    # ---- sending ----

    def _send(self, signals: Sequence[Signal], links: Links) -> int:
        """Send what is to be announced and is not there yet; how many."""
        if self._outlet is None:
            return 0
        by_topic: dict[str, list[Record]] = {}
        for signal in signals:
            topic = TRAITS[signal.kind].topic.value
            if not self._is_there(topic, signal):
                by_topic.setdefault(topic, []).append(message(signal, links))
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
