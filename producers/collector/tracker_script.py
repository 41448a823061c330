"""`/t.js`: the tracker for web pages, as it was made of its readable source (`make tracker`)."""

import gzip
import hashlib
import re
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

PATH: Final = "/t.js"
FOLDER: Final = Path(__file__).with_name("tracker")
SERVED: Final = "tracker.min.js"

_CONTENT: Final = (FOLDER / SERVED).read_bytes()
_COMPRESSED: Final = gzip.compress(_CONTENT, 9, mtime=0)
_TAG: Final = hashlib.sha256(_CONTENT).hexdigest()[:16]
_HEADERS: Final = {
    "Cache-Control": "public, max-age=3600",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
"""An hour: so long a visitor may have the script of the release before. Any page may load it."""
_TAKES_GZIP: Final = re.compile(r"(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q=(?:0?\.0*[1-9]\d*|1(?:\.0*)?)\s*)?(?:,|$)", re.I)


async def respond(request: Request) -> Response:
    """The script, compressed where the browser takes that; 304 to who has it already."""
    compressed = _TAKES_GZIP.search(request.headers.get("accept-encoding", "")) is not None
    tag = f'"{_TAG}-gzip"' if compressed else f'"{_TAG}"'
    headers = _HEADERS | {"ETag": tag}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if compressed:
        return Response(_COMPRESSED, media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})
    return Response(_CONTENT, media_type="text/javascript", headers=headers)
