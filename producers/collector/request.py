"""What a browser's request says about the answer that it can use."""

from starlette.requests import Request

from producers.reading.body import Body


def wants_json(request: Request, parsed: Body) -> bool:
    """Whether a script sent the form (fetch, sendBeacon), which follows no redirect for a person."""
    if parsed.format == "json" or request.headers.get("sec-fetch-dest") == "empty":
        return True
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def wants_page(request: Request) -> bool:
    """Whether a person's browser shows the answer, as programs ask for no page."""
    return "text/html" in request.headers.get("accept", "")


def origin(request: Request) -> str | None:
    """The origin that the answer may name again; None where the request names none, several or rubbish."""
    origins = request.headers.getlist("origin")
    return origins[0] if len(origins) == 1 and origins[0].isascii() and origins[0].isprintable() else None
