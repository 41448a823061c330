"""`/api/segments`: their sizes, who is and was in one, how it grew, and how one would have grown that is only tried."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field, field_validator, model_validator

from api.access.audit import keep_export
from api.access.masking import seen_by
from api.bodies import JsonBody, JsonRoute, storable
from api.bounds import bound_of
from api.csv_answer import csv_answer
from api.jobs import JobRunner, JobShape, Report, accepted
from api.parameters import AsOf, DaysParameters, Paged
from api.past import opened
from domain.conditions.tree import Condition
from domain.files.problems import ModelError
from domain.model.definition import Model, parse_model
from domain.model.drawn import carry_over
from domain.model.trial import read_when, trying_segment
from domain.touchpoints.touchpoint import rfc3339
from projections.history.engines import Engine
from projections.queries.csv_rows import csv_lines
from projections.queries.days import SeriesName, days_between
from projections.queries.shapes import MemberShape, Page
from projections.queries.view import Reader, View, known
from projections.reports.segments import members as segment_members
from projections.reports.segments.history import history
from projections.reports.segments.members import CSV_COLUMNS, all_members, member_rows
from projections.reports.segments.preview import Looking, preview
from projections.reports.segments.shapes import SegmentHistoryShape, SegmentShape
from store.database.database import Database
from web.problems import Problem
from web.viewer import viewer_of


class SegmentsParameters(AsOf):
    """How much is said of each."""

    lately: Annotated[bool, Field(description="also of the last seven days, and people apart from visitors")] = False


class MembersParameters(Paged):
    """When, and which page."""

    at: Annotated[
        str | None, Field(description="who was in it then: RFC 3339, or the beginning of a day; none: who is")
    ] = None

    format: Annotated[
        Literal["json", "csv"], Field(description="csv: all of them in one file, `limit` and `cursor` aside")
    ] = "json"

    def instant(self, view: View) -> int | None:
        """The instant, microseconds. Raises Problem."""
        at = bound_of("at", self.at, view.model.timezone)
        if at is not None and at > view.clock:
            raise Problem(400, f"at: found {self.at}, allowed is up to {rfc3339(view.clock)}: nothing later is known")
        return at


class HistoryParameters(DaysParameters, AsOf):
    """The days that are looked at, and in which parts; without `from` the last twelve weeks."""

    by: Annotated[SeriesName, Field(description="day, week (from Monday) or month in the model's time zone")] = "week"


def segment_routes(reader: Reader, database: Database) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["reports"])

    @router.get("/segments", summary="Segments and their sizes")
    def segments(parameters: Annotated[SegmentsParameters, Query()], response: Response) -> Page[SegmentShape]:
        with opened(reader, parameters, response) as view:
            return segment_members.segments(view, with_lately=parameters.lately)

    @router.get(
        "/segments/{name}/members",
        summary="The leads in a segment, now or at a past instant",
        response_model=Page[MemberShape],
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    def members(
        name: str, parameters: Annotated[MembersParameters, Query()], request: Request, response: Response
    ) -> Page[MemberShape] | Response:
        with opened(reader, parameters, response) as view:
            at = parameters.instant(view)
            if parameters.format == "csv":
                items = seen_by(viewer_of(request), view.ids, all_members(view, name, at))
            else:
                return segment_members.members_of(view, name, at=at, limit=parameters.limit, cursor=parameters.cursor)
        keep_export(database, request, f"members of segment {name} (csv)", len(items))
        return csv_answer(request, csv_lines(CSV_COLUMNS, member_rows(items)), "members.csv", response.headers)

    @router.get("/segments/{name}/history", summary="How a segment grew: its size, who entered, who left")
    def grown(name: str, parameters: Annotated[HistoryParameters, Query()], response: Response) -> SegmentHistoryShape:
        with opened(reader, parameters, response) as view:
            return history(view, name, parameters.by, parameters.days(view.model.timezone))

    return router


class TriedSegment(JsonBody):
    """A condition, or the name of a segment; of the active model, or of another."""

    when: Annotated[dict[str, Any] | None, Field(description="as in a model file")] = None
    segment: Annotated[str | None, Field(description="in place of `when`: this one of the model")] = None
    model: Annotated[str | None, Field(description="the text of a model file; none: the active model's")] = None
    by: Annotated[SeriesName, Field(description="how it would have grown by day, week or month")] = "week"
    from_: Annotated[str | None, Field(alias="from", description="from this day on; none: the last 26 weeks")] = None
    to: Annotated[str | None, Field(description="before this day")] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "TriedSegment":
        if (self.when is None) == (self.segment is None):
            raise ValueError("give when (a condition) or segment (a name), one of them")
        return self

    @field_validator("when", mode="before")
    @classmethod
    def _as_a_file_has_it(cls, when: Any) -> Any:
        return storable(when)

    def read(self, active: Model) -> tuple[Model, Condition]:
        """The model and the condition. Raises Problem, NotFound."""
        try:
            model = active if self.model is None else carry_over(parse_model(self.model), active)
        except ModelError as error:
            raise Problem(400, "model: " + "; ".join(error.lines), problems=list(error.lines)) from None
        if self.segment is not None:
            segments = {segment.name: segment.when for segment in model.segments}
            return model, segments[known("segment", self.segment, list(segments))]
        try:
            when = read_when(self.when, model.text)
            trying_segment(model, when)
        except ModelError as error:
            raise Problem(400, "; ".join(error.lines), problems=list(error.lines)) from None
        return model, when

    def looking(self, zone: str, clock: int) -> Looking:
        """How far back is looked. Raises BadPeriod."""
        looking = Looking(self.by, days_between(self.from_, self.to, zone))
        looking.buckets(zone, clock)
        return looking


def preview_routes(runner: JobRunner, reader: Reader, database: Database, engine: Engine) -> APIRouter:
    """The route of what is only tried; `engine` does the work."""
    router = APIRouter(tags=["jobs"], route_class=JsonRoute)

    @router.post(
        "/segments/preview",
        summary="Who would be in a segment that the model has not, and how it would have grown, as a job",
        status_code=202,
        response_model=JobShape,
        responses={409: {"description": "One is running"}},
    )
    def begin_preview(tried: TriedSegment) -> JSONResponse:
        with reader.view() as view:
            model, when = tried.read(view.model)
            looking = tried.looking(model.timezone, view.clock)

        def work(report: Report) -> Any:
            shape = preview(database, model, when, report, engine, looking=looking, name=tried.segment)
            return shape.model_dump(mode="json", by_alias=True)

        return accepted(runner.begin("segment preview", work))

    return router
