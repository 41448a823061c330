"""Upkeep over HTTP: each is a job."""

from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.jobs import JobRunner, JobShape, Report, accepted
from projections.history.engines import Engine
from projections.upkeep.verify import described, keep, verify
from store.database.database import Database
from store.events.ids import Ids
from store.jobs import Job

VERIFY: Final = "verify"
"""The kind of its jobs."""


def upkeep_routes(runner: JobRunner, database: Database, ids: Ids, engine: Engine) -> APIRouter:
    """The routes; `engine` does the work."""
    router = APIRouter(tags=["jobs"])

    @router.post(
        "/verify",
        summary="Refold everything and compare with the live rows, as a job",
        status_code=202,
        response_model=JobShape,
        responses={409: {"description": "One is running"}},
    )
    def begin_verify() -> JSONResponse:
        return accepted(begin_verifying(runner, database, ids, engine))

    return router


def begin_verifying(runner: JobRunner, database: Database, ids: Ids, engine: Engine) -> Job:
    """The job that verifies, with what it saw as its result. Raises Problem: one is running."""

    def work(report: Report) -> dict[str, Any]:
        verified = verify(database, ids, report, engine=engine)
        keep(database, verified)
        return described(verified)

    return runner.begin(VERIFY, work)
