"""Where every door gives what it took: to the log, and once it is there to the counter of its source."""

from collections.abc import Sequence
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter

from producers.collector.queue import AppendQueue
from store.log.port import Record


class Intake:
    """One for all doors of an application."""

    def __init__(self, queue: AppendQueue, registry: CollectorRegistry) -> None:
        self._queue = queue
        taken = Counter("leadline_collector_touchpoints", "Touchpoints acknowledged", ("source",), registry=registry)
        self._taken_of = lru_cache(1_000)(taken.labels)

    async def take(self, source: str, touchpoints: Sequence[Record], rejected: Sequence[Record] = ()) -> None:
        """Return when the log has all of them. Raises Problem, as `AppendQueue.put`; then nothing is counted."""
        await self._queue.put(touchpoints, rejected)
        if touchpoints:
            self._taken_of(source).inc(len(touchpoints))
