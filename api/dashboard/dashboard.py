"""The dashboard: its pages at `/`, behind the same guard as the API, and what every error of theirs is shown as."""

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.roles import refuse_search, require
from api.answers import BODY_LIMIT, Edge, to_problems
from api.dashboard.pages import (
    cohorts,
    findings,
    funnel_leads,
    funnels,
    health,
    lead,
    lead_commands,
    leads,
    login,
    mail,
    model,
    model_drafts,
    model_editor,
    overview,
    paths,
    portrait,
    rejected,
    report_people,
    reports,
    responses,
    segments,
    signals,
    sources,
)
from api.dashboard.resources import Resources
from api.dashboard.shell import Shell
from domain.phrases import phrase
from web.limits import BodyLimit
from web.private import Private, bears_token
from web.problems import Problem
from web.viewer import Role

PLACES: Final = frozenset({
    "", "cohorts", "favicon.ico", "funnels", "health", "leads", "login", "logout", "mail", "model", "overview", "paths",
    "portrait", "reports", "responses", "segments", "signals", "sources", "static",
})  # fmt: skip
"""The first parts of all paths of the dashboard: no door of the collector may have one of them."""

PAGES: Final[tuple[ModuleType, ...]] = (
    leads,
    lead,
    lead_commands,
    overview,
    funnel_leads,
    funnels,
    segments,
    sources,
    cohorts,
    paths,
    portrait,
    mail,
    responses,
    reports,
    report_people,
    signals,
    model,
    model_editor,
    model_drafts,
    health,
    findings,
    rejected,
)
"""In the order of the navigation: a page that has a place there says so as NAVIGATION."""


def dashboard(resources: Resources, private: Private) -> ASGIApp:
    """The application. Only style sheet, script, icon and the page to sign in are for everybody."""
    shell = resources.shell
    pages = [route for page in PAGES for route in page.routes(resources)]
    routes = [
        Route("/static/{name}", shell.assets.serve),
        Route("/favicon.ico", shell.assets.icon),
        *login.routes(shell, private),
        Mount("/", app=_Guarded(Router(pages, redirect_slashes=False), private)),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={error: _showing(shell, problem) for error, problem in to_problems().items()},
        middleware=[Middleware(Edge, answer=shell.problem), Middleware(BodyLimit, most=BODY_LIMIT)],
    )
    app.router.redirect_slashes = False
    app.state.navigation = [page.NAVIGATION for page in PAGES if hasattr(page, "NAVIGATION")]
    return app


def is_of_dashboard(path: str) -> bool:
    """Whether a path is the dashboard's to answer."""
    return path.lstrip("/").partition("/")[0] in PLACES


class _Guarded:
    """Pages that only those see whom the guard lets in."""

    def __init__(self, app: ASGIApp, private: Private) -> None:
        self._app = app
        self._private = private

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            viewer = await run_in_threadpool(self._private.check, request)
        except Problem as problem:
            if problem.status not in (401, 429) or request.method != "GET" or bears_token(request):
                raise
            await login.to_sign_in(request, unknown=problem.status == 401)(scope, receive, send)
            return
        if request.method not in ("GET", "HEAD"):
            require(request, Role.SALES)
        else:
            _refuse_past(request)
        refuse_search(viewer, request.query_params)
        await self._app(scope, receive, send)


def _refuse_past(request: Request) -> None:
    """A page that shows what is now shows nothing for the past, whoever wrote its address. Raises Problem 400."""
    asked = next((name for name in ("as_of", "knowing") if name in request.query_params), None)
    if asked is not None and not request.url.path.startswith("/leads/"):
        raise Problem(
            400,
            phrase(
                "{name:input}: this page shows what is now; the page of a lead looks back, and lists and reports do"
                " over HTTP (/api) and at the terminal (--as-of)",
                name=asked,
            ),
        )


def _showing(shell: Shell, to_problem: Callable[[Any], Problem]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def show(request: Request, error: Exception) -> Response:
        return shell.problem(request, to_problem(error))

    return show
