"""`/api/funnels`: what there are, their reports, and the leads behind each number."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.parameters import AsOf, DaysParameters, Paged
from api.past import opened
from projections.queries.days import SeriesName
from projections.queries.shapes import Page
from projections.queries.view import Reader
from projections.reports.funnels import report
from projections.reports.funnels.leads import FunnelNumber, leads_in
from projections.reports.funnels.shapes import FunnelLeadShape, FunnelNameShape, FunnelShape, State

_BY = "first_channel, last_campaign, ..., stage, grade, segment:NAME, profile.FIELD, profile.FIELD:5000,10000 (bands)"


class FunnelParameters(DaysParameters, AsOf):
    """The period, and what the leads are told apart by."""

    by: Annotated[str | None, Field(description=_BY)] = None
    series: Annotated[SeriesName | None, Field(description="the same by day, week or month of the period")] = None


class FunnelLeadsParameters(DaysParameters, Paged):
    """Which number of the report the list is of."""

    step: Annotated[int | None, Field(description="none: of the whole funnel")] = None
    state: Annotated[State, Field(description="pending and gone: of those that stand at the step")] = "reached"
    mature: Annotated[bool | None, Field(description="whether every window of the lead is over")] = None
    by: Annotated[str | None, Field(description=_BY)] = None
    group: Annotated[str | None, Field(description="one of the report by the same")] = None

    def number(self) -> FunnelNumber:
        """The number."""
        return FunnelNumber(self.state, self.step, self.mature, self.by, self.group)


def funnel_routes(reader: Reader) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["reports"])

    @router.get("/funnels", summary="Funnels of the model")
    def funnels(parameters: Annotated[AsOf, Query()], response: Response) -> Page[FunnelNameShape]:
        with opened(reader, parameters, response) as view:
            return report.funnels(view)

    @router.get("/funnels/{name}", summary="How far leads came, how long it took, and where most are lost")
    def funnel(name: str, parameters: Annotated[FunnelParameters, Query()], response: Response) -> FunnelShape:
        with opened(reader, parameters, response) as view:
            days = parameters.days(view.model.timezone)
            return report.funnel(view, name, days, by=parameters.by, series=parameters.series)

    @router.get("/funnels/{name}/leads", summary="The leads behind a number of a funnel's report")
    def leads(
        name: str, parameters: Annotated[FunnelLeadsParameters, Query()], response: Response
    ) -> Page[FunnelLeadShape]:
        with opened(reader, parameters, response) as view:
            days = parameters.days(view.model.timezone)
            return leads_in(view, name, days, parameters.number(), limit=parameters.limit, cursor=parameters.cursor)

    return router
