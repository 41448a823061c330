"""The database: one engine, its transactions, snapshots, clock, locks and leases, on SQLite or PostgreSQL."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from store.database.errors import (
    FILE,
    DatabaseAway,
    DatabaseMisconfigured,
    named,
    translated,
)
from store.database.expressions import SqliteQuartiles
from store.database.lease import ConnectionLease, FileLease, Lease
from store.database.migrate import is_current, upgrade
from store.database.postgres_only import ask_the_idle, database_identity, look_long, one_at_a_time
from store.database.tables import installation
from store.database.views import creating as views

SQLITE: Final = sqlite3.sqlite_version
"""The version of the SQLite that this process uses."""

Dialect = Literal["sqlite", "postgresql"]

_SNAPSHOT: Final = "leadline_snapshot"
_BUSY: Final = 30
"""Seconds that SQLite waits for a lock, and that the pool waits for a free connection."""
_IDLE: Final = 1.0
"""Seconds after which a pooled connection of PostgreSQL is asked whether its server is still there."""
_LINK: Final = {
    "connect_timeout": 10,  # seconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
"""So that a lost network is an error within half a minute, not a process that hangs."""

_SESSION: Final = (
    "jit = off",  # compiling a plan costs more than our look-ups
    "client_min_messages = warning",  # a notice for every IF NOT EXISTS says nothing
    "timezone = 'UTC'",
    # Here and not on the driver's connection, which would then say so in two more trips at every use.
    "default_transaction_isolation = 'read committed'",
    # What a machine that vanished or a process that froze has locked is free again after a minute (a lease after some
    # seconds), and whoever waits for a lock says so and tries again.
    "tcp_keepalives_idle = 5",
    "tcp_keepalives_interval = 2",
    "tcp_keepalives_count = 3",
    "idle_in_transaction_session_timeout = '60s'",
    "lock_timeout = '60s'",
)

_TAKEN: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)

_PRAGMAS: Final = (
    "synchronous = FULL",
    "foreign_keys = ON",
    "temp_store = MEMORY",
    "cache_size = -65536",  # KiB, a connection
    "journal_size_limit = 67108864",  # bytes that the log file keeps after a long look has let it grow
    "wal_autocheckpoint = 4000",  # pages; with the default of 1000 every batch rewrites the indexes: 1.4 times slower
)


def open_database(url: str, id_key: bytes | None = None) -> "Database":
    """The database of a URL: `sqlite:///path/to/file` or `postgresql://user:password@host/name`.

    Nothing is connected yet. `id_key` overrides the installation's own key. Raises DatabaseMisconfigured.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseMisconfigured(
            "the database URL cannot be read: allowed are postgresql://USER:PASSWORD@HOST:PORT/NAME and sqlite:///FILE"
        ) from None
    match parsed.get_backend_name():
        case "postgresql" | "postgres":
            return Database(_named(_postgres(parsed)), "postgresql", id_key)
        case "sqlite":
            return Database(_named(_sqlite(parsed)), "sqlite", id_key)
        case other:
            raise DatabaseMisconfigured(f"database URL: found {other!r}, allowed are postgresql and sqlite")


