"""What the collector responds: outcomes, the headers browsers ask for, the thank-you page."""

import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from producers.collector.request import DoorRequest, origin_in
from producers.reading.arrival import Taken
from web.languages import preferred
from web.problems import Problem

ALLOWED_HEADERS: Final = "authorization, content-type, content-encoding, x-write-key, anonymousid"

_VARIES: Final = (b"vary", b"Origin")
_READABLE: Final = ((b"access-control-allow-credentials", b"true"), _VARIES)
_RETRY_AFTER: Final = (b"access-control-expose-headers", b"Retry-After")
_SHORT: Final = 200
"""Characters of an origin whose answer is remembered."""
_THANKS: Final = {
    "en": ("Thank you", "We have received your message and will be in touch."),
    "zh": ("谢谢", "我们已收到您的信息，会尽快与您联系。"),
}


def json(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(value), status, media_type="application/json")


def image(content: bytes, media_type: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An image that no cache keeps: every view of it is a request of its own."""
    return Response(content, status, {**(headers or {}), "Cache-Control": "no-store"}, media_type)


_SUCCESS: Final = {"success": True}
"""Nothing was refused."""


def outcome(taken: Taken, status: int = 200) -> Response:
    """The answer to a client that reads it: accepted, with what was refused and kept beside it. Raises Problem."""
    if taken.refused is None:
        return json(_SUCCESS, status)
    if taken.malformed:
        raise Problem(400, taken.refused.reason, kept=True)
    rejected = [{"item": place, "reason": reason} for place, reason in taken.refused.reasons()]
    return json({"success": True, "rejected": rejected}, status)


def all_taken(origin: bytes) -> Response:
    """What is answered nearly always, to a page of the origin that a header says."""
    return _all_taken(origin) if len(origin) <= _SHORT else _all_taken.__wrapped__(origin)


@lru_cache(1_000)
def _all_taken(origin: bytes) -> Response:
    """Sites are few."""
    return _Ready(readable(json(_SUCCESS), origin_in({b"origin": origin})))


class _Ready(Response):
    """An answer that is given again and again."""

    def __init__(self, response: Response) -> None:
        self.status_code, self.raw_headers, self.body = response.status_code, response.raw_headers, response.body
        self._head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        self._body = {"type": "http.response.body", "body": self.body}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(self._head)
        await send(self._body)


def readable(response: Response, origin: str | None) -> Response:
    """The answer, which a page of this origin may read."""
    if origin:
        response.raw_headers += ((b"access-control-allow-origin", origin.encode()), *_READABLE)
        if "retry-after" in response.headers:
            response.raw_headers.append(_RETRY_AFTER)
    else:
        response.raw_headers.append(_VARIES)
    return response


def cors(origin: str | None, methods: str = "") -> dict[str, str]:
    """The headers that let a page of this origin read the answer; with `methods` those of a preflight's answer.

    Credentials are allowed, for a beacon always sends them, and with a body of JSON it asks first whether it may; no
    answer depends on a cookie.
    """
    if not origin:
        return {"Vary": "Origin"}
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "Retry-After",
        "Vary": "Origin",
    }
    if methods:
        headers["Access-Control-Allow-Methods"] = methods
        headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        headers["Access-Control-Max-Age"] = "86400"
    return headers


def language_of(languages: str) -> str:
    """Which of ours an Accept-Language prefers; English where it names none."""
    wanted = (tag.lower().partition("-")[0] for tag in preferred(languages))
    return next((language for language in wanted if language in _THANKS), "en")


def thanks(languages: str) -> Response:
    """The page that a form's visitor sees where no other is allowed. `languages` is their Accept-Language."""
    language = language_of(languages)
    title, text = _THANKS[language]
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{title}</title>"
        "<style>body{font:18px/1.6 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>"
        f"<h1>{title}</h1><p>{text}</p></html>"
    )


# ---- what went wrong ---------------------------------------------------------------------------------------------


def failed(error: Exception, door: str) -> Response:
    """The answer to a request at which a door failed with this error, whatever it is."""
    match error:
        case Problem():
            return error.response()
        case HTTPException():
            return Problem(error.status_code, error.detail, error.headers).response()
        case ClientDisconnect():
            return Response(status_code=400)  # nobody reads it
    trace = "".join(traceback.format_exception(error, limit=-8))
    structlog.get_logger("collector").error("request failed", door=door, error=repr(error), trace=trace)
    detail = "the collector failed on this request: nothing is acknowledged, send it again"
    return Problem(500, detail, {"Retry-After": "5"}).response()


async def no_door(request: Request, error: Exception) -> Response:
    """The answer where nothing is, or not for this method, as an exception handler of Starlette's."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    request_line = f"{request.method} {request.scope['path'][:200]}"
    allowed = f" (allowed here: {headers['Allow']})" if "Allow" in headers else ""
    detail = f"{request_line} is no door of the collector{allowed}: see docs/how-to/send-touchpoints.md"
    return Problem(status, detail, headers | cors(DoorRequest(request.scope, request.receive).origin())).response()
