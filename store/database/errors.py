"""The database's errors below the roots of `domain.errors`, and the one place where driver errors become them.

They are the eventsourcing library's too, as its interfaces promise (`PersistenceError` and its kinds):

Retry ────────── DatabaseAway             (OperationalError)  not reachable, or busy
                 DatabaseFull             (OperationalError)  no room to write
Fenced ───────── PositionMoved            (IntegrityError)    another process moved the position that we stood at
                 VersionConflict          (IntegrityError)    the trail went on meanwhile: load it again
Misconfigured ── DatabaseMisconfigured    (InterfaceError)    a person must act first
                 ├── NewerDatabase
                 └── OlderDatabase
Reject ───────── TouchpointKnown          (IntegrityError)    it is recorded already: nothing is left to do
                 DataError (the library's own)                the value cannot be stored on every database
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg2
import sqlalchemy.exc
from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
)

from domain.errors import Fenced, Misconfigured, Reject, Retry
from domain.phrases import phrase


class DatabaseAway(Retry, OperationalError):
    """The database did not answer, lost us, or stayed locked. What was under way may or may not be committed."""


class DatabaseFull(Retry, OperationalError):
    """The database has no room left: make room, then go on."""


class PositionMoved(Fenced, IntegrityError):
    """The stored position is not the expected one: another process works in our place."""


class VersionConflict(Fenced, IntegrityError):
    """The version (or position) of a trail is taken: somebody else wrote in between."""


class TouchpointKnown(Reject, IntegrityError):
    """The dedupe key is recorded already."""


class DatabaseMisconfigured(Misconfigured, InterfaceError):
    """The database cannot be used as it is set up."""


class NewerDatabase(DatabaseMisconfigured):
    """The schema was made by a newer release."""


class OlderDatabase(DatabaseMisconfigured):
    """The database was recorded by a release whose recordings this one cannot take over."""


FILE: Final = "leadline_file"
"""The attribute of SQLite's errors that names the database's file."""
_AWAY_CLASSES: Final = ("08", "40", "57", "58")
"""SQLSTATE classes: connection, rolled back (deadlock), operator intervened, system error."""
_FULL: Final = ("53100", "53200", "53400")
_SQLITE_FULL: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
_SQLITE_AWAY: Final = (
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOMEM,
)  # fmt: skip
_SQLITE_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SQLITE_REFUSED: Final = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
_AWAY: Final = (
    "53300",  # too many connections
    "55P03",  # a lock was not given in time
    "25006",  # read-only: a standby, before it is promoted
    "25P03",  # idle in a transaction for too long
)
_NO_RIGHT: Final = "42501"
_WRONG: Final = re.compile(
    r"(database|role|file) \".*\" does not exist|authentication failed|no password supplied|no pg_hba\.conf entry"
    r"|not permitted to (log in|connect)|permission denied for database|invalid (\w+ value|connection option|dsn)"
    r"|does not support SSL|certificate|private key",
    re.IGNORECASE,
)
"""What libpq says of a connection that time does not mend. While connecting, psycopg2 tells no SQLSTATE."""
_GUESS: Final = re.compile(r"( Is the server running| This probably means).*")
"""What libpq supposes besides: our message says what to do."""
_SAME_NAME: Final = (
    ("DataError", DataError),
    ("IntegrityError", IntegrityError),
    ("InternalError", InternalError),
    ("NotSupportedError", NotSupportedError),
    ("ProgrammingError", ProgrammingError),
    ("OperationalError", OperationalError),
    ("InterfaceError", InterfaceError),
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of SQLAlchemy, its pool, psycopg2 (COPY raises them raw) and sqlite3 into the store's.

    They are told in one line: it goes to log lines, answers and terminals.
    """
    try:
        yield
    except sqlalchemy.exc.TimeoutError as error:
        raise DatabaseAway(phrase("no database connection became free in time: try again")) from error
    except sqlalchemy.exc.StatementError as error:
        raise named(error.orig or error) from error
    except (sqlalchemy.exc.ResourceClosedError, sqlalchemy.exc.PendingRollbackError) as error:
        raise DatabaseAway(phrase("the database connection is closed: try again")) from error
    except (psycopg2.Error, psycopg2.Warning, sqlite3.Error) as error:
        raise named(error) from error


def named(error: BaseException) -> PersistenceError:
    """The store's error for a driver's. Its text has no stored value in it."""
    if isinstance(error, psycopg2.Error):
        return _of_postgres(error)
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if isinstance(error, OverflowError | ValueError | TypeError | AttributeError):
        return DataError(f"a value cannot be stored: {error}")
    return DatabaseError(str(error))


def _of_postgres(error: psycopg2.Error) -> PersistenceError:
    state = error.pgcode or ""
    text = _GUESS.sub("", " ".join((error.diag.message_primary or str(error)).split()))
    if isinstance(error, psycopg2.IntegrityError):
        return _conflict(error.diag.constraint_name or "", text)
    if state in _FULL:
        return DatabaseFull(
            phrase("PostgreSQL has no room: {fault}. Free or add disk or memory; nothing was written", fault=text)
        )
    if not state and _WRONG.search(text):
        return DatabaseMisconfigured(f"PostgreSQL refuses the connection: {text}. Check LEADLINE_DATABASE")
    if state == _NO_RIGHT:
        return DatabaseMisconfigured(
            f"PostgreSQL refuses this role: {text}. Give it the right, or name another role in LEADLINE_DATABASE"
        )
    lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) and not state
    if lost or state[:2] in _AWAY_CLASSES or state in _AWAY:
        return DatabaseAway(phrase("PostgreSQL is away: {fault}", fault=text))
    return _same_name(error, text)


def _of_sqlite(error: sqlite3.Error) -> PersistenceError:
    code = getattr(error, "sqlite_errorcode", 0) or 0
    text = str(error)
    if isinstance(error, sqlite3.IntegrityError):
        return _conflict(text, text)
    if code in _SQLITE_FULL or code & 0xFF == sqlite3.SQLITE_FULL:
        return DatabaseFull(phrase("SQLite cannot write: {fault}. Free disk space; nothing was written", fault=text))
    file = getattr(error, FILE, "leadline.db")
    if code & 0xFF in _SQLITE_DAMAGED:
        return DatabaseMisconfigured(
            f"SQLite's file {file} is damaged, or no database ({text}): restore it from a backup, or name another"
        )
    if code & 0xFF in _SQLITE_REFUSED:
        return DatabaseMisconfigured(
            f"SQLite's file {file} cannot be used ({text}): check that it is a file, and that it and its folder can be"
            " written by this user"
        )
    if code & 0xFF in _SQLITE_AWAY:
        return DatabaseAway(phrase("SQLite is away: {fault}", fault=text))
    return _same_name(error, text)


def _conflict(constraint: str, text: str) -> IntegrityError:
    if "dedupe" in constraint:
        return TouchpointKnown("a touchpoint of this source and id is recorded already")
    if any(name in constraint for name in ("events_", "events.", "snapshots_", "snapshots.")):
        return VersionConflict("another writer took this version of the trail (or this position): load it again")
    return IntegrityError(text.partition("\n")[0])


def _same_name(error: Exception, text: str) -> PersistenceError:
    names = {cls.__name__ for cls in type(error).__mro__}
    for name, error_class in _SAME_NAME:
        if name in names:
            return error_class(text)
    return DatabaseError(text)
