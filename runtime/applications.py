"""The HTTP applications: the collector, the private API with the dashboard, and all under one address."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.token_book import TokenBook
from api.app import Readers, create_api
from api.asked_funnels import asked_funnel_routes
from api.commands.commander import Commander
from api.commands.handing_over import handing_over_routes
from api.commands.stage_and_person import command_routes
from api.commands.working import working_routes
from api.costs import cost_routes
from api.dashboard.counted import CountedPages
from api.dashboard.dashboard import dashboard, is_of_dashboard
from api.dashboard.resources import Resources
from api.dashboard.shell import Shell
from api.drawing import ClassDrawer, drawing_routes
from api.jobs import JobRunner, job_routes
from api.mail_links import MailLinkMaker, mail_link_routes
from api.model_activation import ModelChanges, activation_routes
from api.model_diff import model_routes
from api.past import PastViewBuilder
from api.rejections import Doors, begin_replaying, rejection_routes
from api.segments import preview_routes
from api.status import status_routes
from api.upkeep import begin_verifying, upkeep_routes
from domain.errors import Misconfigured, Retry
from producers.collector.admission import Admission
from producers.collector.answer_door import Answering
from producers.collector.app import collector
from projections.queries.view import Reader
from runtime.clock import clock
from runtime.outcomes import StoredOutcomes
from runtime.settings import Settings
from runtime.status import StatusMetrics
from runtime.status_shape import status_now
from runtime.wiring import Wiring
from runtime.workers import Workers
from store.database.database import ping
from store.jobs import Jobs
from store.log.port import Log
from web.health import Health, Ready, alive, not_ready
from web.private import Private
from web.problems import Problem, answer_problem


def private(settings: Settings) -> Private:
    """Who may ask a process that has no database, or none yet: whoever bears the token of the settings."""
    return Private(settings.token)


def private_with_tokens(wiring: Wiring, workers: Workers) -> Private:
    """Who may ask what is not for the public: by tokens in the database too."""
    settings, book = wiring.settings, TokenBook(wiring.database)
    workers.start("uses of tokens", book.run)
    proxied = settings.login_header is not None
    if settings.token is None and not proxied and not settings.bind.loopback and not book.exist():
        advice = "make a token: `leadline token make`, or set LEADLINE_API_TOKEN"
        structlog.get_logger().warning("api.closed", reason="there is no token: only this machine may ask", todo=advice)
    return Private(settings.token, book, proxied=proxied)


def collector_app(wiring: Wiring, health: Health) -> ASGIApp:
    """The collector."""
    settings = wiring.settings
    admission = Admission(
        settings.write_keys,
        settings.sites,
        settings.kept_header,
        settings.conventions,
        int(settings.queue_limit),
        settings.mail_keys,
    )
    keys = settings.links.keys
    answering = None if keys is None else Answering(keys, outcomes(wiring))
    return collector(wiring.collector_log, admission, clock, health, answering)


def outcomes(wiring: Wiring) -> StoredOutcomes | None:
    """What tells who answered first; None: this process has no database."""
    return StoredOutcomes(wiring) if wiring.embedded or wiring.settings.database is not None else None


class Inside(NamedTuple):
    """What is not for the public."""

    api: FastAPI
    pages: ASGIApp


def inside(wiring: Wiring, log: Log, workers: Workers, guard: Private, model_file: Path | None = None) -> Inside:
    """The private API (queries, commands onto a log, jobs in threads among the workers), and the dashboard.

    `model_file`: the file that this process activates at its start, so that no other model is activated from here.
    """
    settings, database, ids = wiring.settings, wiring.database, wiring.ids
    jobs = Jobs(database)
    runner = JobRunner(jobs, workers.start)
    past = PastViewBuilder(runner, jobs, database, ids, wiring.engine_apart, settings.keeping)
    workers.start("past views", past.run)
    readers = Readers(
        database, wiring.events, ids, workers.stop.is_set, settings.streams, links=settings.links, past=past
    )
    reader, engine = Reader(database, wiring.events, ids), wiring.engine_apart
    commander = Commander(reader, ids, log, clock, settings.region or "")
    commands = command_routes(commander), handing_over_routes(commander), working_routes(commander)
    upkeep = upkeep_routes(runner, database, ids, engine)
    parts = (model_routes, preview_routes, asked_funnel_routes)
    trying = (routes(runner, reader, database, engine) for routes in parts)
    changes = ModelChanges(runner, database, ids, engine, model_file)
    drawer = ClassDrawer(runner, reader, database, ids, engine)
    workers.start("class drawer", drawer.run)
    doors = Doors(log, settings.conventions)
    refused = rejection_routes(runner, database, doors)
    status = partial(status_now, wiring)
    others = (
        job_routes(jobs),
        upkeep,
        drawing_routes(drawer),
        activation_routes(changes),
        cost_routes(reader, database),
        refused,
        status_routes(status),
        mail_link_routes(MailLinkMaker(reader, settings.mail_keys, settings.public_url, clock), database),
    )
    shell = Shell()
    resources = Resources(
        shell=shell,
        reader=reader,
        counted=CountedPages(shell, reader),
        commander=commander,
        database=database,
        jobs=jobs,
        runner=runner,
        changes=changes,
        status=status,
        replay=partial(begin_replaying, runner, database, doors),
        verify=partial(begin_verifying, runner, database, ids, engine),
    )
    return Inside(create_api(readers, guard, *commands, *others, *trying), dashboard(resources, guard))


def status_registry(wiring: Wiring) -> CollectorRegistry:
    """Metrics with the status of the database in them."""
    registry = CollectorRegistry()
    registry.register(StatusMetrics(wiring.database))
    return registry


def readiness(wiring: Wiring, *, collector: bool) -> Ready:
    """Whether the database answers, and with `collector` whether that can take anything."""

    def why_not() -> str | None:
        try:
            ping(wiring.database)
        except (Retry, Misconfigured) as error:
            return str(error)
        return wiring.collector_refuses() if collector else None

    return why_not


def health_app(health: Health) -> ASGIApp:
    """`/healthz`, `/readyz` and `/metrics` of a process without the collector."""

    async def nothing(request: Request, error: Exception) -> Response:
        return Problem(404, f"{request.url.path} is not here: this process serves / and /api").response()

    return Starlette(routes=health.routes(), exception_handlers={404: nothing, Problem: answer_problem})


class Gate:
    """Stands before an application that cannot be made yet: alive, not ready, and everything else is asked to wait."""

    def __init__(self, why: str, private: Private) -> None:
        self._why = why
        self._private = private
        self._app: ASGIApp | None = None

    def open(self, app: ASGIApp) -> None:
        """It is made."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app or await self._wait(Request(scope))
        await app(scope, receive, send)

    async def _wait(self, request: Request) -> Response:
        if request.url.path == "/healthz":
            return await alive(request)
        return not_ready(self._why, request, self._private).response()


def both(private: Inside, rest: ASGIApp) -> ASGIApp:
    """`/api` and the dashboard's pages to those, everything else to the rest."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path == "/api" or path.startswith("/api/"):
            await private.api(scope, receive, send)
        elif scope["type"] == "http" and is_of_dashboard(path):
            await private.pages(scope, receive, send)
        else:
            await rest(scope, receive, send)

    return app
