"""What became of a lead whose owner was asked by a link: who answered first, and whether they still have it."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from domain.signals.answer_link import Answered, Invitation, Standing
from domain.signals.deadlines import DeadlineKind, DeadlineState
from domain.touchpoints.touchpoint import Instant, Touchpoint
from projections.queries.view import View
from store.database.tables import deadlines, events
from store.events.store import EventStore

SOURCE: Final = "api"
"""The name of the source that answers come from."""


def answered(view: View, store: EventStore, invitation: Invitation) -> Answered:
    """What became of it, as far as it is projected. An answer by the link counts before what anybody says later."""
    recorded = view.conn.execute(
        select(events.c.position).where(events.c.dedupe == view.ids.dedupe(SOURCE, invitation.touchpoint))
    ).scalar()
    if recorded is None:
        return _as_it_is(view, invitation)
    ((_, answer),) = store.scan(view.conn, recorded - 1, 1, recorded)
    if answer.type == "owner_rejected":
        return _said(Standing.REJECTED, invitation, answer)
    if view.position < recorded or view.clock < answer.instant:
        return Answered(Standing.WAITING)
    counts = _as_it_is(view, invitation)
    match counts.standing:
        case Standing.ACCEPTED:
            return _said(Standing.ACCEPTED, invitation, answer)
        case Standing.WAITING if _state(view, invitation) != DeadlineState.OPEN:
            return _said(Standing.EARLIER, invitation, answer)  # a press would be a repeat, and do nothing
        case _:
            return counts


def _said(standing: Standing, invitation: Invitation, answer: Touchpoint) -> Answered:
    by = answer.properties.get("by")
    return Answered(standing, by if isinstance(by, str) else invitation.owner, answer.instant)


def _as_it_is(view: View, invitation: Invitation) -> Answered:
    """By who has the lead now, and whether anybody waits: the owner of a new signal may not be projected yet."""
    lead: UUID | None = view.lookup.resolve(view.conn, invitation.lead)
    leads = view.tables.leads.c
    row = view.conn.execute(select(leads.owner, leads.accepted_at).where(leads.lead == lead)).first()
    state = _state(view, invitation)
    if row is not None and row.owner == invitation.owner:
        if row.accepted_at is not None:
            return Answered(Standing.ACCEPTED, invitation.owner, Instant(row.accepted_at))
        return Answered(Standing.ENDED if state == DeadlineState.DROPPED else Standing.WAITING)
    if state == DeadlineState.OPEN:
        return Answered(Standing.WAITING)
    return Answered(Standing.ENDED if row is None or row.owner is None else Standing.GIVEN)


def _state(view: View, invitation: Invitation) -> str | None:
    """What became of the wait for this answer; None: the signal is not known, or set no deadline."""
    asked = deadlines.c
    waits = select(asked.state).where(asked.kind == DeadlineKind.ACCEPT.value, asked.cause == invitation.signal)
    state: str | None = view.conn.execute(waits).scalar()
    return state
