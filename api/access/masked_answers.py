"""Around the application of `/api`: no answer to a reader says who somebody is, whichever route made it."""

from typing import Final

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.masking import Masking
from web.problems import PROBLEM_JSON, Problem
from web.viewer import Role

_AS_IT_IS: Final = PROBLEM_JSON
"""An error is about what was asked."""
_STREAM: Final = "text/event-stream"
"""Its route masks each event."""


class MaskedAnswers:
    """Of answers to readers JSON and CSV are masked; what is neither, nobody can mask, and they do not get."""

    def __init__(self, app: ASGIApp, masking: Masking) -> None:
        self._app = app
        self._masking = masking

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {})
        start: Message = {}
        body = bytearray()

        async def send_on(message: Message) -> None:
            nonlocal start
            viewer = state.get("viewer")
            if viewer is None or viewer.role is not Role.READER:
                await send(message)
            elif message["type"] == "http.response.start":
                start = message
                if _kind(start) == _STREAM:
                    await send(message)
            elif _kind(start) == _STREAM:
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    await self._finish(start, bytes(body), scope, receive, send)

        await self._app(scope, receive, send_on)

    async def _finish(self, start: Message, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        masked = await run_in_threadpool(self._masked, _kind(start), body)
        if masked is None:
            await Problem(403, "a reader gets JSON and CSV").response()(scope, receive, send)
            return
        others = [header for header in start["headers"] if header[0].lower() != b"content-length"]
        length = (b"content-length", str(len(masked)).encode())
        await send({**start, "headers": [*others, length]})
        await send({"type": "http.response.body", "body": masked})

    def _masked(self, kind: str, body: bytes) -> bytes | None:
        if not body or kind == _AS_IT_IS:
            return body
        if kind == "application/json":
            return orjson.dumps(self._masking.seen(orjson.loads(body)))
        return self._masking.text(body.decode()).encode() if kind == "text/csv" else None


def _kind(start: Message) -> str:
    named = next((value for name, value in start["headers"] if name.lower() == b"content-type"), b"")
    return str(named.decode("latin-1").partition(";")[0].strip().lower())
