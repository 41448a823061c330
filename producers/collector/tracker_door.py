"""The door of our own tracker: what it sends all day is taken here, all else by the door that takes what anybody sends.

It looks at a request as often as there is something in it to decide, and keeps to every rule of the other door: that
one gets whatever is not just as the tracker writes it, and what has to be refused.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from prometheus_client import Counter
from starlette.responses import Response

from domain.touchpoints.text import header
from domain.touchpoints.touchpoint import Instant
from producers.collector import answers, keys
from producers.collector.durations import Durations
from producers.collector.keys import WriteKeys
from producers.collector.queue import AppendQueue
from producers.collector.request import DoorRequest
from producers.collector.straight import Door
from producers.protocols.segment import tracked
from producers.protocols.segment.tracked import Batch
from producers.reading.arrival import Arrival
from producers.reading.conventions import Conventions

PATH: Final = "/v1/b"
LABEL: Final = PATH.removeprefix("/")


class TrackerDoor:
    """Takes what the tracker sends."""

    def __init__(
        self,
        known: WriteKeys,
        conventions: Conventions,
        kept_header: int,
        clock: Callable[[], Instant],
        queue: AppendQueue,
        durations: Durations,
        taken: Counter,
        otherwise: Door,
    ) -> None:
        """`kept_header`: characters of a User-Agent. `otherwise` is the door that takes what anybody sends."""
        self._known = known
        self._conventions = conventions
        self._kept_header = kept_header
        self._clock = clock
        self._queue = queue
        self._durations = durations
        self._taken_of = lru_cache(1_000)(taken.labels)
        self._otherwise = otherwise

    async def answer(self, request: DoorRequest) -> Response:
        """The answer to what is posted."""
        began = time.perf_counter()
        try:
            raw = await request.whole_body()
            batch = tracked.read(raw)
            arrival = None if batch is None else self._arrival(request, batch)
            records = None if batch is None or arrival is None else tracked.records(arrival, batch)
            if arrival is None or records is None:
                return await self._otherwise(request)
            await self._queue.put(records, ())
            self._taken_of(arrival.source.name).inc(len(records))
            response = answers.ALL_TAKEN
        except Exception as error:
            response = answers.failed(error, LABEL)
        self._durations.add(LABEL, response.status_code, time.perf_counter() - began)
        return answers.readable(response, request.origin())

    def _arrival(self, request: DoorRequest, batch: Batch) -> Arrival | None:
        """How it came, where the key in its body alone says who sends it, and that is a browser."""
        if request.scope["query_string"] or not keys.HEADERS.isdisjoint(request.said):
            return None
        source = self._known.source((batch.writeKey,))
        if source is None or source.kind != "browser":
            return None
        agent = header(request.text(b"user-agent")[: self._kept_header])
        return Arrival(
            LABEL, source, self._clock(), "", user_agent=agent, sent_at=batch.sentAt, conventions=self._conventions
        )
