"""The projector: events to read models and signals, its progress a pair (position, clock) moved in one transaction."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, insert, select, update

from domain.errors import Fenced
from domain.files.durations import SECOND
from domain.fold.fold import Fold
from domain.model.definition import Model
from domain.people.sharing import LIMITS, Limits
from domain.phrases import phrase
from domain.touchpoints.touchpoint import Position, Touchpoint
from projections.projecting import saved
from projections.projecting.batch import Batches
from projections.projecting.counts import count_rows
from projections.projecting.ledger import Ledger
from store import turn
from store.database.database import Database
from store.database.derived import Derived
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore, Recorded
from store.garbage import search_seldom
from store.model_parts import write_parts
from store.models import active_model, last_activation

log = structlog.get_logger(__name__)

Clock = Callable[[Connection], int]
"""The present instant (microseconds), by default the database's."""

AHEAD = 10_000_000
"""How far a receipt may push the clock ahead of the database's time: 10 s, in microseconds."""
WRONG = 60_000_000
"""A stored clock so far ahead of the database's time (microseconds) comes of a clock that was wrong."""
CLOCK_HINT = phrase(
    "until its instant nobody is hot and heat is gone; `leadline rebuild --clock now` sets the stored one back"
)
BATCH = 20_000
"""Touchpoints of a batch at most, where so many wait: what a lead did in one batch is written once."""
TICK = 5_000_000
"""With nothing to do the clock is moved this often (microseconds), so that what is pending is told by a fresh one."""
IDLE = 0.02
"""Seconds between looks at the event store with nothing to do."""
_HINT = "nothing is lost: it goes on by itself, from the stored position, once the reason is gone"
LOCK = "project"
"""The lock that whoever moves the pair holds to the end of the transaction: the projector, and a rebuild's switch."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the rows are folded: exactly to this position, at exactly this clock, with this model."""

    position: Position
    clock: int
    model: str
    build: int = 0
    """Which rebuild these rows are of: after a switch the projector's memory is of other clusters."""
    format: int = 0
    """Of the saved state."""

    def check_format(self) -> None:
        """Raises SavedByAnother where another release saved what was folded."""
        if self != _NONE:
            saved.check_format(self.format)


_NONE: Final = Progress(Position(0), 0, "")


def read_progress(conn: Connection, tables: Derived = live) -> Progress:
    """The stored pair; (0, 0) with no model where nothing was folded yet."""
    table = tables.projector
    columns = table.c.position, table.c.clock, table.c.model, table.c.build, table.c.format
    row = conn.execute(select(*columns)).one_or_none()
    return _NONE if row is None else Progress(*row)


def move_progress(conn: Connection, before: Progress, after: Progress, tables: Derived = live) -> None:
    """Move the pair by compare-and-swap. Raises Fenced where another projector has moved it."""
    table = tables.projector
    row = asdict(after)
    if before == _NONE and conn.execute(select(table.c.position)).one_or_none() is None:
        conn.execute(insert(table).values(name="projector", **row))
        return
    stored = [table.c[name] == value for name, value in asdict(before).items()]
    moved = conn.execute(update(table).where(*stored).values(row))
    if moved.rowcount != 1:
        raise Fenced("the projector's (position, clock) was moved by another: start again from the stored one")


