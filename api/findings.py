"""`/api/findings`: the leads behind each number of the report `quality`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.parameters import Paged
from api.past import opened
from projections.queries.one_lead import live_lead
from projections.queries.view import Reader
from projections.reports import quality
from projections.reports.quality import FindingPage


class FindingsParameters(Paged):
    """Which findings are listed."""

    kind: Annotated[str | None, Field(description="as in the report `quality`")] = None
    detail: Annotated[str | None, Field(description="with this one alone: of missing_field the field")] = None
    lead: Annotated[str | None, Field(description="of this lead alone")] = None
    count: Annotated[bool, Field(description="say also how many leads have which")] = False


def finding_routes(reader: Reader) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["reports"])

    @router.get("/findings", summary="What is missing, wrong or doubtful in what is known of leads")
    def findings(parameters: Annotated[FindingsParameters, Query()], response: Response) -> FindingPage:
        with opened(reader, parameters, response) as view:
            return quality.findings(
                view,
                kind=parameters.kind,
                detail=parameters.detail,
                lead=None if parameters.lead is None else live_lead(view, parameters.lead),
                limit=parameters.limit,
                cursor=parameters.cursor,
                count=parameters.count,
            )

    return router
