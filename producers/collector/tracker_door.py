"""The door of our own tracker: what it sends all day is taken here, all else by the door that takes what anybody sends.

It looks at a request as often as there is something in it to decide, and keeps to every rule of the other door: that
one gets whatever is not just as the tracker writes it, and what has to be refused.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from starlette.routing import BaseRoute
from starlette.types import Message, Receive, Scope, Send

from domain.touchpoints.text import header
from domain.touchpoints.touchpoint import Instant
from producers.collector import keys, responses
from producers.collector.admission import Admission
from producers.collector.durations import Durations
from producers.collector.intake import Intake
from producers.collector.request import origin_in
from producers.collector.straight import StraightWay
from producers.protocols.segment import tracked
from producers.protocols.segment.tracked import Batch
from producers.reading.arrival import ITEM_LIMIT, Arrival
from web.limits import declared_size

PATH: Final = "/v1/b"
LABEL: Final = PATH.removeprefix("/")


class TrackerDoor:
    """Around the way to all other doors, which gets whatever else comes."""

    def __init__(
        self,
        otherwise: StraightWay,
        admission: Admission,
        clock: Callable[[], Instant],
        intake: Intake,
        durations: Durations,
    ) -> None:
        self._otherwise = otherwise
        self._known = admission.keys
        self._conventions = admission.conventions
        self._kept_header = admission.kept_header
        self._clock = clock
        self._intake = intake
        self._durations = durations

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Every route there is, by whichever way it is gone."""
        return self._otherwise.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST" or scope["query_string"]:
            await self._otherwise(scope, receive, send)
            return
        began, headers = time.perf_counter(), dict(scope["headers"])
        if declared_size(headers.get(b"content-length", b"")) > ITEM_LIMIT or len(headers) < len(scope["headers"]):
            await self._otherwise(scope, receive, send)
            return
        message = await receive()
        whole = not message.get("more_body") and message["type"] == "http.request"
        batch = tracked.read(message.get("body", b"")) if whole else None
        arrival = None if batch is None else self._arrival(headers, batch)
        records = None if batch is None or arrival is None else tracked.records(arrival, batch)
        if arrival is None or records is None:
            await self._otherwise(scope, _again(message, receive), send)
            return
        try:
            await self._intake.take(arrival.source.name, records)
            response = responses.all_taken(headers.get(b"origin", b""))
        except Exception as error:
            response = responses.readable(responses.failed(error, LABEL), origin_in(headers))
        self._durations.add(LABEL, response.status_code, time.perf_counter() - began)
        await response(scope, receive, send)

    def _arrival(self, headers: Mapping[bytes, bytes], batch: Batch) -> Arrival | None:
        """How it came, where the key in its body alone says who sends it, and that is a browser."""
        source = self._known.source((batch.writeKey,)) if keys.HEADERS.isdisjoint(headers) else None
        if source is None or source.kind != "browser":
            return None
        agent = header(headers.get(b"user-agent", b"")[: self._kept_header].decode("latin-1"))
        return Arrival(
            LABEL, source, self._clock(), "", user_agent=agent, sent_at=batch.sentAt, conventions=self._conventions
        )


def _again(message: Message, receive: Receive) -> Receive:
    """What gives a message that was received already, then those behind it."""
    waiting = [message]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
