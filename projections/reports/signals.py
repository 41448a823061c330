"""Signals that were announced, in the order of the ledger."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from domain.signals.answer_link import NO_LINKS, Asked, Links
from domain.signals.kinds import SignalKind
from projections.queries.cursors import BadCursor
from projections.queries.shapes import Page, SignalShape
from store.database.tables import ledger
from store.models import active_model


def ledger_end(conn: Connection) -> int:
    """The newest position of the ledger, 0 if it is empty."""
    return int(conn.execute(select(func.coalesce(func.max(ledger.c.position), 0))).scalar_one())


def ledger_place(conn: Connection, after: str) -> int:
    """The ledger position of a cursor: a position, or a signal's id. Raises BadCursor."""
    if after.isdecimal() and len(after) < 19:
        return int(after)
    position = conn.execute(select(ledger.c.position).where(ledger.c.id == after)).scalar()
    if position is None:
        raise BadCursor(f"{after[:80]!r} is neither a ledger position nor the id of a signal")
    return int(position)


def signals(
    conn: Connection, after: int, *, kinds: Sequence[str] = (), limit: int = 100, links: Links = NO_LINKS
) -> Page[SignalShape]:
    """Announced signals after a ledger position, oldest first."""
    query = select(ledger).where(ledger.c.position > after).order_by(ledger.c.position)
    if kinds:
        query = query.where(ledger.c.kind.in_(kinds))
    rows = list(conn.execute(query.limit(limit + 1)))
    following = str(rows[limit - 1].position) if len(rows) > limit else None
    if links.keys and rows:
        links = links.by(active_model(conn))
    return Page[SignalShape](items=[_signal(row, links) for row in rows[:limit]], next=following)


def _signal(row: Row[Any], links: Links) -> SignalShape:
    data = orjson.loads(row.data)
    asked = Asked(row.id, SignalKind(row.kind), row.lead_now, row.at, data, row.identity)
    fixed = {
        "id": row.id,
        "kind": row.kind,
        "lead": str(row.lead),
        "lead_now": str(row.lead_now),
        "at": row.at,
        "subject": row.subject,
        "closes": row.closes,
        "position": row.position,
        "link": links.lead(row.lead_now),
        "answer_link": links.answer(asked, data.get("person")),
    }
    return SignalShape(**{**data, **fixed})
