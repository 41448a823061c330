"""The processes: which parts each runs, and how it starts, waits and stops."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Final, TypeVar

import structlog
import uvicorn
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from domain.errors import Failed, Refused, Retry
from projections.exports.following import Follower, follow
from runtime import parts
from runtime.applications import (
    Gate,
    both,
    collector_app,
    health_app,
    inside,
    private,
    private_with_tokens,
    readiness,
    status_registry,
)
from runtime.folder import FolderServer, hold
from runtime.settings import Settings
from runtime.sockets import address_of, listen, room
from runtime.wiring import Wiring
from runtime.workers import Run, Workers
from store.events.ids import Ids
from store.garbage import search_seldom
from store.turn import Outage, until_it_answers
from web.connections import ConnectionLimits, bounded
from web.health import Health
from web.login import ProxiesBelieved

T = TypeVar("T")

OBJECTS: Final = 50_000
"""A page of leads is some thousand objects."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""What asks a process to stop, where whoever started it did not have it ignored."""

GRACE: Final = 20.0
"""Seconds that parts have to finish what they are at."""


def serve(wiring: Wiring) -> None:
    """Everything in one process: collector, API and dashboard under one address, recorder, projector, publisher,
    promoter, notifier."""
    wiring.settings.refuse_open_access()
    parts.check_model_file(wiring)
    process = Process(wiring)
    bound = listen(wiring.settings.bind)
    lock = hold(wiring.settings.data)

    def make() -> ASGIApp:
        lock.note(FolderServer(str(os.getpid()), wiring.database.identity(), wiring.where))
        parts.settle_model(wiring, activate_changed=True)
        app_log = wiring.collector_log  # opened before anything works: a file that is no log refuses the start
        process.start(parts.recorder, parts.projector, parts.publisher, parts.promoter, parts.notifier)
        guard = private_with_tokens(wiring, process.workers)
        health = Health(guard, status_registry(wiring), readiness(wiring, collector=True))
        rest = collector_app(wiring, health)
        master = wiring.settings.model if wiring.embedded or wiring.settings.model.exists() else None
        return both(inside(wiring, app_log, process.workers, guard, master), rest)

    process.serve_database(make, bound)
    lock.release()


def collect(wiring: Wiring) -> None:
    """The collector before Kafka. It needs no database; the data folder holds the spool."""
    _needs_kafka(wiring, "collect")
    wiring.settings.refuse_open_access()
    process = Process(wiring)
    bound = listen(wiring.settings.bind)
    lock = hold(wiring.settings.data)
    health = Health(private(wiring.settings), CollectorRegistry(), wiring.spooled.refuses)
    process.serve_http(collector_app(wiring, health), bound)
    lock.release()


def api(wiring: Wiring) -> None:
    """The private API."""
    _needs_kafka(wiring, "api")
    _needs_database(wiring, "api")
    process = Process(wiring)
    bound = listen(wiring.settings.bind)

    def make() -> ASGIApp:
        guard = private_with_tokens(wiring, process.workers)
        health = Health(guard, status_registry(wiring), readiness(wiring, collector=False))
        return both(inside(wiring, wiring.log, process.workers, guard), health_app(health))

    process.serve_database(make, bound)


def consume(wiring: Wiring) -> None:
    """A recorder: from Kafka into the event store. As many may run as the topic has partitions."""
    _needs_kafka(wiring, "consume")
    _needs_database(wiring, "consume")
    process = Process(wiring)
    if process.database_there():
        process.start(parts.recorder)
        process.wait()


def project(wiring: Wiring) -> None:
    """The projector, the publisher and the promoter. Further ones stand by until the active one is gone."""
    _needs_kafka(wiring, "project")
    _needs_database(wiring, "project")
    process = Process(wiring)
    if process.database_there():
        parts.settle_model(wiring)
        process.start(parts.projector, parts.publisher, parts.promoter)
        process.wait()


def notify(wiring: Wiring) -> None:
    """Tells the destinations. Further ones stand by, destination by destination, until the active one is gone."""
    _needs_kafka(wiring, "notify")
    _needs_database(wiring, "notify")
    process = Process(wiring)
    if process.database_there():
        process.start(parts.notifier)
        process.wait()


