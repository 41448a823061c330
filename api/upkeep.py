"""Upkeep over HTTP: each is a job."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.jobs import JobRunner, JobShape, Report, accepted
from projections.history.engines import Engine
from projections.upkeep.verify import described, keep, verify
from store.database.database import Database
from store.events.ids import Ids


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
        def work(report: Report) -> dict[str, Any]:
            verified = verify(database, ids, report, engine=engine)
            keep(database, verified)
            return described(verified)

        return accepted(runner.begin("verify", work))

    return router
