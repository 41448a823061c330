"""Where requests wait until the log has them: concurrent ones share an append, and no success leaves before it."""

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import anyio.to_thread

from store.log.port import Log, LogAway, LogError, LogFull, Record, RecordTooLarge
from store.log.topics import REJECTED, TOUCHPOINTS
from store.turn import Outage
from web.problems import Problem

SHARE: Final = 5_000
"""Most records of one shared append."""


_HINT: Final = "senders are answered 503 with Retry-After, nothing acknowledged is lost: do what the reason says"


@dataclass(slots=True)
class _Waiting:
    records: Sequence[Record]
    size: int
    done: asyncio.Future[None]


class AppendQueue:
    """Appends for the requests of one event loop. Touchpoints go first: if keeping a refusal then fails, the client
    sends all again and the touchpoints are known by their ids."""

    def __init__(self, log: Log, most_waiting: int = 1_000, most_bytes: int = 64 << 20) -> None:
        self._log = log
        self._most = most_waiting
        self._most_bytes = most_bytes
        self._bytes = 0
        self._waiting: dict[str, deque[_Waiting]] = {TOUCHPOINTS: deque(), REJECTED: deque()}
        self._drains: dict[str, asyncio.Task[None]] = {}
        self._outage = Outage("collector.refuses", "collector.takes", _HINT)

    async def put(self, touchpoints: Sequence[Record], rejected: Sequence[Record]) -> None:
        """Return when the log has all of them. Raises Problem (429 or 503, with Retry-After, or 413)."""
        for topic, records in ((TOUCHPOINTS, touchpoints), (REJECTED, rejected)):
            if not records:
                continue
            try:
                await self._append(topic, records)
            except LogError as error:
                raise problem(error) from error

    async def _append(self, topic: str, records: Sequence[Record]) -> None:
        queue = self._waiting[topic]
        size = sum(record.size for record in records)
        if len(queue) >= self._most or (self._bytes and self._bytes + size > self._most_bytes):
            detail = "too many or too large requests wait for the log already: send this one again a little later"
            raise Problem(429, detail, {"Retry-After": "1"})
        mine = _Waiting(records, size, asyncio.get_running_loop().create_future())
        self._bytes += size
        queue.append(mine)
        if topic not in self._drains:
            self._drains[topic] = asyncio.create_task(self._drain(topic))
        try:
            await mine.done
        finally:
            self._bytes -= size

    async def _drain(self, topic: str) -> None:
        queue = self._waiting[topic]
        try:
            while queue:
                shared = [queue.popleft()]
                size = len(shared[0].records)
                while queue and size + len(queue[0].records) <= SHARE:
                    size += len(queue[0].records)
                    shared.append(queue.popleft())
                await self._store(topic, shared)
        finally:
            del self._drains[topic]

    async def _store(self, topic: str, shared: list[_Waiting]) -> None:
        error: Exception | None = None
        try:
            together = [record for each in shared for record in each.records]
            await anyio.to_thread.run_sync(self._log.append, topic, together)
        except RecordTooLarge as failure:
            if len(shared) > 1:  # one of them: the others must not pay for it
                for each in shared:
                    await self._store(topic, [each])
                return
            error = failure
        except LogError as failure:
            self._outage.waits(failure)
            error = failure
        except Exception as failure:
            error = failure
        else:
            self._outage.over()
        for each in shared:
            if each.done.done():
                continue  # its client went away
            if error is None:
                each.done.set_result(None)
            else:
                each.done.set_exception(error)


def problem(error: LogError) -> Problem:
    """What a client is told when the log did not take its request."""
    if isinstance(error, LogFull | LogAway):
        after = str(max(1, math.ceil(error.retry_after)))
        full = isinstance(error, LogFull)
        why = "has no room (LEADLINE_SPOOL_LIMIT, or the disk)" if full else "cannot be reached"
        return Problem(503, f"the log {why} now: nothing is acknowledged, send it again", {"Retry-After": after})
    if isinstance(error, RecordTooLarge):
        return Problem(413, "an item is larger than the log takes: send smaller ones")
    detail = "the log refuses to be written: an operator must look at it, nothing is acknowledged, send it again later"
    return Problem(503, detail, {"Retry-After": "60"})
