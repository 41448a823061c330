"""The straight way in: what is posted to a fixed path of the collector goes to its door without a router.

Most requests come so, and a router that tries pattern after pattern costs as much as what the door does with them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar, overload

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from web.limits import BodyLimit

T = TypeVar("T")
Door = Callable[[Request], Awaitable[Response]]
"""What answers a request. It raises nothing: its answer says what went wrong."""


class StraightWay:
    """Around the application with the router, which gets whatever else comes."""

    def __init__(self, app: Starlette, doors: Mapping[str, Door], most: int) -> None:
        """`doors` by their paths; of a body no more than `most` bytes are read."""
        self._app = app
        self._doors = doors
        self._most = most
        self._limited = BodyLimit(self._answer, most)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Every route there is, by whichever way it is gone."""
        return self._app.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in self._doors:
            await self._app(scope, receive, send)
            return
        request = DoorRequest(scope, receive)
        if request.declares(self._most):
            await self._respond(request, send)
        else:
            await self._limited(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._respond(DoorRequest(scope, receive), send)

    async def _respond(self, request: "DoorRequest", send: Send) -> None:
        response = await self._doors[request.scope["path"]](request)
        await response(request.scope, request.receive, send)


class DoorRequest(Request):
    """A request whose headers are asked for often."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._found = _FoundHeaders(scope["headers"])

    @property
    def headers(self) -> Headers:
        """The headers, found by name without going through all of them."""
        return self._found

    def declares(self, most: int) -> bool:
        """Whether its head says that the body has no more bytes than so many: the server lets no further ones in."""
        size = self.headers.get("content-length", "")
        return size.isdigit() and len(size) < 10 and int(size) <= most and "transfer-encoding" not in self.headers


class _FoundHeaders(Headers):
    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        super().__init__(raw=raw)  # type: ignore[arg-type]  # it is only read
        self._first = dict(reversed(raw))  # of those that repeat the first counts

    def __getitem__(self, key: str) -> str:
        return self._first[key.lower().encode("latin-1")].decode("latin-1")

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower().encode("latin-1") in self._first

    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, default: str | T, /) -> str | T: ...
    def get(self, key: str, default: object = None, /) -> object:
        value = self._first.get(key.lower().encode("latin-1"))
        return default if value is None else value.decode("latin-1")

    def getlist(self, key: str) -> list[str]:
        if len(self._first) < len(self._list):
            return super().getlist(key)
        value = self.get(key)
        return [] if value is None else [value]


async def whole_body(request: Request) -> bytes:
    """All of a request's body; most come in one piece. Raises ClientDisconnect, and what the receiver does."""
    parts = []
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)
