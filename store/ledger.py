"""The signal ledger as its readers take it: rows in their order, whatever they do with them."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Connection, Select, select

from domain.errors import Misconfigured
from domain.signals.answer_link import Asked
from domain.signals.asking import Ask
from domain.signals.kinds import SignalKind
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant
from store.database.tables import ledger


class Signal(NamedTuple):
    """A row of the ledger, in its columns' order. `at` in microseconds, `data` is JSON."""

    position: int
    id: str
    kind: SignalKind
    lead: UUID
    lead_now: UUID
    subject: str
    at: Instant
    closes: str | None
    data: str
    asks: str | None
    """What is asked of the lead (`ask_of`): private, it is no part of the message."""
    identity: str | None = None
    """JSON [kind, value] of the lead's highest kind, of a kind of signals that owners answer: private too."""

    def asked(self, data: Mapping[str, Any]) -> Asked:
        """It as far as a link depends on it, by which its owner answers; `data` is the row's."""
        return Asked(self.id, self.kind, self.lead_now, self.at, data, self.identity)

    @property
    def key(self) -> bytes:
        """The key of its message: the lead under which it was announced, also for what closes it."""
        return str(self.lead).encode()


def as_text(ask: Ask, identity: tuple[str, str]) -> str:
    """What is asked of the lead that has an identity, as it is stored."""
    id, *rest = ask
    return orjson.dumps([id, identity, *rest]).decode()


def ask_of(text: str) -> tuple[Ask, Identity]:
    """What is asked, and of whom; rows of 0.3 say nothing of type and policy, which were the promotion's."""
    id, identity, *rest = orjson.loads(text)
    return Ask(id, *rest), Identity(*identity)


def signals_after(conn: Connection, position: int, limit: int) -> list[Signal]:
    """The next rows behind a position. Raises Misconfigured at a kind that this release does not know."""
    query = select(ledger).where(ledger.c.position > position).order_by(ledger.c.position).limit(limit)
    return _signals(conn, query)


def signals_of(conn: Connection, ids: Collection[str]) -> list[Signal]:
    """The signals of some hundred ids, in their order."""
    return _signals(conn, select(ledger).where(ledger.c.id.in_(ids)).order_by(ledger.c.position)) if ids else []


def _signals(conn: Connection, query: Select[Any]) -> list[Signal]:
    return [Signal(number, id, _kind(number, kind), *rest) for number, id, kind, *rest in conn.execute(query)]


def _kind(position: int, kind: str) -> SignalKind:
    try:
        return SignalKind(kind)
    except ValueError:
        raise Misconfigured(
            f"the ledger has a signal of kind {kind!r} at position {position}, which this release does not know: "
            "a newer release wrote it. Run that one"
        ) from None
