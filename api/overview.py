"""`/api/overview`: what is different from last week, and the leads behind its numbers."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.parameters import AsOf, DaysParameters, Paged
from api.past import opened
from projections.queries.shapes import Page
from projections.queries.view import Reader
from projections.reports.answer import HappenedShape
from projections.reports.overview.happened import LISTED, happened
from projections.reports.overview.shapes import OverviewShape
from projections.reports.overview.weeks import overview


class HappenedParameters(DaysParameters, Paged):
    """Which number the list is of, and of which days."""

    of: Annotated[str, Field(description=", ".join(LISTED))]
    name: Annotated[str | None, Field(description="of channel and stage: which one")] = None


def overview_routes(reader: Reader) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["reports"])

    @router.get("/overview", summary="What is different from last week: two weeks and today, day by day")
    def whole(parameters: Annotated[AsOf, Query()], response: Response) -> OverviewShape:
        with opened(reader, parameters, response) as view:
            return overview(view)

    @router.get("/overview/leads", summary="The leads behind a number of the overview, the newest first")
    def leads(parameters: Annotated[HappenedParameters, Query()], response: Response) -> Page[HappenedShape]:
        with opened(reader, parameters, response) as view:
            days = parameters.days(view.model.timezone)
            return happened(
                view, parameters.of, parameters.name, days, limit=parameters.limit, cursor=parameters.cursor
            )

    return router
