"""Record: touchpoints from the log become events, in batches, each one transaction with the position it came from.

It interprets nothing: it validates, drops what it has just seen, and appends. What is no envelope is put on the
rejected topic before the batch commits; the rejected topic's entries become rows of the `rejected` table.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog
from pydantic import TypeAdapter
from sqlalchemy import Connection, update

from consumers.record.incoming import RefusedEntry, incoming, kept, refused_record
from domain.errors import Fenced
from domain.touchpoints.envelope import Envelope
from store import turn
from store.database.database import Database
from store.database.tables import tracking
from store.events.ids import Ids
from store.events.store import Advance, EventStore, Incoming
from store.garbage import search_seldom
from store.log.port import Entry, Log, LogAway, Partition, RecordTooLarge, Subscription
from store.log.topics import REJECTED, TOUCHPOINTS
from store.rejected import Rejected, keep

_log = structlog.get_logger(__name__)

BATCH: Final = 5_000
"""Entries a transaction at most."""

_HINT: Final = "nothing is lost: recording goes on by itself, from the stored position, once the reason is gone"


@dataclass(slots=True)
class Recorded:
    """Counts: of one batch, or of a recorder's life. `refused` was no envelope, `kept` came from the rejected topic."""

    read: int = 0
    written: int = 0
    duplicates: int = 0
    refused: int = 0
    kept: int = 0

    def add(self, other: "Recorded") -> None:
        """Add the other's counts to these."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Recent:
    """Dedupe keys that are certainly recorded: bounded, and forgotten after any error."""

    limit: int = 200_000
    _now: set[bytes] = field(default_factory=set)
    _before: set[bytes] = field(default_factory=set)

    def __contains__(self, key: bytes) -> bool:
        return key in self._now or key in self._before

    def learn(self, keys: Sequence[bytes]) -> None:
        """These were committed."""
        self._now.update(keys)
        if len(self._now) > self.limit:
            self._before, self._now = self._now, set()

    def forget(self) -> None:
        """Nothing is certain any more."""
        self._now, self._before = set(), set()


class Recorder:
    """Reads TOUCHPOINTS and REJECTED as one member of the group of recorders. One thread drives it."""

    def __init__(
        self,
        subscription: Subscription,
        database: Database,
        events: EventStore,
        ids: Ids,
        log: Log,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        """`log` takes what is refused; `clock` gives microseconds, for when something was recorded or refused."""
        self._subscription = subscription
        self._database = database
        self._events = events
        self._ids = ids
        self._log = log
        self._clock = clock
        self._envelope = TypeAdapter(Envelope)
        self._recent = Recent()
        self._positions: dict[Partition, int | None] = {}
        self._partitions: tuple[Partition, ...] = ()
        self._announced: tuple[Partition, ...] = ()
        self.counts = Recorded()
        """What this recorder did since it started: for metrics."""

    def run_once(self, limit: int = BATCH, wait: float = 0.5) -> Recorded:
        """Record what is on the log, at most `limit` entries; waits up to `wait` seconds for the first.

        Raises Fenced, Retry, LogMisconfigured: nothing is remembered then, and the next call starts from the stored
        positions.
        """
        done = Recorded()
        try:
            self._learn_positions()
            entries = self._subscription.poll(self._positions, limit, wait)
            if entries:
                done = self._record(self._after_rewinds(entries))
        except BaseException:
            self._forget()
            raise
        self.counts.add(done)
        return done

    def run(self, stop: threading.Event, limit: int = BATCH) -> None:
        """Record until `stop` is set: the group shares the work, so it is always this member's turn, too."""

        @contextmanager
        def term(_: turn.Wait) -> Iterator[turn.Term]:
            yield turn.Term(lambda: self.run_once(limit).read > 0)

        search_seldom(50_000)
        turn.run(turn.Arrow("record", _HINT, term, idle=0.0), stop, partial(self._rest, stop))

    def close(self) -> None:
        """Leave the group."""
        self._subscription.close()

    # ---- positions ----

    def _learn_positions(self) -> None:
        """Read the stored positions of partitions that are new here: only at a change of the assignment."""
        assigned = self._subscription.assigned()
        if assigned == self._partitions:
            return
        positions = {partition: self._positions[partition] for partition in assigned if partition in self._positions}
        fresh = [partition for partition in assigned if partition not in positions]
        if fresh:
            with self._database.snapshot() as conn:
                for partition in fresh:
                    positions[partition] = self._events.source_position(conn, partition.name)
            self._tell(assigned)
        self._positions = positions
        self._partitions = assigned

    def _tell(self, assigned: tuple[Partition, ...]) -> None:
        """Say what was assigned, and not again where an error only made us ask anew."""
        if fresh := [partition.name for partition in assigned if partition not in self._announced]:
            _log.info("record.assigned", partitions=len(assigned), new=fresh)
        self._announced = assigned

    def _forget(self) -> None:
        self._recent.forget()
        self._positions = {}
        self._partitions = ()

    def _after_rewinds(self, entries: list[Entry]) -> list[Entry]:
        """A log that lost its end is read from its start again: the stored position goes back with it, on purpose."""
        first: dict[Partition, int] = {}
        for entry in entries:
            first.setdefault(entry.partition, entry.offset)
        for partition, offset in first.items():
            position = self._positions[partition]
            if position is not None and offset <= position:
                self._rewind(partition, position, offset - 1)
        return entries

    def _rewind(self, partition: Partition, position: int, to: int) -> None:
        _log.error("record.rewinds", partition=partition.name, position=position, to=to)
        stored_row = (tracking.c.name == partition.name) & (tracking.c.position == position)
        with self._database.transaction() as conn:
            if conn.execute(update(tracking).where(stored_row).values(position=to)).rowcount != 1:
                raise Fenced(f"position {partition.name!r} is not {position} any more: another recorder went on")
        self._positions[partition] = to

    # ---- one batch ----

    def _record(self, entries: Sequence[Entry]) -> Recorded:
        now = self._clock()
        touchpoints, refusals, kept_rows = self._read(entries, now)
        if refusals:
            kept_rows += self._refuse(refusals, now)
        fresh = [touchpoint for touchpoint in touchpoints if touchpoint.dedupe not in self._recent]
        last = {entry.partition: entry.offset for entry in entries}
        also = _keeping(kept_rows) if kept_rows else None
        appended = self._events.append(fresh, self._advances(last), now, also)
        self._positions.update(last)
        self._recent.learn([touchpoint.dedupe for touchpoint in fresh])
        return Recorded(
            read=len(entries),
            written=appended.written,
            duplicates=len(touchpoints) - appended.written,
            refused=len(refusals),
            kept=len(kept_rows),
        )

    def _read(self, entries: Sequence[Entry], now: int) -> tuple[list[Incoming], list[RefusedEntry], list[Rejected]]:
        touchpoints: list[Incoming] = []
        refusals: list[RefusedEntry] = []
        kept_rows: list[Rejected] = []
        for entry in entries:
            if entry.partition.topic == TOUCHPOINTS:
                touchpoint_or_refusal = incoming(entry, self._envelope, self._ids)
                if isinstance(touchpoint_or_refusal, RefusedEntry):
                    refusals.append(touchpoint_or_refusal)
                else:
                    touchpoints.append(touchpoint_or_refusal)
            else:
                kept_rows.append(kept(entry, now))
        return touchpoints, refusals, kept_rows

    def _refuse(self, refusals: Sequence[RefusedEntry], now: int) -> list[Rejected]:
        """On the rejected topic before the batch commits: a crash in between refuses twice, which is kept once.

        Returns the rows to keep at once, where the broker takes less than we think.
        """
        for refusal in refusals:
            partition = refusal.entry.partition
            _log.warning("record.refused", partition=partition.name, offset=refusal.entry.offset, reason=refusal.reason)
        records = [refused_record(refusal, now) for refusal in refusals]
        try:
            self._log.append(REJECTED, records)
        except RecordTooLarge as error:
            _log.warning("record.refusals_only_kept", topic=REJECTED, reason=str(error))
            entries = [refusal.entry for refusal in refusals]
            return [
                kept(Entry(at.partition, at.offset, *record), now) for at, record in zip(entries, records, strict=True)
            ]
        return []

    def _advances(self, last: Mapping[Partition, int]) -> list[Advance]:
        return [Advance(partition.name, offset, self._positions[partition]) for partition, offset in last.items()]

    def _rest(self, stop: threading.Event, seconds: float) -> bool:
        """Wait, but stay a member of the group: a reader that does not poll is put out and holds up the others."""
        until = time.monotonic() + seconds
        while not stop.is_set() and (seconds_left := until - time.monotonic()) > 0:
            try:
                self._subscription.poll({}, 1, min(seconds_left, 0.5))
            except LogAway:
                stop.wait(seconds_left)
            stop.wait(min(max(0.0, until - time.monotonic()), 0.2))
        return stop.is_set()


def _keeping(rows: Sequence[Rejected]) -> Callable[[Connection], None]:
    def write(conn: Connection) -> None:
        keep(conn, rows)

    return write
