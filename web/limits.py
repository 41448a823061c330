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
        declared_sizes = (value for name, value in scope.get("headers", ()) if name == b"content-length")
        size, declared = 0, declared_size(next(declared_sizes, b""))

        async def receive_some() -> Message:
            nonlocal size
            message: Message = {} if declared > self._most else await receive()
            size += len(message.get("body", b""))
            if max(size, declared) > self._most:
                raise too_large(self._most)
            return message

        await self._app(scope, receive_some, send)


def declared_size(length: bytes) -> int:
    """The size that a Content-Length declares; 0 where it is no number, or none."""
    return int(length[:20]) if length.isdigit() else 0


def too_large(most: int) -> HTTPException:
    """The end of a request whose body is larger than `most` bytes."""
    return HTTPException(413, f"the body is larger than {most} bytes", {"Connection": "close"})
