"""One SQLite file as a log keeps it: opened durably, its errors as the log's, headers in a column."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from store.log.port import LogAway, LogError, LogFull, LogMisconfigured

_BUSY: Final = 15.0
"""Seconds that a writer waits for another process's transaction."""

FLOOR: Final = 1 << 20
"""An I/O error with less than this many free bytes on the disk is a full disk."""


def translate(path: Path, error: sqlite3.Error) -> LogError:
    """The error of ours that says what a caller can do about one of SQLite's."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and free_bytes(path) < FLOOR):
        return LogFull(f"{path}: the disk is full ({error}). Make room; what was refused was not stored, send it again")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return LogMisconfigured(f"{path}: not a log that can be written ({error}). Check the path and its permissions")
    return LogAway(f"{path}: the log's file did not answer ({error}). Tried again later; check the disk if it stays")


def free_bytes(path: Path) -> int:
    """Bytes that are free on the path's disk; where that cannot be told, enough."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return FLOOR


def opened(path: Path) -> sqlite3.Connection:
    """A connection that writes durably (WAL, FULL). Raises LogMisconfigured, LogAway, LogFull."""
    try:
        connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 67108864")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_CANTOPEN":
            raise LogMisconfigured(f"{path}: cannot open or make this file ({error}). Check the folder") from error
        raise translate(path, error) from error
    if mode != "wal":
        connection.close()
        raise LogMisconfigured(f"{path}: SQLite cannot use WAL on this file system. Put the folder on a local disk")
    return connection


def packed(headers: tuple[tuple[str, bytes], ...]) -> bytes | None:
    """Headers as a column holds them; None where there are none."""
    if not headers:
        return None
    return orjson.dumps([[name, value.decode("latin-1")] for name, value in headers])


def unpacked(packed: bytes | None) -> tuple[tuple[str, bytes], ...]:
    """The headers of a column."""
    if not packed:
        return ()
    return tuple((name, value.encode("latin-1")) for name, value in orjson.loads(packed))


class Held(NamedTuple):
    """What the file of a spool holds: how many `records`, and the bytes that it has `used`."""

    records: int
    used: int


def held_in(path: Path) -> Held:
    """What a spool's file holds, whoever works with it. Raises LogError.

    Records are forgotten from the oldest on, so the first and the last say how many there are.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY)) as connection:
            numbers = [number for (number,) in connection.execute("SELECT number FROM topics")]
            count = "SELECT coalesce(max(offset) - min(offset) + 1, 0) FROM log_{}"
            records = sum(connection.execute(count.format(int(number))).fetchone()[0] for number in numbers)
    except sqlite3.Error as error:
        raise translate(path, error) from error
    return Held(records, path.stat().st_size)
