"""How many rows there are, where that is kept: the projector adds to it with every batch, a build counts once, `verify`
compares."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from projections.read_models.family import RowCount
from projections.read_models.registry import COUNTS
from store.database.derived import Derived

Wrong = tuple[str, tuple[Any, ...], tuple[int, ...], tuple[int, ...]]
"""Table, key, the numbers as they stand, and as counted."""


def count_rows(conn: Connection, tables: Derived, counts: Iterable[RowCount] = COUNTS) -> None:
    """Have tables of counts say what rows there are."""
    for each in counts:
        table = each.table(tables)
        conn.execute(delete(table))
        conn.execute(insert(table).from_select([column.name for column in table.columns], each.counted(tables)))


def sizes_of(conn: Connection, tables: Derived) -> dict[str, int]:
    """Leads by segment; those that have none are left out."""
    return {row.segment: row.size for row in conn.execute(select(tables.segment_sizes))}


def wrong_counts(conn: Connection, tables: Derived) -> Iterator[Wrong]:
    """Where a count differs from the rows."""
    for each in COUNTS:
        table = each.table(tables)
        width = len(table.primary_key)
        kept, counted = (
            {tuple(row[:width]): tuple(row[width:]) for row in conn.execute(query)}
            for query in (select(table), each.counted(tables))
        )
        none = (0,) * (len(table.columns) - width)
        for key in sorted(kept.keys() | counted.keys()):
            found, expected = kept.get(key, none), counted.get(key, none)
            if found != expected:
                yield table.name, key, found, expected
