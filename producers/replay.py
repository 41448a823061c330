"""Refused input, tried again: what is a touchpoint now goes to the log, the rest stays where it is."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Row, false, func, select

from domain.touchpoints.touchpoint import Instant
from producers.imports.importer import replay_row
from producers.imports.mapping import ImportMapping, MappingError
from producers.imports.row import RowRefused, Skipped
from producers.protocols.retry import again
from producers.reading.arrival import Unusable, sealed
from producers.reading.conventions import NONE, Conventions
from store.database.database import Database
from store.database.tables import rejected
from store.log.port import Log, Record
from store.log.rejection import CUT
from store.log.topics import TOUCHPOINTS
from store.rejected import mark_replayed

BATCH: Final = 500

Report = Callable[[int, int], None]
"""How much was tried, of how much. What it raises ends the work."""

Again = Callable[[Row[Any]], tuple[list[Record], list[str]]]
"""What a row becomes now, and why the rest of it is still refused."""


def _silent(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""


@dataclass(slots=True)
class Replayed:
    """What became of the refused input."""

    tried: int = 0
    appended: int = 0
    skipped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why the rest is still refused."""

    @property
    def refused(self) -> int:
        """How many are still refused."""
        return sum(self.reasons.values())

    def described(self) -> dict[str, Any]:
        """As JSON."""
        counts = {"tried": self.tried, "appended": self.appended, "skipped": self.skipped, "refused": self.refused}
        return {**counts, "reasons": dict(self.reasons)}


def replay(
    database: Database,
    log: Log,
    *,
    door: str | None = None,
    id: str | None = None,
    mapping: ImportMapping | None = None,
    conventions: Conventions = NONE,
    report: Report = _silent,
) -> Replayed:
    """Try all that waits (of doors that begin with `door`; of ids that begin with `id`), in the order of its arrival.

    What is appended twice, because this was cut off in between, is recorded once: ids stay what they were.
    """
    outcome, total = Replayed(), waiting(database, door, id)
    after: tuple[int, str] = (-1, "")
    replay_one = partial(_again, mapping=mapping, conventions=conventions)
    while rows := _waiting(database, after, door, id):
        after = rows[-1].at, rows[-1].id
        _replay(database, log, rows, replay_one, outcome)
        report(outcome.tried, max(total, outcome.tried))
    return outcome


def waiting(database: Database, door: str | None = None, id: str | None = None) -> int:
    """How much of it waits."""
    with database.snapshot() as conn:
        return conn.execute(select(func.count()).select_from(rejected).where(*_chosen(door, id))).scalar_one()


def _waiting(database: Database, after: tuple[int, str], door: str | None, id: str | None) -> list[Row[Any]]:
    table = rejected.c
    behind = (table.at > after[0]) | ((table.at == after[0]) & (table.id > after[1]))
    query = select(rejected).where(behind, *_chosen(door, id)).order_by(table.at, table.id).limit(BATCH)
    with database.snapshot() as conn:
        return list(conn.execute(query))


def _chosen(door: str | None, id: str | None) -> Iterator[ColumnElement[bool]]:
    yield rejected.c.replayed_at.is_(None)
    if door is not None:
        yield rejected.c.door.startswith(door, autoescape=True)
    if id is not None:
        yield rejected.c.id.startswith(id, autoescape=True) if id else false()


def _replay(database: Database, log: Log, rows: list[Row[Any]], replay_one: Again, outcome: Replayed) -> None:
    records: list[Record] = []
    replayed_ids: list[str] = []
    for row in rows:
        outcome.tried += 1
        try:
            row_records, reasons = replay_one(row)
        except (Unusable, RowRefused, MappingError, TypeError, ValueError) as error:
            outcome.reasons[str(error)] += 1
            continue
        records += row_records
        outcome.reasons.update(reasons)
        if not reasons:
            outcome.skipped += not row_records
            replayed_ids.append(row.id)
    log.append(TOUCHPOINTS, records)
    outcome.appended += len(records)
    if replayed_ids:
        with database.transaction() as conn:
            mark_replayed(conn, replayed_ids, database.now(conn))


def _again(row: Row[Any], mapping: ImportMapping | None, conventions: Conventions) -> tuple[list[Record], list[str]]:
    """What a row becomes now (nothing where the mapping skips it), and why the rest of it is still refused.

    Raises Unusable and its like.
    """
    meta = orjson.loads(row.meta)
    if meta.get(CUT):
        raise Unusable(f"too large, so only its first {len(row.raw)} bytes were kept: send it again from its source")
    if row.door.startswith("import/"):
        touchpoint = replay_row(row.raw, meta, Instant(int(meta.get("received_at", row.at))), mapping, conventions)
        return ([] if isinstance(touchpoint, Skipped) else [sealed(touchpoint)]), []
    taken = again(row.door, row.source or "", row.raw, meta, conventions)
    still = [] if taken.refused is None else [reason for _, reason in taken.refused.reasons()]
    return list(taken.records), still
