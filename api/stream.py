"""Signals as server-sent events: each once a connection, in the order of the ledger, resumed by `Last-Event-ID`."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import anyio
import orjson
from anyio.to_thread import run_sync

from projections.queries.shapes import SignalShape
from projections.reports.reports import ledger_end, signals
from store.database.database import Database
from store.database.errors import DatabaseAway

GLANCE: Final = 0.2
"""Seconds between looks at the ledger."""

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment is sent, so that proxies keep the connection."""

PAGE: Final = 500


class SignalStream:
    """The ledger after `position`, then what is added to it, until the client or the server leaves."""

    def __init__(
        self, database: Database, position: int, kinds: Sequence[str] = (), stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self._database = database
        self._position = position
        self._kinds = kinds
        self._stopping = stopping

    async def lines(self) -> AsyncIterator[bytes]:
        """The body of the answer. A database that is away is waited for: the client keeps its place."""
        yield b"retry: 2000\n\n"
        silent = 0.0
        while not self._stopping():
            try:
                found, behind = await run_sync(self._read)
            except DatabaseAway:
                found, behind = [], self._position
            for signal in found:
                yield event(signal)
            self._position = behind
            silent = 0.0 if found else silent + GLANCE
            if silent >= HEARTBEAT:
                silent = 0.0
                yield b": still here\n\n"
            if len(found) < PAGE:
                await anyio.sleep(GLANCE)

    def _read(self) -> tuple[list[SignalShape], int]:
        """What is to be sent now, and the position behind all that was looked at."""
        with self._database.snapshot() as conn:
            end = ledger_end(conn)
            found = signals(conn, self._position, kinds=self._kinds, limit=PAGE)
        return found.items, end if found.next is None else int(found.next)


def event(signal: SignalShape) -> bytes:
    """One server-sent event. Its id is the ledger position."""
    data = orjson.dumps(signal.model_dump(mode="json"))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (signal.position, signal.kind.encode(), data)