class Projector:
    """Projects batches from the stored pair on. One at a time is active: `run` waits for its election."""

    def __init__(
        self,
        database: Database,
        events: EventStore,
        ids: Ids,
        model: Model,
        *,
        clock: Clock | None = None,
        tables: Derived = live,
        announce: bool = True,
        tick: int = TICK,
        ahead: int = AHEAD,
        limits: Limits = LIMITS,
    ) -> None:
        """`ahead`: how far a receipt may push the clock ahead of `clock`'s time, in microseconds."""
        self._database = database
        self._events = events
        self._ids = ids
        self._clock = clock or database.now
        self._tables = tables
        self._announce = announce
        self._tick = tick
        self._ahead = ahead
        self._limits = limits
        self._warned = False
        self._use(model)

    def _use(self, model: Model) -> None:
        self.model = model
        self._fold = Fold(model)
        self._start_anew()

    def _start_anew(self) -> None:
        """Drop everything in memory: after any error the stored position says where to start."""
        ledger = Ledger(self._database, self._ids, self._fold) if self._announce else None
        self._ledger = ledger
        self._batches = Batches(self._events, self._ids, self._fold, self._tables, ledger=ledger, limits=self._limits)
        self._progress: Progress | None = None
        self._sales_looked_for = -SECOND
        self._activation = 0
        """By which `[sales]` leads are handed over; 0: by those of the model that it was made with."""
        self._told: UUID | None = UUID(int=0) if self._announce else None
        """Behind whom to look for those whom an activation left to be told; None: nobody is left."""

    def run_once(self, limit: int = BATCH, until: int | None = None) -> bool:
        """Project the next batch (positions up to `until`); False where there was nothing to do.

        Raises Fenced, Retry (SavedByAnother, before anything is read), UnknownTopic; then nothing is written, and the
        next call starts from the stored.
        """
        try:
            return self._run_once(limit, until)
        except BaseException:
            self._start_anew()
            raise

    def _run_once(self, limit: int, until: int | None) -> bool:
        with self._database.snapshot() as conn:
            progress = self._stored(conn)
            if progress != self._progress:
                self._start_anew()
            batch = self._events.scan(conn, progress.position, limit, until)
            now = self._clock(conn)
            self._warn(progress.clock - now)
            telling = self._told is not None and self._batches.anyone_to_tell(conn)
            if not batch and not telling and not self._anything_due(conn, progress, now):
                self._progress = progress
                return False
        with self._database.transaction() as conn:
            self._database.lock(conn, LOCK)
            self._take_up_sales(conn, now)
            after = self._take(conn, progress, batch, now)
            if self._told is not None:
                self._told = self._batches.tell(conn, self._told, after.position, after.clock) if telling else None
        self._progress = after
        return True

    def _take_up_sales(self, conn: Connection, now: int) -> None:
        """Hand over by the newest file: one in which only `[sales]` differs is activated without a word to the fold.

        It is looked for once a second, since small batches come many times a second.
        """
        if self._ledger is None or now < self._sales_looked_for + SECOND:
            return
        self._sales_looked_for = now
        if (number := last_activation(conn)) == self._activation:
            return
        model = active_model(conn)
        if model is not None and model.hash == self.model.hash:
            self._activation = number
            self._ledger.hands.use(model)

    def finish(self, conn: Connection, goal: Progress, limit: int = 5_000) -> None:
        """Go on to exactly a pair, in the caller's transaction: for a rebuild that is to be switched to.

        Raises ValueError where the pair lies before the stored one: neither position nor clock goes back.
        """
        progress = self._stored(conn)
        if goal.position < progress.position or goal.clock < progress.clock:
            raise ValueError(f"{goal.position, goal.clock} lies before {progress.position, progress.clock}")
        if progress != self._progress:
            self._start_anew()
        while (progress.position, progress.clock) != (goal.position, goal.clock):
            batch = self._events.scan(conn, progress.position, limit, goal.position)
            progress = self._take(conn, progress, batch, goal.clock)
        count_rows(conn, self._tables)

    def _stored(self, conn: Connection) -> Progress:
        """The stored pair, if this release can go on from it. Raises SavedByAnother."""
        progress = read_progress(conn, self._tables)
        progress.check_format()
        return progress

    def _take(self, conn: Connection, progress: Progress, batch: Sequence[Recorded], now: int) -> Progress:
        """Project a batch behind the pair, and move it."""
        clock = self._clock_after(progress, now, [touchpoint for _, touchpoint in batch])
        position = batch[-1][0] if batch else progress.position
        after = Progress(position, clock, self.model.hash, progress.build, saved.FORMAT)
        if progress.model and progress.model != self.model.hash:
            raise Fenced("another model was activated: the projector takes it up")
        self._batches.take(conn, batch, after.position, clock)
        move_progress(conn, progress, after, self._tables)
        return after

    def _anything_due(self, conn: Connection, progress: Progress, now: int) -> bool:
        if not progress.model:
            return False
        return now >= progress.clock + self._tick or self._batches.anything_due(conn, now)

    def _clock_after(self, progress: Progress, now: int, touchpoints: Sequence[Touchpoint]) -> int:
        newest = max((touchpoint.received_at for touchpoint in touchpoints), default=0)
        return max(progress.clock, now, min(newest, now + self._ahead))

    def _warn(self, ahead: int) -> None:
        """Say once that the stored clock is ahead: the machine's clock, or the database's, was wrong for a while."""
        if (ahead > WRONG) != self._warned:
            self._warned = ahead > WRONG
            if self._warned:
                log.warning("project.clock_ahead", for_s=ahead // 1_000_000, hint="mend the clock: " + CLOCK_HINT)

    def retry_aside(self) -> None:
        """Fold anew what a former release put aside."""
        with self._database.transaction() as conn:
            self._database.lock(conn, LOCK)
            progress = self._stored(conn)
            self._batches.retry_aside(conn, progress.position, progress.clock)
        self._start_anew()

    # ---- as a process ----

    def run(self, stop: threading.Event, news: turn.News | None = None) -> None:
        """Project until `stop`, while elected. `news` moves with what is recorded, where this process records all."""
        turn.run(turn.Arrow("project", _HINT, self.term, IDLE, news=news), stop)

    @contextmanager
    def term(self, _: turn.Wait) -> Iterator[turn.Term | None]:
        """Elected, with the active model, and nothing left aside that can be folded now."""
        lease = self._database.elect("project")
        if lease is None:
            yield None
            return
        try:
            self._take_up_model()
            self._mend_parts()
            self.retry_aside()
            search_seldom(200_000)
            yield turn.Term(self.run_once, lease.held)
        finally:
            lease.release()

    def _take_up_model(self) -> None:
        with self._database.snapshot() as conn:
            model = active_model(conn)
        if model is not None and model.hash != self.model.hash:
            self._use(model)
        else:
            self._start_anew()

    def _mend_parts(self) -> None:
        """What SQL needs of the active model was written by its activation: by a former release less, or nothing."""
        with self._database.transaction() as conn:
            self._database.lock(conn, "models")
            model = active_model(conn)
            if model is not None and write_parts(conn, model):
                log.info("model.parts", hash=model.hash, hint="tables for SQL say again what the active model says")
