"""Every error of `/api` as a problem document: it says what, where, and what is allowed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.invalid import invalid
from domain.errors import NotFound, Retry
from domain.phrases import phrase, phrased
from domain.touchpoints.touchpoint import rfc3339
from projections.queries.as_of import BadAsOf, NotThen
from projections.queries.cursors import BadCursor
from projections.queries.days import BadPeriod
from projections.queries.filters import BadSearch
from projections.queries.told_apart import BadGroups
from projections.queries.view import NotReady
from projections.reports.answer import BadReport
from projections.reports.funnels.shapes import BadFunnel
from projections.reports.responses import BadDeadlines
from projections.reports.stages.leads import BadStages
from web.limits import BodyLimit
from web.problems import Problem

BODY_LIMIT: Final = 100_000
"""Largest body of a request to `/api`, in bytes."""


def to_problems() -> Mapping[type[Exception], Callable[[Any], Problem]]:
    """What each error that a reader or a command may meet is answered with, whether as a document or as a page."""

    def bad(error: Exception) -> Problem:
        return Problem(400, phrased(error))

    def away(error: Exception) -> Problem:
        return Problem(503, phrased(error), {"Retry-After": "2"})

    refused = (BadAsOf, BadCursor, BadSearch, BadPeriod, BadGroups, BadFunnel, BadReport, BadStages, BadDeadlines)
    return {
        Problem: lambda problem: problem,
        NotFound: lambda error: Problem(404, phrased(error)),
        NotThen: _not_then,
        **dict.fromkeys(refused, bad),
        RequestValidationError: _invalid,
        HTTPException: _no_route,
        NotReady: away,
        Retry: away,
    }


def answer_problems(app: FastAPI) -> None:
    """Make every error of this application a problem document."""
    for error, to_problem in to_problems().items():
        app.add_exception_handler(error, _answering(to_problem))
    app.add_middleware(BodyLimit, most=BODY_LIMIT)
    app.add_middleware(Edge)


def _answering(to_problem: Callable[[Any], Problem]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, raised: Exception) -> Response:
        return to_problem(raised).response()

    return handle


class Edge:
    """Around the application: what nobody expected is answered and logged once.

    A handler of Exception would not do: Starlette raises it again behind its answer, and the server logs it again.
    """

    def __init__(self, app: ASGIApp, answer: Callable[[Request, Problem], Response] | None = None) -> None:
        """`answer` makes the answer; None: a problem document."""
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as error:
            problem = _unexpected(error)
            if not started:
                response = problem.response() if self._answer is None else self._answer(Request(scope), problem)
                await response(scope, receive, send)


def _not_then(error: NotThen) -> Problem:
    if error.recorded_from is None:
        return Problem(404, phrased(error))
    return Problem(404, phrased(error), recorded_from=rfc3339(error.recorded_from))


def _invalid(error: RequestValidationError) -> Problem:
    errors = [
        {"where": ".".join(str(part) for part in item["loc"]), "message": invalid(item)} for item in error.errors()
    ]
    detail = "; ".join(f"{item['where']}: {item['message']}" for item in errors)
    return Problem(400, detail, errors=errors)


def _no_route(error: HTTPException) -> Problem:
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another")
        said = phrase("this method is not for this path: allowed is {allowed}; see /api/docs", allowed=allowed)
        return Problem(405, said, error.headers)
    detail = phrase("nothing is here: /api/docs lists what is") if error.status_code == 404 else str(error.detail)
    return Problem(error.status_code, detail, error.headers)


def _unexpected(error: Exception) -> Problem:
    structlog.get_logger().error("api.failed", error=f"{type(error).__name__}: {error}", exc_info=error)
    return Problem(500, phrase("an unexpected error; the log of the server says more"))


def answered(shape: BaseModel, bears: Response | None = None) -> Response:
    """A shape as JSON, made in the thread that read it; `bears`: headers that go with it.

    What is returned as a shape FastAPI checks once more, in another thread, and writes out in the event loop.
    """
    body = shape.__pydantic_serializer__.to_json(shape, by_alias=True)
    return Response(body, headers=None if bears is None else dict(bears.headers), media_type="application/json")


async def plain(request: Request) -> None:
    """A dependency that refuses a query that says one thing twice, or what no text is."""
    names = set()
    for name, value in request.query_params.multi_items():
        if name in names:
            raise Problem(400, f"{name[:80]}: stands there more than once, allowed is once")
        if "\x00" in name + value:
            raise Problem(400, f"{name[:80]!r}: has a NUL character, allowed are texts without one")
        names.add(name)
