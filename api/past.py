"""Past views: what a request as of an instant is answered from; one that is missing is asked for, as a job."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from eventsourcing.persistence import PersistenceError
from fastapi import Response

from api.jobs import JobRunner, Report
from api.parameters import AsOf
from domain.errors import LeadlineError
from domain.touchpoints.touchpoint import rfc3339
from projections.history.engines import Engine
from projections.queries.as_of import Pair
from projections.queries.view import Reader, View
from projections.upkeep.past import asked_for, build_past_view, described, drop_abandoned
from store.database.database import Database
from store.events.ids import Ids
from store.jobs import Job, Jobs, JobState
from store.past_views import Keeping, drop_old
from web.problems import Problem

log = structlog.get_logger(__name__)

_KIND: Final = "past view "
EVERY: Final = 3_600.0
"""Seconds between two looks for past views that are too old."""


class PastViewBuilder:
    """Builds past views that requests ask for, one after another, and drops those that are too old."""

    def __init__(
        self, runner: JobRunner, jobs: Jobs, database: Database, ids: Ids, engine: Engine, keeping: Keeping
    ) -> None:
        self._runner = runner
        self._jobs = jobs
        self._database = database
        self._ids = ids
        self._engine = engine
        self._keeping = keeping

    def ask(self, pair: Pair) -> Job:
        """The job that builds the past view of a pair, begun where none does.

        Raises Problem 409: as many others are waited for as are kept.
        """
        running = self._running()
        if (same := _of_kind(running, pair)) is not None:
            return same
        if len(running) >= self._keeping.most:
            waiting = ", ".join(job.kind.removeprefix(_KIND) for job in running)
            place = {"Location": f"/api/jobs/{running[-1].id}"}
            raise Problem(409, f"as many past views are being built as are kept ({waiting}): ask again later", place)
        try:
            return self._runner.begin(_KIND + pair.name, lambda report: self._work(pair, report))
        except Problem:
            if (same := _of_kind(self._running(), pair)) is None:
                raise
            return same  # another request for it was faster

    def _running(self) -> list[Job]:
        return [job for job in self._jobs.all() if job.state is JobState.RUNNING and job.kind.startswith(_KIND)]

    def run(self, stop: threading.Event) -> None:
        """Drop what is too old, and what was left unfinished, until stopped."""
        while not stop.wait(EVERY):
            try:
                with self._database.transaction() as conn:
                    drop_old(conn, self._keeping, self._database.now(conn))
                drop_abandoned(self._database)
            except (LeadlineError, PersistenceError) as error:  # as of a role that may drop none: no server ends of it
                log.info("past_views.not_dropped", reason=str(error))

    def _work(self, pair: Pair, report: Report) -> dict[str, Any]:
        asked = asked_for(pair.name, pair.position, pair.clock, pair.knowing, pair.model)
        how: dict[str, Any] = {"engine": self._engine, "waits": True}
        return described(build_past_view(self._database, self._ids, asked, pair.model, self._keeping, report, **how))


def _of_kind(running: list[Job], pair: Pair) -> Job | None:
    """The job that builds the past view of a pair."""
    return next((job for job in running if job.kind == _KIND + pair.name), None)


@contextmanager
def opened(reader: Reader, parameters: AsOf, response: Response) -> Iterator[View]:
    """What a request is answered from. The answer bears in its headers as of which pair it is, if not of now.

    Raises NoPastView, BadAsOf, NotProjectedYet, NotReady, DatabaseAway.
    """
    with reader.view(parameters.as_of, parameters.knowing) as view:
        if view.past is not None:
            response.headers["Leadline-As-Of"] = rfc3339(view.clock)
            response.headers["Leadline-Knowing"] = view.past.knowing
            response.headers["Leadline-Position"] = str(view.position)
        yield view
