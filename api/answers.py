"""RFC 9457 problem documents: every error of `/api` says what, where, and what is allowed."""

import hmac
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import Retry
from projections.queries.cursors import BadCursor
from projections.queries.leads import NotFound, NotReady

PROBLEM_JSON: Final = "application/problem+json"

BODY_LIMIT: Final = 100_000
"""Largest body of a request to `/api`, in bytes."""


class Problem(Exception):
    """An answer that is an error. `more` are further members of the document."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more


def not_built(what: str) -> Problem:
    """501: it is part of the contract and not built yet. Named, never ignored."""
    return Problem(501, f"{what} is not built yet; leave it out")


def answer(problem: Problem) -> Response:
    """The problem document."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        **problem.more,
    }
    return Response(orjson.dumps(document), problem.status, problem.headers, PROBLEM_JSON)


def answer_problems(app: FastAPI) -> None:
    """Make every error of this application a problem document."""

    def on(error: type[Exception], to_problem: Callable[[Any], Problem]) -> None:
        async def handle(request: Request, raised: Exception) -> Response:
            return answer(to_problem(raised))

        app.add_exception_handler(error, handle)

    on(Problem, lambda error: error)
    on(NotFound, lambda error: Problem(404, str(error.args[0])))
    on(BadCursor, lambda error: Problem(400, str(error)))
    on(RequestValidationError, _invalid)
    on(HTTPException, _no_route)
    for away in (NotReady, Retry):
        on(away, lambda error: Problem(503, str(error), {"Retry-After": "2"}))
    app.add_middleware(Edge)


class Edge:
    """Around the application: no body is read beyond the limit, and what nobody expected is answered and logged once.

    A handler of Exception would not do: Starlette raises it again behind its answer, and the server logs it again.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read, started = 0, False

        async def receive_some() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > BODY_LIMIT:
                raise HTTPException(413, f"the body is larger than {BODY_LIMIT} bytes")
            return message

        async def send_on(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive_some, send_on)
        except Exception as error:
            problem = _unexpected(error)
            if not started:
                await answer(problem)(scope, receive, send)


def _invalid(error: RequestValidationError) -> Problem:
    errors = [
        {"where": ".".join(str(part) for part in item["loc"]), "message": _message(item)} for item in error.errors()
    ]
    told = "; ".join(f"{item['where']}: {item['message']}" for item in errors)
    return Problem(400, told, errors=errors)


def _message(item: dict[str, Any]) -> str:
    match item["type"]:
        case "extra_forbidden":
            return "is not known here: /api/docs lists what is"
        case "json_invalid":
            return f"the body is no JSON ({item.get('ctx', {}).get('error', item['msg'])})"
        case "model_attributes_type":
            return "the body is no JSON object: send one with Content-Type: application/json"
        case _:
            return str(item["msg"])


def _no_route(error: HTTPException) -> Problem:
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another")
        return Problem(405, f"this method is not for this path: allowed is {allowed}; see /api/docs", error.headers)
    told = "nothing is here: /api/docs lists what is" if error.status_code == 404 else str(error.detail)
    return Problem(error.status_code, told, error.headers)


def _unexpected(error: Exception) -> Problem:
    structlog.get_logger().error("api.failed", error=f"{type(error).__name__}: {error}", exc_info=error)
    return Problem(500, "an unexpected error; the log of the server says more")


def bearer(token: str | None) -> Callable[[Request], None]:
    """A dependency that lets in who bears the token; everyone, where there is none."""

    def check(request: Request) -> None:
        if token is None:
            _refuse_other_sites(request)
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            what = "this bearer token is not LEADLINE_API_TOKEN" if given else "a bearer token is needed"
            challenge = {"WWW-Authenticate": 'Bearer realm="leadline"'}
            raise Problem(401, f"{what}: send `Authorization: Bearer TOKEN`", challenge)

    return check


def _refuse_other_sites(request: Request) -> None:
    """Without a token everyone on this machine may ask, and so might any page that is open in a browser here."""
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise Problem(403, "a page of another site asks, and there is no token: set LEADLINE_API_TOKEN, and send it")


def plain(request: Request) -> None:
    """A dependency that refuses a query that says one thing twice, or what no text is."""
    seen = set()
    for name, value in request.query_params.multi_items():
        if name in seen:
            raise Problem(400, f"{name[:80]}: stands there more than once, allowed is once")
        if "\x00" in name + value:
            raise Problem(400, f"{name[:80]!r}: has a NUL character, allowed are texts without one")
        seen.add(name)
