"""`/t.js`: the tracker for web pages, as it was made of its readable source (`make tracker`)."""

import hashlib
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

PATH: Final = "/t.js"
FOLDER: Final = Path(__file__).with_name("tracker")
SERVED: Final = "tracker.min.js"

_CONTENT: Final = (FOLDER / SERVED).read_bytes()
_TAG: Final = f'"{hashlib.sha256(_CONTENT).hexdigest()[:16]}"'
_HEADERS: Final = {
    "Cache-Control": "public, max-age=3600",
    "ETag": _TAG,
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
"""An hour: so long a visitor may have the script of the release before. Any page may load it."""


async def respond(request: Request) -> Response:
    """The script; 304 to who has it already."""
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if _TAG in known or "*" in known:
        return Response(status_code=304, headers=_HEADERS)
    return Response(_CONTENT, media_type="text/javascript", headers=_HEADERS)
