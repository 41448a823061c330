"""`POST /api/funnels`: a funnel that the model has not, over the whole history, as a job."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from api.bodies import CleanBody, JsonRoute
from api.jobs import JobRunner, JobShape, Report, accepted
from domain.files.problems import ModelError
from domain.model.definition import Model
from domain.model.funnels import Funnel
from domain.model.trial import read_funnel
from projections.history.engines import Engine
from projections.queries.days import SeriesName, days_between
from projections.queries.view import Reader
from projections.reports.funnels.asking import ask, check
from store.database.database import Database
from web.problems import Problem

_OF_FUNNEL: Final = {"steps", "window", "order", "exclude"}


class AskedFunnel(CleanBody):
    """A funnel as in a model file, and what a report is asked with."""

    steps: Annotated[Any, Field(description='such as [{"on": "page_viewed"}, {"on": "form_submitted"}]')] = None
    window: Annotated[Any, Field(description="such as 14d")] = None
    order: Annotated[Any, Field(description="ordered, strict or any")] = None
    exclude: Annotated[Any, Field(description="what ends an attempt, as steps")] = None
    from_: Annotated[str | None, Field(alias="from", description="started on this day or later")] = None
    to: Annotated[str | None, Field(description="started before this day")] = None
    by: Annotated[str | None, Field(description="as of a funnel of the model")] = None
    series: Annotated[SeriesName | None, Field(description="as of a funnel of the model")] = None

    def funnel(self, model: Model) -> Funnel:
        """The funnel, beside the model. Raises Problem."""
        try:
            return read_funnel(self.model_dump(include=_OF_FUNNEL, exclude_none=True), model.text)
        except ModelError as error:
            raise Problem(400, "; ".join(error.lines), problems=list(error.lines)) from None


def asked_funnel_routes(runner: JobRunner, reader: Reader, database: Database, engine: Engine) -> APIRouter:
    """The route; `engine` does the work."""
    router = APIRouter(tags=["jobs"], route_class=JsonRoute)

    @router.post(
        "/funnels",
        summary="A funnel that the model has not, over the whole history, as a job",
        status_code=202,
        response_model=JobShape,
        responses={409: {"description": "One is running"}},
    )
    def begin_funnel(asked: AskedFunnel) -> JSONResponse:
        with reader.view() as view:
            model, funnel = view.model, asked.funnel(view.model)
            days = days_between(asked.from_, asked.to, model.timezone)
            check(view, days, asked.by, asked.series)

        def work(report: Report) -> Any:
            shape = ask(database, model, funnel, days, report, engine, by=asked.by, series=asked.series)
            return shape.model_dump(mode="json", by_alias=True)

        return accepted(runner.begin("funnel", work))

    return router
