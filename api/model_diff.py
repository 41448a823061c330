"""What another model would change, asked for over HTTP: it folds the whole history, so it is a job."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from api.bodies import JsonBody, JsonRoute
from api.bounds import period_of
from api.jobs import JobRunner, JobShape, Report, accepted
from api.model_activation import DIFF
from domain.files.durations import parse_duration
from domain.files.problems import ModelError
from domain.model.definition import Model, parse_model
from domain.model.drawn import carry_over
from domain.model.variant import Variant
from projections.history.engines import Engine
from projections.queries.view import Reader
from projections.reports.model_diff import shape_of
from projections.upkeep.comparing import Bounds, diff
from store.database.database import Database
from web.problems import Problem


class OtherModel(JsonBody):
    """The other model: a file's text, else the active one's; and numbers that are read otherwise."""

    model: Annotated[str | None, Field(description="the text of a model file; none: the active model's")] = None
    points: Annotated[dict[str, float], Field(description="of score rules, by their names")] = {}
    hot_at: Annotated[float | None, Field(description="threshold of every grade that can be hot")] = None
    half_life: Annotated[str | None, Field(description="such as 14d")] = None
    won_within: Annotated[str, Field(description="time that a hot lead has to be won in")] = "30d"
    from_: Annotated[str | None, Field(alias="from", description="won, or hot, at or after: as of a funnel")] = None
    to: Annotated[str | None, Field(description="won, or hot, before")] = None

    def variant(self, active: Model) -> Variant:
        """The other model, which must be a valid one. Raises Problem."""
        numbers = tuple(self.points.items()), self.hot_at, self.half_life
        try:
            other = active if self.model is None else carry_over(parse_model(self.model), active)
            variant = Variant(other.text, *numbers)
            variant.model()
        except ModelError as error:
            raise Problem(400, "model: " + "; ".join(error.lines), problems=list(error.lines)) from None
        return variant

    def span(self, zone: str) -> Bounds:
        """What is looked at of how rules would have done; days begin in that time zone. Raises Problem."""
        start, end = period_of(self.from_, self.to, zone)
        try:
            return Bounds(start or 0, end, parse_duration(self.won_within))
        except ValueError as error:
            raise Problem(400, f"won_within: {error}") from None


def model_routes(runner: JobRunner, reader: Reader, database: Database, engine: Engine) -> APIRouter:
    """The route; `engine` does the work."""
    router = APIRouter(tags=["jobs"], route_class=JsonRoute)

    @router.post(
        "/model/diff",
        summary="What another model would change, and how its rules would have done, as a job",
        status_code=202,
        response_model=JobShape,
        responses={409: {"description": "One is running"}},
    )
    def begin_diff(other: OtherModel) -> JSONResponse:
        with reader.view() as view:
            active = view.model
        variant, span = other.variant(active), other.span(active.timezone)

        def work(report: Report) -> Any:
            found = diff(database, variant, span, report, engine)
            return shape_of(found).model_dump(mode="json", by_alias=True)

        return accepted(runner.begin(DIFF, work))

    return router
