"""What only grows, as files that bear their day and positions: the names alone say where to go on.

A file ends at a multiple of `size`, at the end of a day that is over, and where what waits was waited for long enough.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Column, Connection, func, select

from domain.errors import Refused
from domain.touchpoints.touchpoint import EPOCH, moment
from projections.exports.columns import Chunks, ExportColumn
from projections.exports.formats import FileFormat
from store.database.errors import translated

PART: Final = ".part"
"""The name of a file that is not finished. Who is killed and goes on begins in the same folder of a day."""
_NAME: Final = re.compile(r"day=(\d{4}-\d\d-\d\d)/(\d{9,})-(\d{9,})\.(\w+)\Z")


@dataclass(frozen=True, slots=True)
class Growing:
    """Rows that are only ever added to, by position."""

    name: str
    """The folder that they are in."""
    columns: Sequence[ExportColumn]
    position: Column[int]
    """From 1, in the order of commits."""
    recorded: Column[int]
    """The instant by which a row's day is told, in microseconds."""
    rows: Callable[[Connection, int, int], Chunks]
    """Those behind a position and up to another, in order."""


class Piece(NamedTuple):
    """A file: the positions `first` to `last`, of a day."""

    day: date
    first: int
    last: int

    def path(self, format: FileFormat) -> Path:
        """Where it is in the folder."""
        return Path(f"day={self.day}") / f"{self.first:09}-{self.last:09}.{format}"


def newest_finished(folder: Path, format: FileFormat) -> Piece | None:
    """The last file that is finished. Raises Refused where the files do not follow each other, or are of two formats.

    The first may be missing: who keeps them may move old ones away.
    """
    newest: Piece | None = None
    for piece, suffix in sorted(_finished(folder), key=lambda each: each[0].first):
        path = folder / f"day={piece.day}" / f"{piece.first:09}-{piece.last:09}.{suffix}"
        if suffix != format:
            raise Refused(f"{path} is {suffix}, and {format} is asked for: go on with that, or name another folder")
        if newest is not None and piece.first != newest.last + 1:
            what = "lie between" if piece.first > newest.last else "are in both"
            raise Refused(
                f"{path}: positions {what} this file and that before it, which ends at {newest.last}: bring back what "
                "is missing, or name another folder"
            )
        newest = piece
    return newest


def _finished(folder: Path) -> list[tuple[Piece, str]]:
    names = (_NAME.search(str(path)) for path in folder.glob("day=*/[0-9]*"))
    return [
        (Piece(date.fromisoformat(name[1]), int(name[2]), int(name[3])), name[4]) for name in names if name is not None
    ]


def newest_position(conn: Connection, growing: Growing) -> int:
    """The position of the newest row, 0 where there is none."""
    with translated():
        return int(conn.execute(select(func.coalesce(func.max(growing.position), 0))).scalar_one())


def next_piece(conn: Connection, growing: Growing, before: Piece | None, size: int) -> Piece | None:
    """What comes behind a file, up to the next end of one or to what there is; None: nothing.

    The day of a row is the latest that was begun by then: where clocks differ, days still follow each other.
    """
    after = 0 if before is None else before.last
    position, recorded = growing.position, growing.recorded
    following = select(position, recorded).where(position > after).order_by(position).limit(1)
    with translated():
        first = conn.execute(following).one_or_none()
        if first is None:
            return None
        day = moment(first[1]).date()
        if before is not None and before.day > day:
            day = before.day
        ends = (day - EPOCH.date() + timedelta(days=1)) // timedelta(microseconds=1)
        until = min(newest_position(conn, growing), next_end(after, size))
        later = select(position).where(position > after, position <= until, recorded >= ends)
        following_day = conn.execute(later.order_by(position).limit(1)).scalar_one_or_none()
    return Piece(day, after + 1, until if following_day is None else following_day - 1)


def next_end(after: int, size: int) -> int:
    """The position at which the file behind a position ends at the latest."""
    return (after // size + 1) * size
