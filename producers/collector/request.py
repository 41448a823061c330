"""What the doors ask of a request: its body within the limit, where it comes from, and what answer it can use."""

import ipaddress

from starlette.requests import Request

from producers.collector.answers import Problem
from producers.reading.body import LIMIT, Body


async def read(request: Request) -> bytes:
    """The body as sent, not a byte more than allowed. Raises Problem."""
    refused = Problem(413, f"the body is larger than {LIMIT} bytes", {"Connection": "close"})
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared[:20]) > LIMIT:
        raise refused
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > LIMIT:
            raise refused
    return bytes(found)


def wants_json(request: Request, parsed: Body) -> bool:
    """Whether a script sent the form (fetch, sendBeacon), which follows no redirect for a person."""
    if parsed.format == "json" or request.headers.get("sec-fetch-dest") == "empty":
        return True
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def from_loopback(request: Request) -> bool:
    """Whether the request comes from this machine. A Unix socket, which has no address, counts."""
    if request.client is None or not request.client.host:
        return True
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:  # a proxy wrote what is no address
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def origin(request: Request) -> str | None:
    """The origin that the answer may name again; None where the request names none, several or rubbish."""
    found = request.headers.getlist("origin")
    return found[0] if len(found) == 1 and found[0].isascii() and found[0].isprintable() else None
