"""Problem documents (RFC 9457): what every error of every HTTP application is answered with."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import LeadlineError

PROBLEM_JSON: Final = "application/problem+json"


class Problem(LeadlineError):
    """An answer that is an error. `detail` says what was wrong and what is allowed, `more` are further members."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def response(self) -> Response:
        """The problem document."""
        title = HTTPStatus(self.status).phrase
        document = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail, **self.more}
        return Response(orjson.dumps(document), self.status, self.headers, PROBLEM_JSON)


async def answer_problem(request: Request, error: Exception) -> Response:
    """The answer to a Problem that was raised, as an exception handler of Starlette's."""
    if not isinstance(error, Problem):
        raise error
    return error.response()
