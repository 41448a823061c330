"""How long and how many connections are borne: limits that uvicorn has no settings for, in its own protocol.

A head or a body that does not come to its end in time is answered 408, a head that is too large 431, a connection too
many 503; then the connection ends.
"""

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, cast

import structlog
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from web.problems import Problem

_SPARE: Final = 1.2
"""Beyond the limit, so many times it are heard to be told 503; the rest are told at once, unheard."""
_REMINDER: Final = 60.0
"""Seconds between warnings while there are too many."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Connections at a time; seconds and bytes of a request's head (its line and headers), and seconds of its body."""

    connections: int
    head_seconds: float
    body_seconds: float
    head_bytes: int


class Crowd:
    """Warns when there are too many connections, not more often than once a minute."""

    def __init__(self) -> None:
        self._warned = float("-inf")

    def turned_away(self, count: int) -> None:
        """One was turned away, for so many are here."""
        if time.monotonic() - self._warned < _REMINDER:
            return
        self._warned = time.monotonic()
        structlog.get_logger("server").warning(
            "server.full", connections=count,
            hint="others are answered 503: find who holds them, or raise LEADLINE_CONNECTIONS and the file limit",
        )  # fmt: skip


def bounded(limits: ConnectionLimits) -> type[asyncio.Protocol]:
    """What uvicorn makes its connections with."""
    return cast("type[asyncio.Protocol]", partial(BoundedProtocol, limits, Crowd()))


class BoundedProtocol(HttpToolsProtocol):
    """One connection within the limits."""

    def __init__(self, limits: ConnectionLimits, crowd: Crowd, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._limits = limits
        self._most_head, self._most_connections = limits.head_bytes, limits.connections
        self._crowd = crowd
        self._served = self.app
        self._waiting: asyncio.TimerHandle | None = None
        self._part: Literal["none", "head", "body"] = "none"
        self._head_size = 0
        self._coming = 0
        self._whole = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is heard, unless far too many are."""
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > self._limits.connections * _SPARE:
            self._turn_away()
            self._end(_FULL)
        else:
            self._wait(self._limits.head_seconds, "head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self._settle()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request came."""
        self._whole, self._coming = False, len(data)
        HttpToolsProtocol.data_received(self, data)
        if self._whole and self._part == "none":
            return  # a request in one piece, as nearly all are
        if self._part == "body" and self._waiting is None and not self.transport.is_closing():
            self._wait(self._limits.body_seconds, "body")
        if self._part == "body" or (self._part == "none" and self._is_asked) or self.transport.is_closing():
            return
        self._head_size += len(data)
        if self._head_size > self._limits.head_bytes:
            self._end(_large(self._limits.head_bytes))
        elif self._waiting is None:
            self._wait(self._limits.head_seconds, "head")

    def on_message_begin(self) -> None:
        """A request begins."""
        HttpToolsProtocol.on_message_begin(self)
        self._part, self._head_size = "head", 0

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        if self._waiting is not None:
            self._settle()
        self._part = "body"
        if self._head_size + self._coming > self._most_head and self._is_large():
            self.app = _answers(_large(self._limits.head_bytes))
        elif len(self.connections) > self._most_connections:
            self._turn_away()
            self.app = _answers(_FULL)
        else:
            self.app = self._served
        HttpToolsProtocol.on_headers_complete(self)

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._part, self._whole = "none", True
        if self._waiting is not None:
            self._settle()
        HttpToolsProtocol.on_message_complete(self)

    def _is_large(self) -> bool:
        """Whether the head that is whole is too large; asked where as many bytes came at all."""
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > self._most_head

    @property
    def _is_asked(self) -> bool:
        """Whether the newest bytes ended a request, or one is being answered: nothing more has to come."""
        return self._whole or (self.cycle is not None and not self.cycle.response_complete)

    def _turn_away(self) -> None:
        self._crowd.turned_away(len(self.connections))

    def _wait(self, seconds: float, awaited: str) -> None:
        self._settle()
        self._waiting = self.loop.call_later(seconds, self._late, awaited, seconds)

    def _settle(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _late(self, awaited: str, seconds: float) -> None:
        self._waiting = None
        self._end(Problem(408, f"the request's {awaited} did not come to its end in {seconds:g} seconds", _LAST))

    def _end(self, problem: Problem) -> None:
        """Tell it, unless an answer is under way already, and end the connection."""
        if self.transport.is_closing():
            return
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self.transport.write(_bytes(problem))
        self.transport.close()


_LAST: Final = {"Connection": "close"}
_FULL: Final = Problem(503, "too many connections now: try again a little later", {**_LAST, "Retry-After": "5"})


def _large(most: int) -> Problem:
    return Problem(431, f"the request's line and headers are larger than {most} bytes", _LAST)


def _answers(problem: Problem) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await problem.response()(scope, receive, send)

    return app


def _bytes(problem: Problem) -> bytes:
    response = problem.response()
    head = b"".join(b"%b: %b\r\n" % pair for pair in response.raw_headers)
    return STATUS_LINE[problem.status] + head + b"\r\n" + bytes(response.body)
