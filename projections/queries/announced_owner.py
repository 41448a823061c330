"""Who has leads as the ledger announced it, although the touchpoint that notes it is on its way into the history."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import and_, select

from domain.signals.deadlines import DeadlineKind
from domain.signals.kinds import ASSIGNED
from projections.queries.shapes import OwnerShape
from projections.queries.view import View
from store.database.tables import deadlines, open_signals


def owner_now(view: View, lead: UUID, noted: OwnerShape | None) -> OwnerShape | None:
    """Who may answer for a live lead. `noted`: who has it by its history; a person may have given it to them since."""
    return owners_now(view, {lead: noted})[lead]


def owners_now(view: View, noted: Mapping[UUID, OwnerShape | None]) -> dict[UUID, OwnerShape | None]:
    """The same of several live leads, in one query."""
    announced, asked = open_signals.c, deadlines.c
    of_it = and_(asked.kind == DeadlineKind.ACCEPT.value, asked.cause == announced.signal)
    query = select(announced.holder, announced.value, announced.at, asked.due)
    query = query.join_from(open_signals, deadlines, of_it, isouter=True)
    query = query.where(announced.holder.in_(noted), announced.kind == ASSIGNED.value, announced.since == 0)
    owners = dict(noted)
    for row in view.conn.execute(query):
        before = noted[row.holder]
        if before is None or before.since < row.at:
            owners[row.holder] = OwnerShape(name=row.value, since=row.at, due=row.due, accepted_at=None)
    return owners
