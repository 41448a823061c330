"""An export that goes on: file after file of what grows, and each day whose every identity is."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple

import structlog
from sqlalchemy import Connection

from domain.errors import Fenced, Refused, Retry
from domain.touchpoints.touchpoint import moment
from projections.exports.columns import Chunks, ExportColumn
from projections.exports.formats import FileFormat
from projections.exports.growing import (
    PART,
    Growing,
    Piece,
    newest_finished,
    newest_position,
    next_end,
    next_piece,
)
from projections.exports.holders import COLUMNS, PERSONAL, holders
from projections.exports.placing import FolderTaken
from projections.exports.whole import write_file
from store.database.database import Database
from store.events.ids import Ids
from store.turn import Arrow, Outage, Term, Wait, run

SIZE: Final = 50_000
"""Most positions of a file."""
EVERY: Final = 900.0
"""Seconds after which what waits is written though its file is not full."""
_IDLE: Final = 1.0
_HINT: Final = "it is waited for; a file is there whole or not at all"
_PERSONAL: Final = "-with-personal-data"

_log = structlog.get_logger(__name__)


class _Waiting(NamedTuple):
    """Rows for which it is not time yet: since when (monotonic seconds), and the day of the last closer look."""

    since: float
    looked_on: date | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an export is to be like."""

    folder: Path
    format: FileFormat
    personal: bool = False
    """With who people are in the clear: in a folder of that name."""
    raw: bool = False
    """Texts of CSV that a spreadsheet takes for formulas stay as they are."""
    size: int = SIZE
    every: float = EVERY

    def place(self, name: str) -> Path:
        """Where a table is written to; its name says whether people are in it."""
        return self.folder / (name + _PERSONAL if self.personal else name)


class Follower:
    """Writes file after file. One process at a time a folder; the names of what is finished say where to go on."""

    def __init__(
        self, database: Database, ids: Ids, growing: Growing, wanted: Wanted, stop: threading.Event | None = None
    ) -> None:
        """When `stop` is set, the file that is being written is given up. Raises Refused where the finished files do
        not follow each other."""
        self._database = database
        self._ids = ids
        self._growing = growing
        self._wanted = wanted
        self._stop = stop or threading.Event()
        self._folder = wanted.place(growing.name)
        self._newest = newest_finished(self._folder, wanted.format)
        self._waiting: _Waiting | None = None
        self._holders_outage = Outage("export.leads_wait", "export.leads_go_on", _HINT)
        self._holders_due = 0.0

    def turn(self) -> bool:
        """Write the next file that is full or waited long enough, else once a day whose every identity is.

        Whether there was something to write. Raises FolderAway, FolderMisconfigured, DatabaseAway, Refused,
        Fenced where it is told to stop.
        """
        with self._database.snapshot() as conn:
            piece = self._due(conn)
            if piece is not None:
                self._write(conn, piece)
                return True
        return time.monotonic() >= self._holders_due and self._holders_are_old() and self._renew_holders()

    def all_there_is(self) -> int:
        """Write all that is recorded by now, and whose every identity is; how many files. Raises as `turn`."""
        with self._database.snapshot() as conn:
            goal = self._recorded(conn)
        files = 0
        while self._done < goal:
            with self._database.snapshot() as conn:
                piece = next_piece(conn, self._growing, self._newest, self._wanted.size)
                if piece is None:
                    break
                self._write(conn, piece)
            files += 1
        return files + self._write_holders()

    @property
    def _done(self) -> int:
        return 0 if self._newest is None else self._newest.last

    def _recorded(self, conn: Connection) -> int:
        recorded = newest_position(conn, self._growing)
        if recorded < self._done:
            raise Refused(
                f"{self._folder} holds positions up to {self._done}, and the database has {recorded}: it is another "
                "one, or was restored: name another folder"
            )
        return recorded

    def _due(self, conn: Connection) -> Piece | None:
        """The next file, if it is time for it. What is looked at each second is the newest position alone."""
        recorded = self._recorded(conn)
        if recorded == self._done:
            return None
        today = moment(self._database.now(conn)).date()
        if self._waiting is None:
            self._waiting = _Waiting(time.monotonic(), None)
        long_enough = time.monotonic() - self._waiting.since >= self._wanted.every
        if recorded < next_end(self._done, self._wanted.size) and today == self._waiting.looked_on and not long_enough:
            return None
        piece = next_piece(conn, self._growing, self._newest, self._wanted.size)
        if piece is None:
            return None
        if long_enough or piece.last < recorded or piece.last % self._wanted.size == 0 or piece.day < today:
            return piece
        self._waiting = self._waiting._replace(looked_on=today)
        return None

    def _write(self, conn: Connection, piece: Piece) -> None:
        path = self._folder / piece.path(self._wanted.format)
        rows = self._growing.rows(conn, piece.first - 1, piece.last)
        self._write_file(path, self._growing.columns, rows, part=PART)
        self._newest, self._waiting = piece, None
        _log.info("export.wrote", file=str(path))

    @property
    def _holders(self) -> Path:
        place = self._wanted.place("leads")
        return place.with_name(f"{place.name}.{self._wanted.format}")

    def _holders_are_old(self) -> bool:
        try:
            written = self._holders.stat().st_mtime
        except FileNotFoundError:
            return True
        return datetime.fromtimestamp(written, UTC).date() < datetime.now(UTC).date()

    def _renew_holders(self) -> bool:
        """Whether it was written; what keeps it from that (a rebuild that is to come) keeps no touchpoint waiting."""
        try:
            written = self._write_holders()
        except Retry as error:
            self._holders_due = time.monotonic() + self._holders_outage.waits(error)
            return False
        self._holders_outage.over()
        return written

    def _write_holders(self) -> bool:
        """Whether it was written: not where another export beside this one is at it."""
        wanted = self._wanted
        columns = PERSONAL if wanted.personal else COLUMNS
        try:
            with self._database.snapshot() as conn:
                rows = holders(conn, self._ids, personal=wanted.personal)
                self._write_file(self._holders, columns, rows)
        except FolderTaken:
            return False
        _log.info("export.wrote", file=str(self._holders))
        return True

    def _write_file(self, path: Path, columns: Sequence[ExportColumn], rows: Chunks, part: str | None = None) -> None:
        write_file(path, self._wanted.format, columns, self._until_stopped(rows), raw=self._wanted.raw, part=part)

    def _until_stopped(self, rows: Chunks) -> Chunks:
        for chunk in rows:
            if self._stop.is_set():
                raise Fenced("it is told to stop: the file that was being written is given up")
            yield chunk


def follow(make: Callable[[threading.Event], Follower], stop: threading.Event) -> None:
    """Export until `stop` is set, which `make` hands to the follower; what time mends is waited for.

    Whoever calls has claimed the folder.
    """

    @contextmanager
    def term(wait: Wait) -> Iterator[Term | None]:
        yield Term(make(stop).turn)

    run(Arrow("export", _HINT, term, _IDLE), stop)
