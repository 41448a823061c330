"""The HTTP applications: the public doors, the private API, and both under one address."""

from collections.abc import Awaitable, Callable

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.answers import Problem, answer
from api.app import Readers, create_api
from api.commands import Commander, command_routes
from domain.errors import Misconfigured, Retry
from producers.collector.app import Doors, collector
from projections.queries.leads import Reader
from runtime.clock import clock
from runtime.status import StatusMetrics
from runtime.wiring import Wiring
from store.database.database import ping
from store.log.port import Log

Ready = Callable[[], str | None]
"""Why the process is not ready (None: it is)."""


def collector_app(wiring: Wiring, registry: CollectorRegistry, ready: Ready | None = None) -> ASGIApp:
    """The public doors."""
    settings = wiring.settings
    doors = Doors(settings.write_keys, settings.sites, settings.kept_header)
    return collector(wiring.door_log, doors, clock, registry, ready)


def api_app(wiring: Wiring, log: Log, stopping: Callable[[], bool]) -> ASGIApp:
    """The private API: queries, and commands onto a log."""
    readers = Readers(wiring.database, wiring.events, wiring.ids, stopping)
    reader = Reader(wiring.database, wiring.events, wiring.ids)
    return create_api(readers, wiring.settings.token, command_routes(Commander(reader, wiring.ids, log, clock)))


def status_registry(wiring: Wiring) -> CollectorRegistry:
    """Metrics with the status of the database in them."""
    registry = CollectorRegistry()
    registry.register(StatusMetrics(wiring.database))
    return registry


def readiness(wiring: Wiring, *, doors: bool) -> Ready:
    """Whether the database answers, and with `doors` whether they can take anything."""

    def why_not() -> str | None:
        try:
            ping(wiring.database)
        except (Retry, Misconfigured) as error:
            return str(error)
        return wiring.doors_refuse() if doors else None

    return why_not


def health_app(registry: CollectorRegistry, ready: Ready) -> ASGIApp:
    """`/healthz`, `/readyz` and `/metrics` of a process without the collector."""

    async def healthy(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        why = await anyio.to_thread.run_sync(ready)
        if why is not None:
            return answer(Problem(503, f"not ready: {why}", {"Retry-After": "5"}))
        return JSONResponse({"status": "ready"})

    async def metrics(request: Request) -> Response:
        text = await anyio.to_thread.run_sync(generate_latest, registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    async def nothing(request: Request, error: Exception) -> Response:
        return answer(Problem(404, f"{request.url.path} is not here: this process serves /api"))

    routes = [Route("/healthz", healthy), Route("/readyz", readyz), Route("/metrics", metrics)]
    handlers: dict[int, Callable[[Request, Exception], Awaitable[Response]]] = {404: nothing}
    return Starlette(routes=routes, exception_handlers=handlers)


class Gate:
    """Stands before an application that cannot be made yet: alive, not ready, and everything else is asked to wait."""

    def __init__(self, why: str) -> None:
        self._why = why
        self._app: ASGIApp | None = None

    def open(self, app: ASGIApp) -> None:
        """It is made."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app or self._wait(scope.get("path", ""))
        await app(scope, receive, send)

    def _wait(self, path: str) -> Response:
        if path == "/healthz":
            return JSONResponse({"status": "ok"})
        return answer(Problem(503, f"not ready: {self._why}", {"Retry-After": "5"}))


def both(api: ASGIApp, rest: ASGIApp) -> ASGIApp:
    """`/api` to the one, everything else to the other."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        chosen = api if path == "/api" or path.startswith("/api/") else rest
        await chosen(scope, receive, send)

    return app
