"""`/api/reports`: what reports there are, each as JSON or CSV, and the people behind a number of `channels`."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field

from api.audit import keep_export
from api.parameters import AsOf, DaysParameters, Paged, Parameters
from api.past import opened
from projections.queries.csv_rows import MEDIA_TYPE
from projections.queries.shapes import LeadShape, Page
from projections.queries.view import Reader
from projections.reports.answer import Report, ReportNameShape, ReportQuestion, ReportShape
from projections.reports.channels import CHANNELS, CameNumber, people_of_channel
from projections.reports.registry import REPORTS, check_asked, csv_of, report, reports, understood, ways_of
from store.database.database import Database


def _asked(definition: Report) -> str:
    """What it may be asked, in words."""
    by = f". `by`: {', '.join(ways_of(definition.by))}" if definition.by else ""
    return by + "".join(f". `{name}`: {about}" for name, about in definition.options.items())


_ABOUT: Final = "\n".join([
    "Every row has a value of each column, null where nobody knows it. Options are parameters of their own.\n",
    *(f"- `{each.name}`: {each.about}{_asked(each)}" for each in REPORTS),
])  # fmt: skip
_AS_CSV: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


class ReportParameters(DaysParameters, AsOf):
    """What a report is asked. Its options are parameters too; one that it has not is refused, never ignored."""

    model_config = ConfigDict(extra="allow")

    by: Annotated[str | None, Field(description="what the rows are told apart by: /api/reports lists it")] = None
    format: Annotated[Literal["json", "csv"] | None, Field(description="else as Accept says")] = None

    def question(self, zone: str) -> ReportQuestion:
        """The same as a report takes it. Raises BadPeriod."""
        return ReportQuestion(self.days(zone), self.by, self.model_extra or {})


class ChannelPeopleParameters(DaysParameters, Paged):
    """Which number of which row of the report `channels` the list is of."""

    group: Annotated[str | None, Field(description="as in the row; without it: of whom nobody said")] = None
    number: Annotated[CameNumber, Field(description="the name of a column that counts people")] = "leads"
    by: Annotated[str | None, Field(description="as the report was asked")] = None
    touch: Annotated[str | None, Field(description="likewise")] = None
    qualified: Annotated[str | None, Field(description="likewise")] = None

    def question(self, zone: str) -> ReportQuestion:
        """As the report was asked. Raises BadPeriod."""
        options = {"touch": self.touch, "qualified": self.qualified}
        said = {name: value for name, value in options.items() if value is not None}
        return ReportQuestion(self.days(zone), self.by, said)


def report_routes(reader: Reader, database: Database) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["reports"])

    @router.get("/reports", summary="Reports, and what each may be asked")
    def names(parameters: Annotated[Parameters, Query()]) -> Page[ReportNameShape]:
        return reports()

    @router.get(
        "/reports/{name}",
        summary="A report: rows of named columns, as JSON or CSV",
        description=_ABOUT,
        response_model=ReportShape,
        responses=_AS_CSV,
    )
    def one_report(
        name: str,
        parameters: Annotated[ReportParameters, Query()],
        request: Request,
        response: Response,
        accept: Annotated[str, Header()] = "",
    ) -> ReportShape | Response:
        check_asked(name, parameters.by, parameters.model_extra or {})
        with opened(reader, parameters, response) as view:
            shape = report(view, name, parameters.question(view.model.timezone))
        if not (parameters.format == "csv" if parameters.format else _names_csv(accept)):
            return shape
        keep_export(database, request, f"report {shape.report} (csv)", len(shape.items))
        told = {"Content-Disposition": f'attachment; filename="{shape.report}.csv"', "Vary": "Accept"}
        headers = {**response.headers, **told}
        return Response("".join(csv_of(shape)), headers=headers, media_type=MEDIA_TYPE)

    @router.get("/reports/channels/people", summary="The people behind a number of the report channels")
    def people(parameters: Annotated[ChannelPeopleParameters, Query()], response: Response) -> Page[LeadShape]:
        with opened(reader, parameters, response) as view:
            question = understood(view, CHANNELS, parameters.question(view.model.timezone))
            return people_of_channel(
                view,
                question,
                parameters.group,
                parameters.number,
                limit=parameters.limit,
                cursor=parameters.cursor,
            )

    return router


def _names_csv(accept: str) -> bool:
    """Whether a client asks for CSV before JSON: the first of the two that it names."""
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return next((kind for kind in kinds if kind in ("text/csv", "application/json")), "") == "text/csv"
