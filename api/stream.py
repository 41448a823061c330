"""Signals as server-sent events: each once a connection, in the order of the ledger, resumed by `Last-Event-ID`.

One poller looks at the ledger for all readers, whatever their number; who has read up to it waits for what it finds.
Who is behind reads pages of its own until then. Neither takes a thread from those that answer requests.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

import anyio
import orjson
import structlog
from anyio.to_thread import run_sync
from fastapi.sse import ServerSentEvent

from domain.errors import Retry
from domain.signals.answer_link import NO_LINKS, Links
from projections.queries.shapes import SignalShape
from projections.reports.signals import ledger_end, ledger_place, signals
from store.database.database import Database
from web.problems import Problem

WELCOME: Final = 5.0
"""Seconds between two times that it is asked whether a reader may still read."""
GLANCE: Final = 0.2
"""Seconds between looks at the ledger."""

PAGE: Final = 500
RECENT: Final = 1_000
"""Signals that are remembered for readers that are a little behind."""
_NOT_YET: Final = 2**63 - 1


class Told(NamedTuple):
    """A signal as it is sent."""

    position: int
    kind: str
    event: ServerSentEvent


class SignalFeed:
    """What is added to the ledger, for at most `most` readers. All of it belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        most: int,
        stopping: Callable[[], bool] = lambda: False,
        links: Links = NO_LINKS,
    ) -> None:
        self._links = links
        self._database = database
        self._most = most
        self._stopping = stopping
        self._threads = anyio.CapacityLimiter(2)
        self._readers = 0
        self._poller: asyncio.Task[None] | None = None
        self._forget()

    def _forget(self) -> None:
        self._recent: list[Told] = []
        self._floor = self._end = _NOT_YET
        self._news = asyncio.Event()

    @contextmanager
    def reader(self) -> Iterator[None]:
        """A place among the readers. Raises Problem where all are taken."""
        if self._readers >= self._most:
            detail = f"{self._most} streams are open, which is the most (LEADLINE_STREAMS): ask /api/signals instead"
            raise Problem(503, detail, {"Retry-After": "5"})
        self._readers += 1
        if self._poller is None:
            self._forget()
            self._poller = asyncio.create_task(self._poll())
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers and self._poller is not None:
                self._poller.cancel()
                self._poller = None

    async def place(self, after: str | None) -> int:
        """The position to start behind: the ledger's end, or after a position or a signal's id. Raises BadCursor."""
        return await run_sync(self._place, after, limiter=self._threads)

    async def events(
        self, position: int, kinds: Sequence[str] = (), welcome: Callable[[], bool] = lambda: True
    ) -> AsyncIterator[ServerSentEvent]:
        """The signals behind `position`, then what is added, until the server leaves. A database that is away is waited
        for: the client keeps its place. `welcome`: whether this one may still read, asked in a thread now and then."""
        yield ServerSentEvent(retry=2_000)
        asked = time.monotonic()
        while self._poller is not None and not self._stopping():
            if time.monotonic() - asked >= WELCOME:
                if not await run_sync(welcome, limiter=self._threads):
                    return
                asked = time.monotonic()
            news = self._news
            if position < self._floor:
                try:
                    signals, position = await run_sync(self._page, position, kinds, limiter=self._threads)
                except Retry:
                    signals = []
                if not signals and position < self._floor:
                    await _some(news)
            else:
                signals = self._recent[bisect_right(self._recent, position, key=lambda each: each.position) :]
                position = max(position, self._end)
                if not signals:
                    await _some(news)
            for each in signals:
                if not kinds or each.kind in kinds:
                    yield each.event

    def _place(self, after: str | None) -> int:
        with self._database.snapshot() as conn:
            end = ledger_end(conn)  # a place beyond it is another ledger's, from before a backup was restored
            return end if after is None else min(end, ledger_place(conn, after))

    def _page(self, position: int, kinds: Sequence[str]) -> tuple[list[Told], int]:
        """What is to be sent now, and the position behind all that was looked at."""
        with self._database.snapshot() as conn:
            end = ledger_end(conn)
            page = signals(conn, position, kinds=kinds, limit=PAGE, links=self._links)
        return [_told(each) for each in page.items], end if page.next is None else int(page.next)

    # ---- the poller ----

    async def _poll(self) -> None:
        try:
            while not self._stopping():
                begins = self._end == _NOT_YET
                added: list[Told] = []
                with suppress(Retry):
                    added = await run_sync(self._look, limiter=self._threads)
                self._add(added)
                if added or begins:
                    self._tell()
                if len(added) < PAGE:
                    await anyio.sleep(GLANCE)
        except Exception as error:
            structlog.get_logger().error("stream.failed", error=f"{type(error).__name__}: {error}", exc_info=error)
            self._poller = None  # readers end, and come again
        finally:
            self._tell()

    def _look(self) -> list[Told]:
        """What was added since the last look; the first finds where the ledger ends."""
        with self._database.snapshot() as conn:
            if self._end == _NOT_YET:
                self._floor = self._end = ledger_end(conn)
                return []
            page = signals(conn, self._end, limit=PAGE, links=self._links)
        return [_told(each) for each in page.items]

    def _add(self, added: list[Told]) -> None:
        if added:
            self._recent += added
            self._end = added[-1].position
        if len(self._recent) > 2 * RECENT:
            self._floor = self._recent[-RECENT - 1].position
            del self._recent[:-RECENT]

    def _tell(self) -> None:
        """Wake whoever waits."""
        self._news.set()
        self._news = asyncio.Event()


async def _some(news: asyncio.Event) -> None:
    """Wait for news, for a while."""
    with anyio.move_on_after(WELCOME):
        await news.wait()


def _told(signal: SignalShape) -> Told:
    """One server-sent event. Its id is the ledger position."""
    data = orjson.dumps(signal.model_dump(mode="json")).decode()
    return Told(
        signal.position, signal.kind, ServerSentEvent(raw_data=data, event=signal.kind, id=str(signal.position))
    )