class Database:
    """An engine with the few verbs that the other rooms need. Safe to use from several threads."""

    def __init__(self, engine: Engine, dialect: Dialect, id_key: bytes | None = None) -> None:
        self.engine = engine
        self.dialect: Dialect = dialect
        self.given_id_key = id_key
        """What overrides the installation's own key, if anything does."""
        self.commits = 0
        """Moves with every transaction that this process has committed here."""

    def __repr__(self) -> str:
        return f"<Database {self.engine.url.render_as_string(hide_password=True)}>"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A writing transaction, committed at the end, rolled back by any error.

        READ COMMITTED on PostgreSQL; BEGIN IMMEDIATE on SQLite, which has one writer at a time. Errors are the store's.
        """
        with translated(), self.engine.begin() as conn:
            yield conn
        self.commits += 1

    @contextmanager
    def snapshot(self, shared: str | None = None) -> Iterator[Connection]:
        """One consistent, read-only view; it blocks no writer and waits for none.

        `shared`: a name under which PostgreSQL exported another's, who still holds it: the same view.
        """
        with translated(), self.engine.connect() as plain:
            conn = plain.execution_options(**{_SNAPSHOT: True})
            with conn.begin():
                if self.dialect == "sqlite":
                    conn.exec_driver_sql("PRAGMA query_only = ON")
                else:
                    look_long(conn, shared, writes=False)
                try:
                    yield conn
                finally:
                    if self.dialect == "sqlite" and not conn.invalidated:
                        conn.exec_driver_sql("PRAGMA query_only = OFF")

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """What a single statement sees, without a transaction around it: one trip to the database instead of three."""
        with translated(), self.engine.connect() as conn:
            driver = conn.connection.dbapi_connection
            if self.dialect == "sqlite" or driver is None:
                with conn.execution_options(**{_SNAPSHOT: True}).begin():
                    yield conn
                return
            driver.autocommit = True
            try:
                yield conn
            finally:
                if not conn.invalidated:
                    conn.rollback()  # of SQLAlchemy's own: there is none in the database
                    driver.autocommit = False

    def now(self, conn: Connection) -> int:
        """The database's time in microseconds since 1970 UTC (not the transaction's: it goes on)."""
        if self.dialect == "sqlite":
            return time.time_ns() // 1000
        now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
        return int(conn.exec_driver_sql(now).scalar_one())

    def lock(self, conn: Connection, name: str) -> None:
        """Wait for the lock of a name and hold it to the transaction's end.

        A statement of its own: under READ COMMITTED only the next statement sees what the last holder committed.
        SQLite's writing transaction is such a lock already.
        """
        one_at_a_time(conn, name)

    def elect(self, name: str) -> Lease | None:
        """The lease of a name, if nobody holds it. It dies with this process, and on PostgreSQL with its connection."""
        with translated():
            if self.dialect == "sqlite":
                try:
                    return FileLease.take(self.path, name)
                except OSError as error:
                    raise DatabaseAway(f"no lock file can be made beside {self.path}: {error.strerror}") from error
            return ConnectionLease.take(self.engine, name)

    @property
    def many_writers(self) -> bool:
        """Whether several can write at the same time."""
        return self.dialect == "postgresql"

    @property
    def address(self) -> str:
        """The URL, with its password: for another process, never for a message."""
        return self.engine.url.render_as_string(hide_password=False)

    @property
    def path(self) -> Path:
        """SQLite's file."""
        if self.dialect != "sqlite" or not self.engine.url.database:
            raise DatabaseMisconfigured(f"{self!r} is no file")
        return Path(self.engine.url.database)

    def migrate(self) -> None:
        """Bring the schema to this release's; a few milliseconds where it is. Safe from several processes at once.

        Raises NewerDatabase where a newer release made the schema, OlderDatabase where one did that is not upgraded.
        """
        with self.snapshot() as conn:
            if is_current(conn) and views.are_current(conn):
                return
        with self.transaction() as conn:
            self.lock(conn, "migrations")
            upgrade(conn)
            views.create(conn)

    def id_key(self) -> bytes:
        """The key of all ids: the override, else the installation's own, made by the first migration."""
        if self.given_id_key is not None:
            return self.given_id_key
        with self.snapshot() as conn:
            query = select(installation.c.value).where(installation.c.name == "id_key")
            key = conn.execute(query).scalar_one_or_none()
        if key is None:
            raise DatabaseMisconfigured(
                f"{self!r} has no id key (table installation): restore the row from a backup, or set LEADLINE_ID_KEY"
            )
        return bytes(key)

    def server(self) -> str:
        """Which database answers: its kind and version."""
        if self.dialect == "sqlite":
            return f"sqlite {SQLITE}"
        with self.snapshot() as conn:
            return f"postgresql {conn.exec_driver_sql('SHOW server_version').scalar_one()}"

    def identity(self) -> str:
        """Which database this is, whatever address it is reached under; SQLite's is the file in the data folder."""
        if self.dialect == "sqlite":
            return self.path.name
        with self.snapshot() as conn:
            return database_identity(conn)

    def close(self) -> None:
        """Close the pooled connections. A lease keeps its own until released."""
        self.engine.dispose()


def _postgres(url: URL) -> Engine:
    driver = url.set(drivername="postgresql+psycopg2")
    link: dict[str, Any] = {key: value for key, value in _LINK.items() if key not in url.query}
    engine = create_engine(
        driver,
        hide_parameters=True,
        pool_timeout=_BUSY,
        pool_size=5,
        max_overflow=15,
        client_encoding="utf8",
        connect_args={"application_name": "leadline", **link} if "application_name" not in url.query else link,
    )

    @event.listens_for(engine, "connect")
    def settle(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("".join(f"SET {setting};" for setting in _SESSION))
        cursor.close()
        connection.commit()

    ask_the_idle(engine, _IDLE)
    return engine


def _sqlite(url: URL) -> Engine:
    name = url.database or ""
    if not name or ":memory:" in name or "mode=memory" in str(url):
        raise DatabaseMisconfigured(
            "database URL: SQLite in memory is not allowed (threads need one file): name a file"
        )
    path = Path(name).absolute()  # a later chdir must not open another file
    if not path.parent.is_dir():
        raise DatabaseMisconfigured(
            f"database URL: folder {path.parent} does not exist: create it, or name another file"
        )
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite", database=str(path)),
        hide_parameters=True,
        pool_timeout=_BUSY,
        pool_size=10,
        max_overflow=90,
        connect_args={"timeout": _BUSY, "check_same_thread": False, "isolation_level": None, "cached_statements": 256},
    )

    @event.listens_for(engine, "connect")
    def settle(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        _use_wal(cursor, path)
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.create_aggregate("quartiles", 1, SqliteQuartiles)

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        # The driver's own BEGIN is deferred: two writers that both read first could then only fail.
        snapshot = conn.get_execution_options().get(_SNAPSHOT, False)
        conn.exec_driver_sql("BEGIN" if snapshot else "BEGIN IMMEDIATE")

    return engine


def _named(engine: Engine) -> Engine:
    """What only the engine knows of an error: the file, and that it is the driver's, which refuses a parameter so."""

    @event.listens_for(engine, "handle_error")
    def name(context: ExceptionContext) -> BaseException | None:
        error = context.original_exception
        setattr(error, FILE, engine.url.database)
        return named(error) if isinstance(error, ValueError) else None

    return engine


def _use_wal(cursor: Any, path: Path) -> None:
    """Switch the file to WAL, once for all. SQLite does not wait for the lock that the switch needs, so we do."""
    deadline = time.monotonic() + _BUSY
    while True:
        try:
            mode = cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _TAKEN or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            if mode != "wal":
                raise DatabaseMisconfigured(
                    f"{path}: SQLite cannot use WAL on this file system: put it on a local disk"
                )
            return


def ping(database: Database) -> None:
    """Raises DatabaseAway where the database does not answer."""
    with database.snapshot() as conn:
        conn.execute(text("SELECT 1"))
