"""Scratch tables beside a view: of the shape of derived ones, for what a reader works out; gone when it is done.

They are temporary tables of a connection that sees the view. On PostgreSQL it is one of its own, since the view's is
read-only; on SQLite the view's, whose file stays as it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table
from sqlalchemy.schema import CreateIndex, CreateTable

from store.database.derived import Derived, derived
from store.database.errors import translated
from store.database.exported import ExportedView
from store.database.postgres_only import look_long
from store.database.tables import live

_PREFIX: Final = "scratch_"


class Scratch(NamedTuple):
    """A connection that sees the view, the live tables with scratch ones in place of some of them, and these."""

    conn: Connection
    tables: Derived
    anew: Sequence[Table]

    def settle(self) -> None:
        """They are filled: PostgreSQL counts what is in them, which its plans need."""
        if self.conn.dialect.name == "postgresql":
            for table in self.anew:
                self.conn.exec_driver_sql(f'ANALYZE "{table.name}"')


@contextmanager
def scratch(view: ExportedView, names: Iterable[str]) -> Iterator[Scratch]:
    """Empty tables in place of these derived ones (`funnel_days`). Raises DatabaseAway."""
    tables = derived(_PREFIX)
    instead: dict[str, Any] = {name: getattr(tables, name) for name in names}
    anew = list(instead.values())
    opened = _on_postgres(view) if view.database.dialect == "postgresql" else _on_sqlite(view)
    with opened as conn:
        try:
            for table in anew:
                _create(conn, table)
            yield Scratch(conn, replace(live, **instead), anew)
        finally:
            if view.database.dialect == "sqlite" and not conn.invalidated:
                for table in anew:
                    conn.exec_driver_sql(f'DROP TABLE IF EXISTS temp."{table.name}"')


@contextmanager
def _on_postgres(view: ExportedView) -> Iterator[Connection]:
    snapshot = view.conn.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
    with translated(), view.database.engine.connect() as plain, plain.begin() as transaction:
        look_long(plain, snapshot, writes=True)
        yield plain
        transaction.rollback()


@contextmanager
def _on_sqlite(view: ExportedView) -> Iterator[Connection]:
    view.conn.exec_driver_sql("PRAGMA query_only = OFF")
    try:
        with translated():
            yield view.conn
    finally:
        if not view.conn.invalidated:
            view.conn.exec_driver_sql("PRAGMA query_only = ON")


def _create(conn: Connection, table: Table) -> None:
    """What the schema has under another name, with its indexes, as a temporary table."""
    statement = str(CreateTable(table).compile(conn)).replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1).rstrip()
    conn.exec_driver_sql(statement + (" ON COMMIT DROP" if conn.dialect.name == "postgresql" else ""))
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        conn.execute(CreateIndex(index))
