"""The sum of the ledger: announced minus withdrawn is what holds and was told."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, select

from domain.signals.deadlines import DeadlineKind, DeadlineState
from domain.signals.kinds import SignalKind, announces, opens
from projections.upkeep.differing import unsettled
from store.database.tables import deadlines, ledger, open_signals

Wrong = tuple[str, tuple[Any, ...], tuple[Any, ...] | None, tuple[Any, ...] | None]
"""Table, key, the row as it is (None: missing), and as it must be (None: too much)."""


def wrong_sums(conn: Connection) -> Iterator[Wrong]:
    """Where the ledger's rows, what is open, and what holds do not agree. Clusters that were put aside are left out."""
    announced: dict[str, tuple[UUID, str, str]] = {}
    rows = conn.execute(select(ledger).order_by(ledger.c.position).execution_options(yield_per=2_000))
    for expected, row in enumerate(rows, 1):
        kind = SignalKind(row.kind)
        if row.position != expected:
            yield "ledger", (row.position,), (row.position, row.id), (expected, "the next position")
        if row.closes is not None and announced.pop(row.closes, None) is None:
            yield "ledger", (row.position,), (row.id, row.closes), (row.id, "closes what is open")
        if opens(kind, orjson.loads(row.data)):
            announced[row.id] = (row.lead, announces(kind).value, row.subject)
    signal_id = open_signals.c.signal
    for row in conn.execute(select(open_signals).where(signal_id.is_not(None)).order_by(signal_id)):
        if announced.pop(row.signal, None) != (row.lead, row.kind, row.subject):
            yield "open_signals", (row.signal,), (row.lead, row.kind, row.subject), None
    for signal, expected_row in sorted(announced.items()):
        yield "open_signals", (signal,), None, expected_row
    yield from _orphans(conn)
    for part, lead in unsettled(conn):
        yield "open_signals", (part, lead), ("what is open of it",), ("what holds of it",)


def _orphans(conn: Connection) -> Iterator[Wrong]:
    """What is waited for of an owner who does not have the lead."""
    owned = select(open_signals.c.signal).where(open_signals.c.kind == SignalKind.ASSIGNED.value)
    waiting = select(deadlines).where(deadlines.c.state == DeadlineState.OPEN.value)
    waiting = waiting.where(deadlines.c.kind == DeadlineKind.ACCEPT.value, deadlines.c.cause.not_in(owned))
    for row in conn.execute(waiting.order_by(deadlines.c.cause)):
        yield "deadlines", (row.kind, row.cause), (row.owner, row.state), (row.owner, DeadlineState.DROPPED.value)
