"""Answers of the collector: outcomes, the headers browsers ask for, the thank-you page."""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.responses import HTMLResponse, Response

from producers.reading.arrival import Taken
from web.problems import Problem

ALLOWED_HEADERS: Final = "authorization, content-type, content-encoding, x-write-key, anonymousid"

_WEIGHT: Final = re.compile(r"q=([01](?:\.\d{0,3})?)")
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


def outcome(taken: Taken, status: int = 200) -> Response:
    """The answer to a client that reads it: accepted, with what was refused and kept beside it. Raises Problem."""
    document: dict[str, object] = {"success": True}
    if taken.refused is not None:
        if taken.malformed:
            raise Problem(400, taken.refused.reason, kept=True)
        document["rejected"] = [{"item": place, "reason": reason} for place, reason in taken.refused.reasons()]
    return json(document, status)


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


def preferred(languages: str) -> str:
    """Which of ours an Accept-Language prefers: the first of the largest weight (q); English where it names none."""
    best, most = "en", 0.0
    for part in languages.lower().split(","):
        tag, _, parameters = part.strip().partition(";")
        weight = _WEIGHT.fullmatch(parameters.strip() or "q=1")
        language = tag.strip().partition("-")[0]
        if language in _THANKS and weight is not None and float(weight[1]) > most:
            best, most = language, float(weight[1])
    return best


def thanks(languages: str) -> Response:
    """The page that a form's visitor sees where no other is allowed. `languages` is their Accept-Language."""
    language = preferred(languages)
    title, text = _THANKS[language]
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{title}</title>"
        "<style>body{font:18px/1.6 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>"
        f"<h1>{title}</h1><p>{text}</p></html>"
    )
