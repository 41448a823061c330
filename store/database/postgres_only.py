"""What PostgreSQL is asked for, and SQLite with its one writer needs not: statistics, and locks of a transaction."""

import time
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, Engine, Table, event, inspect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from store.database.lease import lock_number

_USED: Final = "leadline_used"


def analyze(conn: Connection, tables: Iterable[Table]) -> None:
    """Have it look at filled tables now: it plans by what it knows of them, and would look by itself in a minute."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in tables)}")


def one_at_a_time(conn: Connection, name: str) -> None:
    """Wait until nobody else does what bears this name."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (lock_number("lock", name),))


def look_long(conn: Connection, shared: str | None, *, writes: bool) -> None:
    """Make a transaction that has just begun a view of one moment, or of that of a snapshot that another exported.

    One that thinks long between two statements (`verify`) is in nobody's way, and not cut off.
    """
    statements = [
        f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ {'WRITE' if writes else 'ONLY'}",
        "SET LOCAL idle_in_transaction_session_timeout = 0",
    ]
    if shared is not None:
        statements.append("SET TRANSACTION SNAPSHOT '{}'".format(shared.replace("'", "''")))
    conn.exec_driver_sql("; ".join(statements))  # in one trip


def ask_the_idle(engine: Engine, after: float) -> None:
    """Before a pooled connection is used that lay idle for so many seconds, see that its server is there still.

    One that was used a moment ago is not asked: that would be a trip for every look.
    """
    pool = engine.pool

    @event.listens_for(pool, "checkin")
    def note(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info[_USED] = time.monotonic()

    @event.listens_for(pool, "checkout")
    def ask(connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        used = entry.info.get(_USED)
        if used is None or time.monotonic() - used < after:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError("the server has closed its connections") from error


def database_size(conn: Connection) -> int:
    """Bytes of the whole database on a server; that of SQLite is a file."""
    return int(conn.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


def database_identity(conn: Connection) -> str:
    """Which database of which server this is."""
    query = "SELECT system_identifier, oid FROM pg_control_system(), pg_database WHERE datname = current_database()"
    server, number = conn.exec_driver_sql(query).one()
    return f"{server}/{number}"


def shut(conn: Connection, table: Table) -> None:
    """Wait until nobody reads a table, and let nobody read it."""
    if conn.dialect.name == "postgresql" and inspect(conn).has_table(table.name):
        conn.exec_driver_sql(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE")
