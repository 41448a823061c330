"""What PostgreSQL is asked for, and SQLite with its one writer needs not: statistics, and locks of a transaction."""

from collections.abc import Iterable

from sqlalchemy import Connection, Table, inspect

from store.database.lease import lock_number


def analyze(conn: Connection, tables: Iterable[Table]) -> None:
    """Have it look at filled tables now: it plans by what it knows of them, and would look by itself in a minute."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in tables)}")


def one_at_a_time(conn: Connection, name: str) -> None:
    """Wait until nobody else does what bears this name."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (lock_number("lock", name),))


def database_size(conn: Connection) -> int:
    """Bytes of the whole database on a server; that of SQLite is a file."""
    return int(conn.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


def shut(conn: Connection, table: Table) -> None:
    """Wait until nobody reads a table, and let nobody read it."""
    if conn.dialect.name == "postgresql" and inspect(conn).has_table(table.name):
        conn.exec_driver_sql(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE")
