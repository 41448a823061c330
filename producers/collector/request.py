"""A request as the door of a protocol reads it: its headers by name, its whole body, what it says of its answer."""

import re
from collections.abc import Mapping
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope

from producers.reading.body import LIMIT, Body
from web.limits import declared_size, too_large

_FOLDED: Final = re.compile(r"[=\s\u00ad\u200b\u2060\ufeff]+")
"""What mail programs break a long address with: a soft line break (`=`), spaces, what is not seen."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]*")
"""What of a path is the token: behind it stands what a mail program took for the address (`.`, `>`, a quote)."""


def mailed_token(request: Request) -> str:
    """The token in a request's path, whatever became of the address on its way through mail programs."""
    found = _TOKEN.match(_FOLDED.sub("", request.path_params["token"]))
    return found[0] if found else ""


class DoorRequest(Request):
    """A request to the door of a protocol."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self.said: Mapping[bytes, bytes] = dict(reversed(scope["headers"]))
        """Its headers by their names in small letters; of those that repeat the first."""

    def text(self, name: bytes) -> str:
        """A header, of which a server gives the bytes as Latin-1; "" where it is not there."""
        return self.said.get(name, b"").decode("latin-1")

    def origin(self) -> str | None:
        """The origin that the answer may name again; None where the request names none, several or rubbish."""
        several = len(self.said) < len(self.scope["headers"]) and len(self.headers.getlist("origin")) > 1
        return None if several else origin_in(self.said)

    async def whole_body(self) -> bytes:
        """All of the body; most come in one piece. Raises ClientDisconnect, HTTPException 413, what the server does."""
        if declared_size(self.said.get(b"content-length", b"")) > LIMIT:
            raise too_large(LIMIT)
        parts, size, more = [], 0, True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ClientDisconnect
            part, more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            if size > LIMIT:
                raise too_large(LIMIT)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def wants_json(self, parsed: Body) -> bool:
        """Whether a script sent the form (fetch, sendBeacon), which follows no redirect for a person."""
        if parsed.format == "json" or self.text(b"sec-fetch-dest") == "empty":
            return True
        accept = self.text(b"accept")
        return "application/json" in accept and "text/html" not in accept

    def wants_page(self) -> bool:
        """Whether a person's browser shows the answer, as programs ask for no page."""
        return "text/html" in self.text(b"accept")


def origin_in(headers: Mapping[bytes, bytes]) -> str | None:
    """The origin in a request's headers; None: there is none, or it is rubbish."""
    origin = headers.get(b"origin", b"").decode("latin-1")
    return origin if origin and origin.isascii() and origin.isprintable() else None
