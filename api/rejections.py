"""`/api/rejected`: what the doors refused, and trying it again, which is a job."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from api.bodies import CleanBody, JsonRoute
from api.jobs import JobRunner, JobShape, Report, accepted
from api.parameters import Parameters
from domain.phrases import phrase
from producers.imports.mapping import ImportMapping, MappingError, parse_mapping
from producers.reading.conventions import Conventions
from producers.replay import replay, waiting
from projections.queries.rejections import RejectedShape, rejection, rejections
from projections.queries.shapes import Page
from projections.queries.view import LIMIT
from store.database.database import Database
from store.jobs import Job
from store.log.port import Log
from web.problems import Problem

REPLAY: Final = "rejected replay"
"""The kind of its jobs."""
SHOWN: Final = 2_000
"""Bytes of each input that a list shows; asked for alone it is shown whole."""


class RejectedParameters(Parameters):
    """Which refused input is listed."""

    door: Annotated[str | None, Field(description="of doors that begin so: v1/track, f/, p.gif, import/FILE")] = None
    all: Annotated[bool, Field(description="also what was replayed")] = False
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 100
    cursor: Annotated[str | None, Field(description="`next` of the page before")] = None


class AskedReplay(CleanBody):
    """What is tried again: all that waits, or some of it."""

    id: Annotated[str | None, Field(min_length=1, description="only this one: its id, or how that begins")] = None
    door: Annotated[str | None, Field(description="only of doors that begin so")] = None
    mapping: Annotated[str | None, Field(description="the text of a mended mapping, for rows of an import")] = None

    def mended(self) -> ImportMapping | None:
        """The mapping. Raises Problem."""
        try:
            return None if self.mapping is None else parse_mapping(self.mapping)
        except MappingError as error:
            raise Problem(400, f"mapping: {error}", problems=list(error.problems)) from None


@dataclass(frozen=True, slots=True)
class Doors:
    """Where what is tried again goes, and how it is read."""

    log: Log
    conventions: Conventions


def rejection_routes(runner: JobRunner, database: Database, doors: Doors) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["rejected"], route_class=JsonRoute)

    @router.get("/rejected", summary="Refused input, newest first, with the reasons")
    def listed(parameters: Annotated[RejectedParameters, Query()]) -> Page[RejectedShape]:
        with database.snapshot() as conn:
            return rejections(
                conn,
                door=parameters.door,
                replayed=parameters.all,
                limit=parameters.limit,
                cursor=parameters.cursor,
                shown=SHOWN,
            )

    @router.get("/rejected/{id}", summary="One refused input, whole")
    def one(id: str) -> RejectedShape:
        with database.snapshot() as conn:
            return rejection(conn, id)

    @router.post(
        "/rejected/replay",
        summary="Try refused input again, as a job",
        status_code=202,
        response_model=JobShape,
        responses={409: {"description": "One is running"}},
    )
    def begin_replay(asked: AskedReplay) -> JSONResponse:
        return accepted(begin_replaying(runner, database, doors, asked))

    return router


def begin_replaying(runner: JobRunner, database: Database, doors: Doors, asked: AskedReplay) -> Job:
    """The job that tries refused input again. Raises Problem: nothing such waits, a bad mapping, or one is running."""
    mapping = asked.mended()
    if asked.id is not None and not waiting(database, asked.door, asked.id):
        raise Problem(404, phrase("id: nothing that waits has the id {id!r}", id=asked.id[:80]))

    def work(report: Report) -> dict[str, Any]:
        outcome = replay(
            database,
            doors.log,
            door=asked.door,
            id=asked.id,
            mapping=mapping,
            conventions=doors.conventions,
            report=report,
        )
        return outcome.described()

    return runner.begin(REPLAY, work)
