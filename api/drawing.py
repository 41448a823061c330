"""Limits of classes, drawn when they are due or asked for: a job, of which one runs at a time."""

import threading
from typing import Any, Final

import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.jobs import JobRunner, JobShape, Report, accepted
from domain.errors import LeadlineError
from domain.files.durations import DAY
from projections.history.engines import Engine
from projections.queries.view import Reader
from projections.upkeep.drawing import Redrawn, redraw
from store.database.database import Database
from store.events.ids import Ids
from web.problems import Problem

log = structlog.get_logger(__name__)

KIND: Final = "draw classes"
EVERY: Final = 60.0
"""Seconds between two looks at whether limits are due."""


class ClassDrawer:
    """Draws limits over all leads."""

    def __init__(self, runner: JobRunner, reader: Reader, database: Database, ids: Ids, engine: Engine) -> None:
        self._runner = runner
        self._reader = reader
        self._database = database
        self._ids = ids
        self._engine = engine
        self._tried = 0
        """The clock of the last time: of too few leads none are drawn, and it is tried again a day later."""

    def run(self, stop: threading.Event) -> None:
        """Draw whenever limits are due, until stopped. What the database refuses is tried again."""
        while not stop.wait(EVERY):
            try:
                self.look()
            except (LeadlineError, Problem) as error:
                log.info("classes.not_drawn", reason=str(error))

    def look(self) -> bool:
        """Whether limits are due, and are being drawn. Raises Problem, NotReady."""
        with self._reader.view() as view:
            due = None if view.model.rfm is None else view.model.rfm.due
            clock = view.clock
        if due is None or due > clock or self._tried > clock - DAY:
            return False
        self.begin()
        self._tried = clock
        return True

    def begin(self) -> Any:
        """Begin the job. Raises Problem 409: one is running."""
        return self._runner.begin(KIND, self._work)

    def _work(self, report: Report) -> dict[str, Any]:
        return described(redraw(self._database, self._ids, report, self._engine))


def described(redrawn: Redrawn) -> dict[str, Any]:
    """The result as JSON."""
    if redrawn.drawn is None or redrawn.activated is None:
        return {"drawn": None, "leads": None, "model": None, "moves": None}
    moves = {name: sum(move.leads for move in several) for name, several in redrawn.activated.moved.kinds()}
    limits = {name: list(values) for name, values in redrawn.drawn.limits.items()}
    return {"drawn": limits, "leads": redrawn.drawn.leads, "model": redrawn.activated.hash, "moves": moves}


def drawing_routes(drawer: ClassDrawer) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["jobs"])

    @router.post(
        "/model/draw",
        summary="Draw the limits of classes over all leads, and activate the model with them, as a job",
        status_code=202,
        response_model=JobShape,
        responses={409: {"description": "One is running"}},
    )
    def begin_draw() -> JSONResponse:
        return accepted(drawer.begin())

    return router
