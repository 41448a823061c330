"""`/healthz`, `/readyz` and `/metrics` of every process that listens."""

from collections.abc import Callable
from dataclasses import dataclass

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from web.private import Private
from web.problems import Problem

Ready = Callable[[], str | None]
"""Why the process is not ready (None: it is). Called in a thread."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a process is: the public learns whether it runs and is ready, who may ask sees metrics, who runs it why."""

    private: Private
    registry: CollectorRegistry
    ready: Ready

    def routes(self) -> list[Route]:
        """Its routes. Problems are raised: the application answers them."""
        return [
            Route("/healthz", alive),
            Route("/readyz", self._readiness),
            Route("/metrics", self._metrics),
        ]

    async def _readiness(self, request: Request) -> Response:
        why = await anyio.to_thread.run_sync(self.ready)
        if why is not None:
            raise not_ready(why, request, self.private)
        return JSONResponse({"status": "ready"})

    async def _metrics(self, request: Request) -> Response:
        await anyio.to_thread.run_sync(self.private.check, request)
        text = await anyio.to_thread.run_sync(generate_latest, self.registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)


async def alive(request: Request) -> Response:
    """200 while the process runs."""
    return JSONResponse({"status": "ok"})


def not_ready(why: str, request: Request, private: Private) -> Problem:
    """503, and to whoever runs the installation the reason, which may name files and servers."""
    reason = f": {why}" if private.operates(request) else ", and its log says why"
    return Problem(503, f"not ready{reason}", {"Retry-After": "5"})
