"""What would become of leads if a touchpoint were recorded now: their cards, who ceases, and what would be said."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection

from domain.fold.fold import Fold
from domain.people.walk import Walk, assign
from domain.signals.kinds import HOT
from domain.signals.signal import Decision
from domain.touchpoints.touchpoint import Touchpoint
from projections.projecting.foreseeing import ForeseenCluster, Foresight
from projections.projecting.projector import read_progress
from projections.queries.folded import FoldedRows
from projections.queries.lookup import Lookup
from projections.queries.one_lead import lead_detail
from projections.queries.shapes import LeadDetail, Shape
from projections.queries.view import View
from projections.queries.walked import WalkedCluster
from store.events.ids import Ids


class CeasedShape(Shape):
    """A lead that would be no more."""

    id: str
    lead_now: Annotated[str | None, Field(description="the lead that its id would lead to")]


class WouldSayShape(Shape):
    """A signal that would be sent."""

    kind: str
    lead: Annotated[str, Field(description="under which it would be announced")]
    lead_now: Annotated[str, Field(description="the lead that it would be about")]
    subject: Annotated[str, Field(description="the segment; empty where it is about none")]
    closes: Annotated[str | None, Field(description="id of the signal that it would end")]


class ForeseenShape(Shape):
    """What a command would do. Nothing was recorded."""

    type: Annotated[str, Field(description="of the touchpoint that would be recorded")]
    leads: Annotated[
        list[LeadDetail],
        Field(description="those that would be others than now, and what those asked about would be; `due` is null"),
    ]
    ceased: list[CeasedShape]
    signals: Annotated[list[WouldSayShape], Field(description="what would be announced and withdrawn")]


def foreseen(view: View, foresight: Foresight, touchpoint: Touchpoint, leads: Sequence[str]) -> ForeseenShape:
    """What a touchpoint about these live leads would do.

    Raises SavedByAnother, PutAside, UnknownTopic.
    """
    fold, clock = Fold(view.model), max(view.clock, touchpoint.received_at)
    clusters = foresight.clusters(view.conn, fold, touchpoint, read_progress(view.conn), clock)
    walked = _Walked(foresight.ids, clusters, clock)
    then = replace(
        view,
        lookup=Lookup(foresight.ids, walked),
        clock=clock,
        folded=FoldedRows(foresight.ids, walked, fold),
    )
    touched = [id for each in clusters for id in each.todo.touched.values() if id is not None]
    asked = [then.lookup.resolve(view.conn, UUID(lead)) for lead in leads]
    wanted = dict.fromkeys(id for id in [*asked, *touched] if id is not None)
    told = {
        id
        for each in clusters
        for id, opened in each.todo.cluster.opens.items()
        if (hot := opened.get((HOT, ""))) is not None and hot.signal is not None
    }
    read = {id for each in clusters for id in each.todo.cluster.opens}
    cards = [lead_detail(then, id) for id in wanted]
    return ForeseenShape(
        type=touchpoint.type,
        leads=[
            card.model_copy(update={"announced": card.hot and UUID(card.id) in told}) if UUID(card.id) in read else card
            for card in cards
        ],
        ceased=[
            CeasedShape(id=str(id), lead_now=_text(then.lookup.resolve(view.conn, id)))
            for each in clusters
            for id in sorted(each.todo.ceased)
        ],
        signals=[_signal(decision) for each in clusters if each.plan for decision in each.plan.decisions],
    )


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def _signal(decision: Decision) -> WouldSayShape:
    return WouldSayShape(
        kind=decision.kind.value,
        lead=str(decision.lead),
        lead_now=str(decision.lead_now),
        subject=decision.subject,
        closes=None if decision.closes is None else decision.closes.signal,
    )


class _Walked:
    """Clusters as they would be."""

    def __init__(self, ids: Ids, clusters: Iterable[ForeseenCluster], clock: int) -> None:
        self._clock = clock
        self._by_id: dict[UUID, WalkedCluster] = {}
        for each in clusters:
            taken = [touchpoint for touchpoint in each.history if touchpoint.instant <= clock]
            walk, histories = assign(taken, each.facts)
            cluster = WalkedCluster(walk, histories, {})
            heads = [head for person in walk.people.values() for head in person.heads]
            self._by_id |= dict.fromkeys(ids.all([*heads, *walk.owner]), cluster)

    def clock(self, conn: Connection) -> int:
        return self._clock

    def walk(self, conn: Connection, id: UUID) -> Walk | None:
        cluster = self._by_id.get(id)
        return None if cluster is None else cluster.walk

    def walked(self, conn: Connection, id: UUID) -> WalkedCluster | None:
        return self._by_id.get(id)
