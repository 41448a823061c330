"""`/api/reports`: what reports there are, each as JSON or CSV, and the people behind a number of one."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field

from api.access.audit import keep_export
from api.csv_answer import csv_answer
from api.parameters import AsOf, DaysParameters, Paged, Parameters
from api.past import opened
from projections.queries.shapes import Page
from projections.queries.view import Reader
from projections.reports.answer import HappenedShape, Report, ReportNameShape, ReportQuestion, ReportShape
from projections.reports.people import people_asked, people_behind
from projections.reports.registry import REPORTS, check_asked, csv_of, known_report, report, reports, ways_of
from store.database.database import Database


def _asked(definition: Report) -> str:
    """What it may be asked, in words."""
    by = f". `by`: {', '.join(ways_of(definition.by))}" if definition.by else ""
    return by + "".join(f". `{name}`: {about}" for name, about in definition.options.items())


_ABOUT: Final = "\n".join([
    "Every row has a value of each column, null where nobody knows it. Options are parameters of their own.\n",
    *(f"- `{each.name}`: {each.about}{_asked(each)}" for each in REPORTS),
])  # fmt: skip
_BEHIND: Final = "\n".join([
    "As many as the number says. The report's parameters, and what its row holds in these columns, but what is null:\n",
    *(
        f"- `{each.name}`: {', '.join(f'`{name}`' for name in each.people.row)}; `number` is one of "
        f"{', '.join(each.people.numbers)}; `at` is {each.people.at}"
        for each in REPORTS
        if each.people is not None
    ),
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


class ReportPeopleParameters(DaysParameters, Paged):
    """Which number of which row of a report the list is of. Options of the report, and what tells the row apart, are
    parameters too; others are refused, never ignored."""

    model_config = ConfigDict(extra="allow")

    number: Annotated[str, Field(description="the name of a column that counts people: /api/reports lists them")]
    by: Annotated[str | None, Field(description="as the report was asked")] = None

    def question(self, zone: str) -> ReportQuestion:
        """As the report was asked, beside its options the cell. Raises BadPeriod."""
        return ReportQuestion(self.days(zone), self.by, self.model_extra or {})


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
        return csv_answer(request, csv_of(shape), f"{shape.report}.csv", response.headers)

    @router.get(
        "/reports/{name}/people",
        summary="The people behind a number of a report, the newest first",
        description=_BEHIND,
    )
    def people(
        name: str, parameters: Annotated[ReportPeopleParameters, Query()], response: Response
    ) -> Page[HappenedShape]:
        definition = known_report(name)
        options, _, _ = people_asked(definition, parameters.number, parameters.model_extra or {})
        check_asked(name, parameters.by, options)
        with opened(reader, parameters, response) as view:
            return people_behind(
                view,
                definition,
                parameters.question(view.model.timezone),
                parameters.number,
                limit=parameters.limit,
                cursor=parameters.cursor,
            )

    return router


def _names_csv(accept: str) -> bool:
    """Whether a client asks for CSV before JSON: the first of the two that it names."""
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return next((kind for kind in kinds if kind in ("text/csv", "application/json")), "") == "text/csv"
