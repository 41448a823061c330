"""Who has a lead as the ledger announced it, although the touchpoint that notes it is on its way into the history."""

from uuid import UUID

from sqlalchemy import and_, select

from domain.signals.deadlines import DeadlineKind
from domain.signals.kinds import ASSIGNED
from projections.queries.shapes import OwnerShape
from projections.queries.view import View
from store.database.tables import deadlines, open_signals


def owner_now(view: View, lead: UUID, noted: OwnerShape | None) -> OwnerShape | None:
    """Who may answer for a live lead. `noted`: who has it by its history; a person may have given it to them since."""
    announced, asked = open_signals.c, deadlines.c
    of_it = and_(asked.kind == DeadlineKind.ACCEPT.value, asked.cause == announced.signal)
    query = select(announced.value, announced.at, asked.due).join_from(open_signals, deadlines, of_it, isouter=True)
    query = query.where(announced.holder == lead, announced.kind == ASSIGNED.value, announced.since == 0)
    row = view.conn.execute(query).first()
    if row is None or (noted is not None and noted.since >= row.at):
        return noted
    return OwnerShape(name=row.value, since=row.at, due=row.due, accepted_at=None)
