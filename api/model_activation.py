"""`POST /api/model/activate`, a job; and what the dashboard's editor begins: a draft's preview, and its activation."""

from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from api.bodies import JsonBody, JsonRoute
from api.jobs import JobRunner, JobShape, Report, accepted
from domain.files.problems import ModelError
from domain.model.definition import Model, parse_model
from domain.model.drawn import carry_over
from domain.model.variant import Variant
from projections.history.engines import Engine
from projections.queries.shapes import Shape
from projections.reports.model_diff import MoveShape, moves_of, shape_of
from projections.upkeep.activation import ActivationRefused, activate, check_based_on, check_kept
from projections.upkeep.comparing import diff
from store.database.database import Database
from store.events.ids import Ids
from store.jobs import Job
from store.models import active_model
from web.problems import Problem
from web.viewer import viewer_of

DIFF: Final = "model diff"
ACTIVATE: Final = "model activate"
"""Kinds of jobs."""
_DRAFT: Final = "draft"
"""Where the question of a job, and then its result, keeps the draft."""


class ModelDraft(NamedTuple):
    """A model file that is not active yet. `based_on`: the activation that it was made of; None: whichever."""

    text: str
    based_on: int | None = None


class ActivationOutcome(Shape):
    """What an activation did."""

    activation: Annotated[int, Field(description="its number; of a model that was active already, of that one")]
    version: Annotated[str, Field(description="hash of what leads are folded by")]
    known: Annotated[bool, Field(description="it was the active one already, word for word")]
    refolded: Annotated[bool, Field(description="leads were folded anew; else only labels and the like differed")]
    announced: Annotated[bool, Field(description="who is hot and was not told of is told of now")]
    quiet: Annotated[int, Field(description="leads that are hot and that nobody was told of")]
    moved: dict[str, list[MoveShape]]


class ToActivate(JsonBody):
    """The model that shall be the active one."""

    model: Annotated[str, Field(description="the text of a model file")]
    based_on: Annotated[
        int | None, Field(ge=1, description="the activation that it was made of: refused where another is active now")
    ] = None
    announce: Annotated[bool, Field(description="announce also who is hot only because the rules changed")] = False


class ModelChanges:
    """Begins jobs about drafts. `file`: the model file, where its text is activated at the start; then nobody else
    activates a model."""

    def __init__(self, runner: JobRunner, database: Database, ids: Ids, engine: Engine, file: Path | None) -> None:
        self._runner = runner
        self._database = database
        self._ids = ids
        self._engine = engine
        self.file = file

    def preview(self, draft: ModelDraft) -> Job:
        """Begin to say what a draft would change. Raises ModelError, Problem 409: another such job is running."""
        variant = Variant(self._model(draft).text)
        kept = {_DRAFT: draft._asdict()}

        def work(report: Report) -> Any:
            found = shape_of(diff(self._database, variant, None, report, self._engine))
            return {**found.model_dump(mode="json", by_alias=True), **kept}

        return self._runner.begin(DIFF, work, kept)

    def activate(self, draft: ModelDraft, by: str, *, announce: bool) -> Job:
        """Begin to make a draft the active model. Raises ModelError; Problem 409: it is refused, or one is running."""
        if self.file is not None:
            advice = f"put the model into {self.file}, and start the server again"
            raise Problem(409, f"the server activates its model file at its start, which counts here: {advice}")
        model = self._model(draft)
        try:
            with self._database.snapshot() as conn:
                check_based_on(conn, draft.based_on)
                check_kept(conn, active_model(conn) or model, model)
        except ActivationRefused as error:
            raise Problem(409, str(error)) from None

        def work(report: Report) -> Any:
            done = activate(
                self._database, self._ids, model, report,
                announce=announce, based_on=draft.based_on, by=by, engine=self._engine,
            )  # fmt: skip
            shape = ActivationOutcome(
                activation=done.activation, version=done.hash, known=done.known, refolded=done.refolded,
                announced=announce, quiet=done.quiet, moved=moves_of(done.moved),
            )  # fmt: skip
            return shape.model_dump(mode="json")

        return self._runner.begin(ACTIVATE, work, {_DRAFT: draft._asdict()})

    def _model(self, draft: ModelDraft) -> Model:
        """The model, with limits that were drawn for the active one. Raises ModelError."""
        with self._database.snapshot() as conn:
            return carry_over(parse_model(draft.text, is_new=True), active_model(conn))


def draft_of(job: Job) -> ModelDraft | None:
    """The draft that a job is about; None: it keeps none."""
    kept = None if job.result is None else orjson.loads(job.result)
    return ModelDraft(**kept[_DRAFT]) if isinstance(kept, dict) and _DRAFT in kept else None


def activation_routes(changes: ModelChanges) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["jobs"], route_class=JsonRoute)

    @router.post(
        "/model/activate",
        summary="Make a model the active one, everything refolded by it, as a job",
        status_code=202,
        response_model=JobShape,
        responses={409: {"description": "One is running; or it is refused, and the active model stays on"}},
    )
    def begin_activation(asked: ToActivate, request: Request) -> JSONResponse:
        draft = ModelDraft(asked.model, asked.based_on)
        try:
            return accepted(changes.activate(draft, viewer_of(request).name, announce=asked.announce))
        except ModelError as error:
            raise Problem(400, "model: " + "; ".join(error.lines), problems=list(error.lines)) from None

    return router
