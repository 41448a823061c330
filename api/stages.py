"""`/api/stages`: how leads go through the stages, and the leads behind each number."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.parameters import AsOf, DaysParameters, Paged
from api.past import opened
from projections.queries.shapes import Page
from projections.queries.view import Reader
from projections.reports.stages import report as stage_report
from projections.reports.stages.leads import StageLeadShape, StageState, leads_of_stage
from projections.reports.stages.report import StagesShape


class StagesParameters(DaysParameters, AsOf):
    """The days on which leads came to a stage for the first time."""


class StageLeadsParameters(DaysParameters, Paged):
    """Which number of the report the list is of."""

    state: Annotated[StageState, Field(description="the name of a number of the stage")] = "entered"


def stage_routes(reader: Reader) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["reports"])

    @router.get("/stages", summary="How many leads came to each stage, are in it, went on, and how long they stay")
    def stages(parameters: Annotated[StagesParameters, Query()], response: Response) -> StagesShape:
        with opened(reader, parameters, response) as view:
            return stage_report.stages(view, parameters.days(view.model.timezone))

    @router.get("/stages/{name}/leads", summary="The leads behind a number of a stage")
    def leads(
        name: str, parameters: Annotated[StageLeadsParameters, Query()], response: Response
    ) -> Page[StageLeadShape]:
        with opened(reader, parameters, response) as view:
            days = parameters.days(view.model.timezone)
            return leads_of_stage(view, name, parameters.state, days, limit=parameters.limit, cursor=parameters.cursor)

    return router
