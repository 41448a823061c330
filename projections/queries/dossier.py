"""What stands behind a lead's card: by whom each identity was learnt, orders, what is waited for, hot times, notes."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from domain.fold.money import Amount, Amounts
from domain.model.definition import Model
from domain.signals.deadlines import Deadline, DeadlineKind, DeadlineState
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.shapes import AsOfShape, IdentityShape, Moment, Shape
from projections.queries.view import View
from projections.read_models.hot_episodes import HOT_EPISODES
from store.database.tables import deadlines

NOTED: Final = "noted"
"""The touchpoint by which staff keeps a note."""
NOTES: Final = 20
"""Most notes, the last ones."""


class LearntShape(IdentityShape):
    """An identity of a lead, and the first touchpoint of its history that bears it (null: none does)."""

    learnt_at: Annotated[Moment | None, Field(description="when that happened")] = None
    received_at: Annotated[Moment | None, Field(description="when it was reported")] = None
    source: Annotated[dict[str, str] | None, Field(description="who reported it: kind and name")] = None
    touchpoint: str | None = None
    type: str | None = None


class OrdersShape(Shape):
    """Orders of one currency, by `revenue` of the model; what was paid back is taken off the sum."""

    currency: Annotated[str | None, Field(description="null: nobody said which")]
    count: Annotated[int, Field(description="how many, what was paid back left out")]
    sum: float
    last: Annotated[float, Field(description="what the last one was worth")]
    last_at: Moment


class WaitingShape(Shape):
    """Something that is waited for."""

    deadline: Annotated[str, Field(description="accept, work, answer, follow_up")]
    cause: Annotated[str, Field(description="what asks: a signal's id, or a touchpoint's source and id")]
    owner: Annotated[str | None, Field(description="who is to do it; null: nobody has the lead")]
    asked: Moment
    due: Moment
    by: str | None
    note: str | None


class HotTimeShape(Shape):
    """A time that the lead was hot by the rules."""

    began_at: Moment
    ended_at: Annotated[Moment | None, Field(description="null: it goes on")]
    peak: Annotated[float, Field(description="the most heat in it")]


class NoteShape(Shape):
    """What somebody wrote down about the lead."""

    at: Moment
    by: Annotated[str | None, Field(description="who says it, by their own word")]
    viewer: Annotated[str | None, Field(description="the name that they were let in under")]
    note: str
    touchpoint: str


class DossierShape(AsOfShape):
    """What stands behind the card of a lead."""

    lead: str
    identities: list[LearntShape]
    orders: Annotated[list[OrdersShape], Field(description="a currency each, the last used first")]
    waiting: Annotated[list[WaitingShape], Field(description="what is to be done about it, the first due first")]
    hot_times: Annotated[list[HotTimeShape], Field(description="the first one first, at most the last 200")]
    notes: Annotated[list[NoteShape], Field(description="the newest first, at most twenty")]
    types: Annotated[dict[str, int], Field(description="how many touchpoints of each type, the most first")]


def dossier(view: View, lead: UUID) -> DossierShape:
    """Of a live lead."""
    history = view.lookup.history(view.conn, lead)
    first: dict[Identity, Touchpoint] = {}
    for touchpoint in history:
        if not touchpoint.by_machine:
            for identity in touchpoint.identities:
                first.setdefault(identity, touchpoint)
    return DossierShape(
        lead=str(lead),
        identities=[_learnt(each, first.get(each)) for each in view.lookup.identities(view.conn, lead)],
        orders=_orders(view.model, history),
        waiting=_waiting(view, lead),
        hot_times=_hot_times(view, lead),
        notes=_notes(history),
        types=dict(Counter(each.type for each in history).most_common()),
        **view.of_past(),
    )


def _learnt(identity: Identity, first: Touchpoint | None) -> LearntShape:
    if first is None:
        return LearntShape(kind=identity.kind, value=identity.value)
    return LearntShape(
        kind=identity.kind,
        value=identity.value,
        learnt_at=first.instant,
        received_at=first.received_at,
        source={"kind": first.source.kind, "name": first.source.name},
        touchpoint=first.id,
        type=first.type,
    )


def _notes(history: Sequence[Touchpoint]) -> list[NoteShape]:
    written = [each for each in history if each.type == NOTED and isinstance(each.properties.get("note"), str)]
    return [
        NoteShape(
            at=each.instant, by=_text(each.properties.get("by")), viewer=_text(each.context.get("viewer")),
            note=each.properties["note"], touchpoint=each.id,
        )
        for each in reversed(written[-NOTES:])
    ]  # fmt: skip


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _orders(model: Model, history: Sequence[Touchpoint]) -> list[OrdersShape]:
    amounts, paid = Amounts(model.money), defaultdict[str | None, list[tuple[Touchpoint, Amount]]](list)
    for touchpoint in history:
        if not touchpoint.by_machine and (amount := amounts.of(touchpoint)) is not None:
            paid[amount.currency].append((touchpoint, amount))
    orders = [_of_currency(currency, of_it) for currency, of_it in paid.items()]
    return sorted(orders, key=lambda each: each.last_at, reverse=True)


def _of_currency(currency: str | None, paid: Sequence[tuple[Touchpoint, Amount]]) -> OrdersShape:
    orders = [(touchpoint, amount) for touchpoint, amount in paid if amount.millionths >= 0]
    touchpoint, last = (orders or paid)[-1]
    return OrdersShape(
        currency=currency,
        count=len(orders),
        sum=sum(amount.millionths for _, amount in paid) / 1_000_000,
        last=last.millionths / 1_000_000,
        last_at=touchpoint.instant,
    )


def _waiting(view: View, lead: UUID) -> list[WaitingShape]:
    """What was waited for at the view's clock; deadlines are decisions, and what became of them is known by now."""
    query = select(deadlines).where(deadlines.c.lead == lead, deadlines.c.asked <= view.clock)
    if view.past is None:
        query = query.where(deadlines.c.state == DeadlineState.OPEN.value)
    waited_for = [each for row in view.conn.execute(query) if (each := _deadline(row)).waits_at(view.clock)]
    return [
        WaitingShape(
            deadline=each.kind, cause=each.cause, owner=each.owner, asked=each.asked, due=each.due, by=each.by,
            note=each.note,
        )
        for each in sorted(waited_for, key=lambda each: each.due)
    ]  # fmt: skip


def _deadline(row: Any) -> Deadline:
    return Deadline(
        DeadlineKind(row.kind), row.cause, row.lead, row.owner, row.signal, row.asked, row.due,
        DeadlineState(row.state), row.settled, row.by, row.note,
    )  # fmt: skip


def _hot_times(view: View, lead: UUID) -> list[HotTimeShape]:
    rows = sorted(view.rows(HOT_EPISODES, lead), key=lambda row: row.began_at)
    return [HotTimeShape(began_at=row.began_at, ended_at=row.ended_at, peak=round(row.peak, 2)) for row in rows]
