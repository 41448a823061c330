"""Whether somebody had been told of a hot lead at an instant: a decision, which no fold gives."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, select

from domain.signals.kinds import HOT
from store.database.tables import hot_told, ledger


def told(conn: Connection, lead: UUID, former: Sequence[UUID], at: int) -> bool:
    """Whether a lead held an announcement that it is hot at an instant.

    `former`: ids that the lead may have had. They count where the lead itself never held any: it was another one then,
    or a release before 0.5 announced it, which kept only what the ledger says.
    """
    signal = _held(conn, lead, at)
    if signal is None:
        return any(_held(conn, each, at) for each in former) or _announced(conn, [lead, *former], at)
    return signal != ""


def _held(conn: Connection, lead: UUID, at: int) -> str | None:
    """The signal that a lead held; empty: none any more; None: it never held one."""
    held = hot_told.c
    query = select(held.signal).where(held.lead == lead, held.at <= at).order_by(held.at.desc()).limit(1)
    row = conn.execute(query).one_or_none()
    return None if row is None else row.signal or ""


def _announced(conn: Connection, leads: Sequence[UUID], at: int) -> bool:
    """Whether the ledger announced any of these, and did not close it, by an instant."""
    opened, closing = ledger.c, ledger.alias().c
    closed = select(closing.position).where(closing.closes == opened.id, closing.at <= at, closing.lead == opened.lead)
    query = select(opened.position).where(opened.kind == HOT.value, opened.lead.in_(leads), opened.at <= at)
    return conn.execute(query.where(~closed.exists()).limit(1)).first() is not None
