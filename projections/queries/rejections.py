"""Input that the doors refused, as a reader is told of it: newest first, with the reason and what came."""

from typing import Annotated, Any, Final

import orjson
from pydantic import Field
from sqlalchemy import Connection, Row, func, select

from domain.errors import NotFound
from domain.phrases import phrase
from domain.touchpoints.text import storable
from projections.queries.cursors import give, take
from projections.queries.shapes import Moment, Page, Shape
from store.database.tables import rejected

_LIST: Final = "rejected"


class RejectedShape(Shape):
    """One refused input."""

    id: str
    at: Moment
    door: Annotated[str, Field(description="which refused it: v1/track, f/NAME, p.gif, import/FILE, log, spool")]
    source: str | None
    reason: str
    raw: Annotated[str, Field(description="what came, as text: what is none is written as \\xNN")]
    raw_bytes: Annotated[int, Field(description="its length as kept; `raw` may be its beginning alone")]
    meta: Annotated[Any, Field(description="what a replay needs besides")]
    replayed_at: Annotated[Moment | None, Field(description="null: it waits")]


def rejections(
    conn: Connection,
    *,
    door: str | None = None,
    replayed: bool = False,
    limit: int = 100,
    cursor: str | None = None,
    shown: int | None = None,
) -> Page[RejectedShape]:
    """A page of what doors that begin so refused; `replayed`: also what was replayed. Raises BadCursor.

    `shown`: so many bytes of each are shown; None: all.
    """
    table = rejected.c
    query = select(rejected).order_by(table.at.desc(), table.id).limit(limit + 1)
    if cursor is not None:
        at, id = take(_LIST, cursor, int, str)
        query = query.where((table.at < at) | ((table.at == at) & (table.id > id)))
    if not replayed:
        query = query.where(table.replayed_at.is_(None))
    if door is not None:
        query = query.where(table.door.startswith(door, autoescape=True))
    rows = conn.execute(query).all()
    following = give(_LIST, rows[limit - 1].at, rows[limit - 1].id) if len(rows) > limit else None
    return Page[RejectedShape](items=[_shape(row, shown) for row in rows[:limit]], next=following)


def waiting_by_door(conn: Connection) -> dict[str, int]:
    """How much waits for a replay, by door, most first."""
    count = func.count().label("waiting")
    query = select(rejected.c.door, count).where(rejected.c.replayed_at.is_(None)).group_by(rejected.c.door)
    return {row.door: row.waiting for row in conn.execute(query.order_by(count.desc(), rejected.c.door))}


def rejection(conn: Connection, id: str) -> RejectedShape:
    """One refused input, whole. Raises NotFound."""
    row = conn.execute(select(rejected).where(rejected.c.id == storable(id))).one_or_none()
    if row is None:
        raise NotFound(phrase("nothing that was refused has the id {id!r}", id=id[:80]))
    return _shape(row, None)


def _shape(row: Row[Any], shown: int | None) -> RejectedShape:
    return RejectedShape(
        id=row.id, at=row.at, door=row.door, source=row.source, reason=row.reason,
        raw=row.raw[:shown].decode("utf-8", "backslashreplace"), raw_bytes=len(row.raw), meta=orjson.loads(row.meta),
        replayed_at=row.replayed_at,
    )  # fmt: skip
