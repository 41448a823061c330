"""Signals that were announced, in the order of the ledger, and what became of each at the destinations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from pydantic import Field
from sqlalchemy import Connection, Row, Select, func, select

from domain.phrases import phrase
from domain.signals.answer_link import NO_LINKS, Asked, Links
from domain.signals.kinds import SignalKind
from projections.queries.cursors import BadCursor
from projections.queries.shapes import Moment, Page, Shape, SignalShape
from store.database.tables import deliveries, destinations, ledger
from store.deliveries import Delivery, State, everywhere
from store.models import active_model


class DeliveryShape(Shape):
    """What became of a signal at one destination of the model."""

    destination: str
    state: Annotated[State, Field(description="waiting, delivered, canceled (it had ended before), dead (given up)")]
    attempts: int
    why: Annotated[str, Field(description="what the destination answered last, or why it was not told")]
    at: Annotated[Moment, Field(description="of the state")]
    next_try: Annotated[Moment | None, Field(description="null: it does not wait")]


class ListedSignalShape(SignalShape):
    """A signal with its deliveries: none where no destination asks for such ones, or looked at it yet."""

    deliveries: list[DeliveryShape]


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """What became of signals at a destination, or at any that there is: None asks for nothing."""

    destination: str | None = None
    state: State | None = None

    def signals(self) -> Select[tuple[str]]:
        """The ids of such signals."""
        query = select(deliveries.c.signal)
        if self.destination is not None:
            query = query.where(deliveries.c.destination == self.destination)
        else:
            query = query.where(deliveries.c.destination.in_(select(destinations.c.name)))
        return query if self.state is None else query.where(deliveries.c.state == self.state)


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """Which signals are listed."""

    kinds: Sequence[str] = ()
    """Without any: of all kinds."""
    leads: Sequence[UUID] | None = None
    """Those that were announced under one of these ids; None: of everybody."""
    since: int | None = None
    """Decided then or later."""
    told: DeliveryFilter | None = None
    """What became of them at destinations."""


EVERY: Final = SignalFilter()


def kinds_since(conn: Connection, since: int) -> dict[str, int]:
    """How many of each kind were decided since then, in the order of the kinds; kinds without any are left out."""
    query = select(ledger.c.kind, func.count().label("signals")).where(ledger.c.at >= since).group_by(ledger.c.kind)
    counted = {row.kind: row.signals for row in conn.execute(query)}
    return {kind.value: counted[kind] for kind in SignalKind if kind in counted}


def ledger_end(conn: Connection) -> int:
    """The newest position of the ledger, 0 if it is empty."""
    return int(conn.execute(select(func.coalesce(func.max(ledger.c.position), 0))).scalar_one())


def ledger_place(conn: Connection, after: str) -> int:
    """The ledger position of a cursor: a position, or a signal's id. Raises BadCursor."""
    if after.isdecimal() and len(after) < 19:
        return int(after)
    position = conn.execute(select(ledger.c.position).where(ledger.c.id == after)).scalar()
    if position is None:
        raise BadCursor(phrase("{after!r} is neither a ledger position nor the id of a signal", after=after[:80]))
    return int(position)


def signals(
    conn: Connection, after: int, *, kinds: Sequence[str] = (), limit: int = 100, links: Links = NO_LINKS
) -> Page[SignalShape]:
    """Announced signals after a ledger position, oldest first."""
    query = select(ledger).where(ledger.c.position > after).order_by(ledger.c.position)
    rows, following = _page(conn, query, kinds, limit)
    links = _links(conn, links, rows)
    return Page[SignalShape](items=[SignalShape(**_fields(row, links)) for row in rows], next=following)


def listed_signals(
    conn: Connection,
    asked: SignalFilter = EVERY,
    after: str | None = None,
    *,
    newest: bool = False,
    limit: int = 100,
    links: Links = NO_LINKS,
) -> Page[ListedSignalShape]:
    """Announced signals behind a place in their order (a position or a signal's id), with their deliveries.

    Raises BadCursor.
    """
    position = ledger.c.position
    query = select(ledger).order_by(position.desc() if newest else position)
    if after is not None:
        place = ledger_place(conn, after)
        query = query.where(position < place if newest else position > place)
    if asked.leads is not None:
        query = query.where(ledger.c.lead.in_(asked.leads))
    if asked.since is not None:
        query = query.where(ledger.c.at >= asked.since)
    if asked.told is not None:
        query = query.where(ledger.c.id.in_(asked.told.signals()))
    rows, following = _page(conn, query, asked.kinds, limit)
    links, deliveries = _links(conn, links, rows), everywhere(conn, [row.id for row in rows])
    items = [
        ListedSignalShape(**_fields(row, links), deliveries=list(map(_delivery, deliveries.get(row.id, ()))))
        for row in rows
    ]
    return Page[ListedSignalShape](items=items, next=following)


def _page(
    conn: Connection, query: Select[Any], kinds: Sequence[str], limit: int
) -> tuple[Sequence[Row[Any]], str | None]:
    if kinds:
        query = query.where(ledger.c.kind.in_(kinds))
    rows = conn.execute(query.limit(limit + 1)).all()
    return rows[:limit], str(rows[limit - 1].position) if len(rows) > limit else None


def _links(conn: Connection, links: Links, rows: Sequence[Row[Any]]) -> Links:
    return links.by(active_model(conn)) if links.keys and rows else links


def _delivery(delivery: Delivery) -> DeliveryShape:
    return DeliveryShape(
        destination=delivery.destination, state=delivery.state, attempts=delivery.attempts, why=delivery.outcome,
        at=delivery.at, next_try=delivery.due if delivery.state == "waiting" else None,
    )  # fmt: skip


def _fields(row: Row[Any], links: Links) -> dict[str, Any]:
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
    return {**data, **fixed}
