"""Input that was refused, kept with its reason and its bytes, so that it can be looked at and replayed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, tuple_, update

from store.database import bulk
from store.database.errors import translated
from store.database.tables import rejected
from store.events.library.mapper import clear_text


@dataclass(frozen=True, slots=True)
class Rejected:
    """One refused input. `at` and `replayed_at` in microseconds; `meta` is JSON: what a replay needs."""

    id: str
    at: int
    door: str
    reason: str
    source: str | None
    raw: bytes
    meta: str
    replayed_at: int | None = None


def keep(conn: Connection, rows: Sequence[Rejected]) -> int:
    """Keep the rows that are not kept yet; how many were new."""
    return bulk.insert_new(conn, rejected, [_clear(row) for row in rows])


def listed(
    conn: Connection, limit: int, after: tuple[int, str] | None = None, *, replayed: bool | None = None
) -> list[Rejected]:
    """The next rows by (at, id) after such a pair; `replayed` keeps only those that were, or were not."""
    query = select(rejected).order_by(rejected.c.at, rejected.c.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(rejected.c.at, rejected.c.id) > after)
    if replayed is not None:
        stamp = rejected.c.replayed_at
        query = query.where(stamp.is_not(None) if replayed else stamp.is_(None))
    with translated():
        return [Rejected(*row) for row in conn.execute(query)]


def every(conn: Connection, *, replayed: bool | None = None, size: int = 500) -> Iterator[Rejected]:
    """All rows, some hundred at a time."""
    after: tuple[int, str] | None = None
    while page := listed(conn, size, after, replayed=replayed):
        yield from page
        after = page[-1].at, page[-1].id


def mark_replayed(conn: Connection, ids: Sequence[str], at: int) -> None:
    """Note that these were put on the log again."""
    with translated():
        for start in range(0, len(ids), 500):
            chosen = rejected.c.id.in_(ids[start : start + 500])
            conn.execute(update(rejected).where(chosen).values(replayed_at=at))


def _clear(row: Rejected) -> tuple[object, ...]:
    source = None if row.source is None else clear_text(row.source)
    door, reason, meta = clear_text(row.door), clear_text(row.reason), clear_text(row.meta)
    return row.id, row.at, door, reason, source, row.raw, meta, row.replayed_at
