"""`/api/signals`: what was announced, to whom that was delivered, and the same as a stream."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from api.access.masking import Masking
from api.bounds import bound_of
from api.parameters import Parameters, several
from api.stream import SignalFeed
from domain.signals.answer_link import Links
from domain.signals.kinds import SignalKind
from projections.queries.one_lead import live_lead
from projections.queries.shapes import Page
from projections.queries.view import LIMIT, Reader
from projections.reports.signals import DeliveryFilter, ListedSignalShape, SignalFilter, listed_signals
from store.database.database import Database
from store.deliveries import State
from web.private import Private
from web.problems import Problem
from web.viewer import Role, Viewer, viewer_of


class SignalsParameters(Parameters):
    """Parameters of the list and of the stream of signals."""

    after: Annotated[str | None, Field(description="a ledger position, `next`, or a signal's id")] = None
    kind: Annotated[str | None, Field(description="one kind, or several with commas")] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 100

    def kinds(self) -> tuple[str, ...]:
        """The kinds asked for; none: all."""
        kinds = several(self.kind)
        if wrong := [kind for kind in kinds if kind not in set(SignalKind)]:
            raise Problem(400, f"kind: found {wrong[0]!r}, allowed are {', '.join(SignalKind)}")
        return kinds


class SignalListParameters(SignalsParameters):
    """Parameters of the list alone."""

    lead: Annotated[str | None, Field(description="about this lead, under whichever id it was announced")] = None
    destination: Annotated[str | None, Field(description="that this destination is told, was told or was not told")] = (
        None
    )
    state: Annotated[State | None, Field(description="of such a delivery, at that destination or at any")] = None
    since: Annotated[str | None, Field(description="decided then or later: RFC 3339, or a day in the model's zone")] = (
        None
    )
    order: Annotated[
        Literal["oldest", "newest"], Field(description="of the ledger, or its reverse: `after` is then what is older")
    ] = "oldest"

    def told(self) -> DeliveryFilter | None:
        """What became of the signals that are asked for."""
        asked = DeliveryFilter(self.destination, self.state)
        return None if asked == DeliveryFilter() else asked


@dataclass(frozen=True, slots=True)
class Seeing:
    """Who is let in, and what readers see."""

    private: Private
    masking: Masking

    def event(self, event: ServerSentEvent, viewer: Viewer) -> ServerSentEvent:
        """An event as somebody sees it."""
        if viewer.role is not Role.READER or not event.raw_data:
            return event
        data = orjson.dumps(self.masking.seen(orjson.loads(event.raw_data))).decode()
        return event.model_copy(update={"raw_data": data})


def signal_routes(reader: Reader, database: Database, feed: SignalFeed, seeing: Seeing, links: Links) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["signals"])

    @router.get("/signals", summary="What was announced, and to whom that was delivered")
    def signals(parameters: Annotated[SignalListParameters, Query()]) -> Page[ListedSignalShape]:
        kinds, leads, since = parameters.kinds(), None, None
        if parameters.lead is not None or parameters.since is not None:
            with reader.leads() as view:
                since = bound_of("since", parameters.since, view.model.timezone)
                if parameters.lead is not None:
                    leads = view.lookup.ids_of(view.conn, live_lead(view, parameters.lead))
        with database.snapshot() as conn:
            return listed_signals(
                conn,
                SignalFilter(kinds, leads, since, parameters.told()),
                parameters.after,
                newest=parameters.order == "newest",
                limit=parameters.limit,
                links=links,
            )

    async def place(
        parameters: Annotated[SignalsParameters, Query()], last_event_id: Annotated[str | None, Header()] = None
    ) -> AsyncIterator[tuple[int, tuple[str, ...]]]:
        """Where a stream begins, and of which kinds; it counts among the open ones until its end."""
        kinds = parameters.kinds()
        with feed.reader():
            yield await feed.place(last_event_id or parameters.after), kinds

    @router.get("/signals/stream", summary="Signals as server-sent events", response_class=EventSourceResponse)
    async def stream(
        request: Request,
        begun: Annotated[tuple[int, tuple[str, ...]], Depends(place)],
    ) -> AsyncIterator[ServerSentEvent]:
        viewer = viewer_of(request)
        async for event in feed.events(*begun, welcome=lambda: seeing.private.still_lets_in(request)):
            yield seeing.event(event, viewer)

    return router
