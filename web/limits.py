"""What an application reads of a request at most. (Starlette's own limit answers in plain text, ours are problems.)"""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Around an application: of a body no more than `most` bytes are read, then 413 and the end of the connection."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises HTTPException into whoever reads."""
        size, declared = 0, _declared(scope)

        async def receive_some() -> Message:
            nonlocal size
            message: Message = {} if declared > self._most else await receive()
            size += len(message.get("body", b""))
            if max(size, declared) > self._most:
                raise HTTPException(413, f"the body is larger than {self._most} bytes", {"Connection": "close"})
            return message

        await self._app(scope, receive_some, send)


def _declared(scope: Scope) -> int:
    """The size that the headers declare; 0 where they declare none, or no number."""
    text = next((value for name, value in scope.get("headers", ()) if name == b"content-length"), b"0")
    return int(text[:20]) if text.isdigit() else 0
