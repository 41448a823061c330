"""One view of the database that several processes can share, for work over the whole history.

PostgreSQL exports the snapshot of a transaction that is held open. SQLite cannot: what others shall read is a copy of
the file, which lets the writers of the original go on too, and its log be cut.
"""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from sqlalchemy import Connection

from store.database.copying import copy_file
from store.database.database import Database, open_database


class Attached(NamedTuple):
    """A connection that sees the view, and its database."""

    database: Database
    conn: Connection


class TaskSource(Protocol):
    """Where a task reads."""

    def attached(self) -> AbstractContextManager[Attached]:
        """A connection that sees the view. Raises DatabaseAway."""
        ...


class ExportedView(NamedTuple):
    """What one sees who exported it, and the source for all others."""

    database: Database
    conn: Connection
    source: TaskSource


@dataclass(frozen=True, slots=True)
class _Held:
    """For tasks of this thread: the connection itself. It cannot be pickled."""

    database: Database
    conn: Connection

    @contextmanager
    def attached(self) -> Iterator[Attached]:
        yield Attached(self.database, self.conn)


@dataclass(frozen=True, slots=True)
class _Shared:
    """For other processes: an address with its password, the key that ids are made with where a setting gives it."""

    url: str = field(repr=False)
    id_key: bytes | None = field(repr=False)
    snapshot: str | None
    """PostgreSQL's name of the snapshot; None: the file is a copy, which nobody writes."""

    @contextmanager
    def attached(self) -> Iterator[Attached]:
        database = open_database(self.url, self.id_key)
        try:
            with database.snapshot(self.snapshot) as conn:
                yield Attached(database, conn)
        finally:
            database.close()


@dataclass(frozen=True, slots=True)
class Target:
    """Where tasks in other processes write: an address with its password, and the key as above."""

    url: str = field(repr=False)
    id_key: bytes | None = field(repr=False)

    @contextmanager
    def opened(self) -> Iterator[Database]:
        """The database. Nothing is connected yet."""
        database = open_database(self.url, self.id_key)
        try:
            yield database
        finally:
            database.close()


@contextmanager
def exported(database: Database, *, apart: bool) -> Iterator[ExportedView]:
    """A view of this moment, for as long as it is held; `apart`: for other processes too.

    A copy of SQLite's file lies in the folder for temporary files (TMPDIR).
    """
    if not apart:
        with database.snapshot() as conn:
            yield ExportedView(database, conn, _Held(database, conn))
    elif database.dialect == "postgresql":
        with database.snapshot() as conn:
            name = conn.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
            yield ExportedView(database, conn, _Shared(database.address, database.given_id_key, name))
    else:
        with tempfile.TemporaryDirectory(prefix="leadline-view-") as folder:
            file = Path(folder) / "leadline.db"
            copy_file(database.path, file)
            copy = open_database(f"sqlite:///{file}", database.given_id_key)
            try:
                with copy.snapshot() as conn:
                    yield ExportedView(copy, conn, _Shared(copy.address, copy.given_id_key, None))
            finally:
                copy.close()
