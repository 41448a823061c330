"""Signals as rows of an export: what was announced, by position in the ledger."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from domain.touchpoints.identity import Identity
from projections.exports.columns import CellType, ExportColumn, Rows
from projections.exports.growing import Growing
from projections.exports.unnamed import Unnamed
from store.database.errors import translated
from store.database.tables import ledger
from store.events.ids import Ids
from store.ledger import Signal, signals_after

CHUNK: Final = 1_000
"""Signals in memory at a time."""
_WHO: Final = "person"
"""What a signal says of who it is about."""

COLUMNS: Final = (
    ExportColumn("position", CellType.INTEGER, "its place in the ledger, from 1"),
    ExportColumn("id", CellType.TEXT, "its id"),
    ExportColumn("kind", CellType.TEXT, "what is announced: lead.hot, stage.changed, ..."),
    ExportColumn("lead", CellType.ID, "the lead under which it was announced"),
    ExportColumn("lead_now", CellType.ID, "the lead that this one was when it was announced"),
    ExportColumn("subject", CellType.TEXT, "the segment, or the stage; empty where there is none"),
    ExportColumn("decided_at", CellType.MOMENT, "the instant of the decision"),
    ExportColumn("closes", CellType.TEXT, "the id of the signal that this one ends"),
    ExportColumn("data", CellType.JSON, "what it says, without who the person is"),
)
PERSONAL: Final = (*COLUMNS[:-1], ExportColumn("data", CellType.JSON, "what it says"))


def announced(ids: Ids, *, personal: bool = False) -> Growing:
    """Signals by ledger position. `personal`: with who the person is."""

    def rows(conn: Connection, after: int, until: int) -> Iterator[Rows]:
        while after < until:
            with translated():
                signals = signals_after(conn, after, min(CHUNK, until - after))
            if not signals:
                return
            within = [signal for signal in signals if signal.position <= until]
            yield [_row(signal, ids, personal) for signal in within]
            after = signals[-1].position

    return Growing(
        name="signals",
        columns=PERSONAL if personal else COLUMNS,
        position=ledger.c.position,
        recorded=ledger.c.at,
        rows=rows,
    )


def _row(signal: Signal, ids: Ids, personal: bool) -> Sequence[Any]:
    return (
        signal.position, signal.id, signal.kind.value, signal.lead, signal.lead_now, signal.subject, signal.at,
        signal.closes, signal.data if personal else _unnamed(signal, ids),
    )  # fmt: skip


def _unnamed(signal: Signal, ids: Ids) -> str:
    said = orjson.loads(signal.data)
    person = said.pop(_WHO, None) or {}
    identities = [Identity(kind, value) for kind in ("email", "phone") if (value := person.get(kind))]
    if signal.identity is not None:
        identities.append(Identity(*orjson.loads(signal.identity)))
    return Unnamed(identities, person, ids).json(said)