def export(wiring: Wiring, make: Callable[[threading.Event], Follower]) -> None:
    """Writes files of what grows, until stopped."""
    process = Process(wiring)
    process.workers.start("export", lambda stop: follow(make, stop))
    process.wait()


def _needs_kafka(wiring: Wiring, command: str) -> None:
    if not wiring.settings.kafka:
        raise Refused(
            f"LEADLINE_KAFKA: `leadline {command}` works between processes, which needs Kafka: set HOST:PORT,...; "
            "without Kafka one process does it all: `leadline serve`"
        )


def _needs_database(wiring: Wiring, command: str) -> None:
    if wiring.settings.database is None:
        raise Refused(
            f"LEADLINE_DATABASE: `leadline {command}` works between processes, which needs PostgreSQL: set a "
            "postgresql:// URL; without it one process does it all: `leadline serve`"
        )


def _limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        room(settings.connections), settings.head_seconds, settings.body_seconds, int(settings.head_limit)
    )


class Process:
    """One process: it starts its workers, serves until SIGTERM or SIGINT, and stops cleanly."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.workers = Workers()
        self.log = structlog.get_logger()
        # A handler would run between any two steps of the main thread. Setting the event there while that thread is
        # setting it, for a signal just before, waits for a lock that is its own. So a thread of its own waits for them.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        threading.Thread(target=self._await_signal, name="signals", daemon=True).start()

    def _await_signal(self) -> None:
        signal.sigwait(_SIGNALS)
        self.workers.stop.set()

    def start(self, *makers: Callable[[Wiring], Run]) -> None:
        """Start workers, named after what makes them. All are made before the first begins."""
        runs = [(make.__name__, make(self.wiring)) for make in makers]
        for name, run in runs:
            self.workers.start(name, run)

    def database_there(self) -> bool:
        """Wait for the database, and migrate it. False: stopped meanwhile."""
        return self._once_there(self._look) is not None

    def _once_there(self, work: Callable[[], T]) -> T | None:
        """What `work` returns as soon as the database lets it; None: stopped meanwhile."""
        outage = Outage("database.away", "database.back", "it is waited for: bring it back, or mend LEADLINE_DATABASE")
        return until_it_answers(work, outage, self.workers.stop, database=self.wiring.where)

    def _look(self) -> Ids:
        self.wiring.database.migrate()
        return self.wiring.ids  # asks the database for the key

    def serve_database(self, make: Callable[[], ASGIApp], bound: socket.socket) -> None:
        """Serve an application that is made once the database is there; until then it says that it is not ready."""
        try:
            self._look()
        except Retry as error:
            gate = Gate(str(error), private(self.wiring.settings))

            def begin() -> ASGIApp:
                self._look()
                return make()

            def open_gate(stop: threading.Event) -> None:
                if (app := self._once_there(begin)) is not None:
                    gate.open(app)

            self.workers.start("start", open_gate)
            self.serve_http(gate, bound)
        else:
            self.serve_http(make(), bound)

    def serve_http(self, app: ASGIApp, bound: socket.socket) -> None:
        """Serve until stopped, then stop the workers. Raises Failed where one of them crashed."""
        settings = self.wiring.settings
        config = uvicorn.Config(
            ProxiesBelieved(app, settings.proxies, settings.login_header),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            http=bounded(_limits(settings)),
            ws="none",
            timeout_graceful_shutdown=5,
            timeout_keep_alive=30,
        )
        server = uvicorn.Server(config)

        def leave() -> None:
            self.workers.stop.wait()
            server.should_exit = True

        threading.Thread(target=leave, name="leave", daemon=True).start()
        search_seldom(OBJECTS)
        self.log.info("serving", address=address_of(bound))
        server.run(sockets=[bound])
        self.finish()

    def wait(self) -> None:
        """Wait until stopped, then stop the workers. Raises Failed where one of them crashed."""
        self.log.info("working")
        while not self.workers.stop.wait(1.0):
            pass
        self.finish()

    def finish(self) -> None:
        """Stop the workers, and tell how it ended."""
        self.workers.stop.set()
        left = self.workers.join(GRACE)
        if self.workers.crash is not None:
            raise Failed(self.workers.crash)
        if left:
            raise Failed(f"{', '.join(left)} did not stop within {GRACE:g} s")
        self.log.info("stopped")
