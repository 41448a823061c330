"""How many leads each segment has: the projector keeps it with every batch, a build counts once, `verify` compares."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select

from store.database.derived import Derived


def count_members(conn: Connection, tables: Derived) -> None:
    """Have `segment_sizes` say what there is in `segment_members`."""
    conn.execute(delete(tables.segment_sizes))
    conn.execute(insert(tables.segment_sizes).from_select(["segment", "size"], _counted(tables)))


def sizes_of(conn: Connection, tables: Derived) -> dict[str, int]:
    """Leads by segment; those that never had any are left out."""
    return {row.segment: row.size for row in conn.execute(select(tables.segment_sizes))}


def wrong_sizes(conn: Connection, tables: Derived) -> Iterator[tuple[str, int, int]]:
    """(segment, size, leads in it) where the two differ."""
    sizes, counted = sizes_of(conn, tables), {row[0]: row[1] for row in conn.execute(_counted(tables))}
    for segment in sorted(sizes.keys() | counted.keys()):
        size, count = sizes.get(segment, 0), counted.get(segment, 0)
        if size != count:
            yield segment, size, count


def _counted(tables: Derived) -> Select[Any]:
    members = tables.segment_members.c
    return select(members.segment, func.count()).group_by(members.segment)
