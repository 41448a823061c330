"""Rows of a large query, some at a time: the database keeps the others until they are asked for."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select

from store.database.errors import translated


def streamed(conn: Connection, query: Select[Any], size: int) -> Iterator[Sequence[Row[Any]]]:
    """The rows of a query on a snapshot, at most so many at a time."""
    with translated():
        if conn.dialect.name == "postgresql":  # of a cursor it expects that a tenth is read: then other plans are best
            conn.exec_driver_sql("SET LOCAL cursor_tuple_fraction = 1")
        yield from conn.execution_options(yield_per=size).execute(query).partitions()
