"""The audit: a line for each time that personal data was taken out, for each change of who may ask for it, and for each
model that somebody activated."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, insert, select, tuple_

from store.database.database import Database
from store.database.tables import audit


class AuditedAct(StrEnum):
    """What was done."""

    EXPORT = "export"
    TOKEN_MADE = "token made"
    TOKEN_WITHDRAWN = "token withdrawn"
    MODEL_ACTIVATED = "model activated"


class AuditLine(NamedTuple):
    """What somebody did. `what`: which export, whose token, which activation; `rows`: how many were exported, None of
    what has none."""

    id: str
    at: int
    who: str
    act: AuditedAct
    what: str
    rows: int | None


class AuditPlace(NamedTuple):
    """Where a list of lines goes on."""

    at: int
    id: str


def keep_line(
    database: Database, conn: Connection, who: str, act: AuditedAct, what: str, rows: int | None = None
) -> None:
    """Write a line, in the transaction of what it is about."""
    line = AuditLine(uuid4().hex, database.now(conn), who, act, what, rows)
    conn.execute(insert(audit).values({**line._asdict(), "act": act.value}))


def activation_line(activation: int) -> str:
    """What a line says of an activation."""
    return f"activation {activation}"


def activated_by(conn: Connection, activations: Iterable[int]) -> dict[int, str]:
    """Who activated each model, those of which it is known."""
    lines = {activation_line(number): number for number in activations}
    act = AuditedAct.MODEL_ACTIVATED.value
    rows = conn.execute(select(audit.c.what, audit.c.who).where(audit.c.act == act, audit.c.what.in_(lines)))
    return {lines[what]: who for what, who in rows}


def audit_lines(conn: Connection, limit: int, after: AuditPlace | None = None) -> list[AuditLine]:
    """The newest lines first, those behind a place."""
    columns = audit.c
    query = select(columns.id, columns.at, columns.who, columns.act, columns.what, columns.rows)
    if after is not None:
        query = query.where(tuple_(columns.at, columns.id) < after)
    rows = conn.execute(query.order_by(columns.at.desc(), columns.id.desc()).limit(limit))
    return [AuditLine(id, at, who, AuditedAct(act), what, count) for id, at, who, act, what, count in rows]
