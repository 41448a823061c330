"""CSV as a file: what a browser downloads begins so that Excel reads it as UTF-8, a program gets it without."""

from collections.abc import Iterable, Mapping
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from projections.queries.csv_rows import MEDIA_TYPE

BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it Excel takes UTF-8 for the code page of its country, and no Chinese name is legible."""


def csv_answer(request: Request, lines: Iterable[str], filename: str, headers: Mapping[str, str]) -> Response:
    """The file. A browser says of every link that it follows that it takes HTML; programs that read CSV do not."""
    followed = "text/html" in request.headers.get("accept", "").lower()
    told = {"Content-Disposition": f'attachment; filename="{filename}"', "Vary": "Accept"}
    content = (BYTE_ORDER_MARK if followed else "") + "".join(lines)
    return Response(content, headers={**headers, **told}, media_type=MEDIA_TYPE)
