"""`/api`: the queries over HTTP, with OpenAPI at `/api/docs`. Commands are routes that runtime adds."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from importlib.metadata import version
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi_offline import FastAPIOffline
from pydantic import Field, field_validator

from api.access.audit import audit_routes
from api.access.masked_answers import MaskedAnswers
from api.access.masking import Masking
from api.access.roles import check_role
from api.active_model import active_model_routes
from api.answers import answer_problems, answered, plain
from api.bounds import bound_of, period_of
from api.dossiers import dossier_routes
from api.findings import finding_routes
from api.funnels import funnel_routes
from api.jobs import accepted
from api.overview import overview_routes
from api.parameters import AsOf, Paged, Parameters, in_openapi, many_asked, several
from api.past import PastViewBuilder, opened
from api.reports import report_routes
from api.segments import segment_routes
from api.signals import Seeing, signal_routes
from api.stages import stage_routes
from api.stream import SignalFeed
from domain.signals.answer_link import NO_LINKS, Links
from domain.touchpoints.identity import KINDS
from projections.queries import one_lead
from projections.queries import score as lead_score
from projections.queries import timeline as lead_timeline
from projections.queries.as_of import NoPastView
from projections.queries.filters import Filters
from projections.queries.leads import find_leads
from projections.queries.orders import OrderName
from projections.queries.shapes import (
    LeadDetail,
    LeadPage,
    Page,
    ScoreShape,
    TimelinePage,
)
from projections.queries.view import LIMIT, Reader
from projections.reports import responses as response_report
from projections.reports.responses import DeadlineShape, ResponsesShape
from store.database.database import Database
from store.events.ids import Ids
from store.events.store import EventStore
from web.private import Private
from web.problems import Problem

DESCRIPTION = """Leads, their journeys and their scores; segments, funnels and signals.

Every list is `{"items": [...], "next": cursor or null}`; times are RFC 3339 in UTC; errors are RFC 9457 problems.
With `as_of` a list or report is answered as of an instant, with `Leadline-As-Of`, `Leadline-Knowing` and
`Leadline-Position` in its headers; until the past view that it needs is built it is 202, with the job that builds it.
"""


@dataclass(frozen=True, slots=True)
class Readers:
    """What the queries read from."""

    database: Database
    events: EventStore
    ids: Ids
    stopping: Callable[[], bool] = lambda: False
    """Whether the server is on its way out: streams end then."""
    streams: int = 200
    """How many streams of signals may be open."""
    links: Links = NO_LINKS
    """Where people read about leads, and how their owners answer."""
    past: PastViewBuilder | None = None
    """Who builds past views that are asked for; None: nobody, and they are not there."""


class LeadsParameters(Paged):
    """Filters of the list of leads; all must hold."""

    q: Annotated[
        str | None,
        Field(description="beginnings of words of name, company, e-mail; of Chinese, Japanese or Korean any part"),
    ] = None
    email: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    phone: str | None = None
    stage: str | None = None
    segment: str | None = None
    grade: str | None = None
    hot: bool | None = None
    announced: Annotated[bool | None, Field(description="hot, and somebody was told")] = None
    excluded: Annotated[bool | None, Field(description="no lead: an employee, a competitor, ...")] = None
    first_channel: Annotated[str | None, Field(description="of the first source: paid_search, direct, ...")] = None
    last_channel: Annotated[str | None, Field(description="of the last source")] = None
    campaign: Annotated[str | None, Field(description="of the first or the last source")] = None
    owner: Annotated[str | None, Field(description="who takes care of it; none: nobody")] = None
    tag: Annotated[str | None, Field(description="one of [[tags]] that people put on it")] = None
    changed_since: Annotated[str | None, Field(description="RFC 3339, or a day in the model's time zone")] = None
    order: Annotated[OrderName, Field(description="hottest, last seen, last moved first; or by name")] = "heat"
    count: Annotated[bool, Field(description="say also how many there are")] = False

    def filters(self, zone: str) -> Filters:
        """What the list is narrowed by; days begin in that time zone."""
        asked = self.model_dump(include=_FILTERS)
        identities = {kind: getattr(self, kind) for kind in KINDS}
        return Filters(identities, changed_since=bound_of("changed_since", self.changed_since, zone), **asked)

    @field_validator("phone")
    @classmethod
    def _plus(cls, phone: str | None) -> str | None:
        """A bare + is a space in a URL, and no phone number begins with one: `phone=+4930...` is meant as written."""
        return None if phone is None else _DECODED_PLUS.sub("+", phone)


_DECODED_PLUS: Final = re.compile(r"\A (?=[1-9])")
"""At the beginning of a phone number, before its country."""
_FILTERS: Final = {field.name for field in fields(Filters)} - {"identities", "changed_since"}


class TimelineParameters(Paged):
    """Parameters of a timeline."""

    order: Annotated[Literal["oldest", "newest"], Field(description="the order of the fold, or its reverse")] = "oldest"
    type: Annotated[str | None, Field(description="of one type, or of several with commas")] = None


class PeriodParameters(Parameters):
    """A period: RFC 3339, or a day in the model's time zone; `to` is not in it."""

    from_: Annotated[str | None, Field(alias="from")] = None
    to: str | None = None

    def bounds(self, zone: str) -> tuple[int | None, int | None]:
        """Its bounds, microseconds; days begin in that time zone."""
        return period_of(self.from_, self.to, zone)


class DeadlinesParameters(Parameters):
    """Which deadlines are listed."""

    owner: str | None = None
    state: Annotated[str, Field(description="open, kept, missed, dropped")] = "open"
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 100
    cursor: Annotated[str | None, Field(description="`next` of the page before")] = None


def create_api(readers: Readers, private: Private, *extra: APIRouter) -> FastAPI:
    """The application under `/api`; `extra` routers (the commands) are behind the same guard."""
    app = FastAPIOffline(  # its pages load nothing from other hosts: they are blank in a closed network
        title="Leadline",
        description=DESCRIPTION,
        version=version("leadline"),
        docs_url="/api/docs",
        redoc_url=None,
        openapi_url="/api/openapi.json",
        swagger_ui_oauth2_redirect_url="/api/docs/oauth2-redirect",
        static_url="/api/docs/static",
        redirect_slashes=False,
    )
    masking = Masking(readers.ids)
    app.add_middleware(MaskedAnswers, masking=masking)
    answer_problems(app)
    app.add_exception_handler(NoPastView, _asking(readers.past))
    guard = [Depends(private.check), Depends(check_role), Depends(plain)]
    reader = _reader(readers)
    routes = (
        active_model_routes,
        dossier_routes,
        finding_routes,
        funnel_routes,
        stage_routes,
        overview_routes,
    )
    feed = SignalFeed(readers.database, readers.streams, readers.stopping, readers.links)
    signals = signal_routes(reader, readers.database, feed, Seeing(private, masking), readers.links)
    reports, audits = report_routes(reader, readers.database), audit_routes(readers.database)
    segments = segment_routes(reader, readers.database)
    own = _leads(readers), _reports(readers), *(each(reader) for each in routes), segments, reports, signals, audits
    for router in (*own, *extra):
        app.include_router(router, prefix="/api", dependencies=guard)
    return app


def _asking(builder: PastViewBuilder | None) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What answers a request as of an instant of which there is no past view: 202, and the job that builds it."""

    async def ask(request: Request, missing: Exception) -> Response:
        assert isinstance(missing, NoPastView)
        if builder is None:
            return Problem(404, str(missing)).response()
        try:
            return accepted(await run_in_threadpool(builder.ask, missing.pair))
        except Problem as problem:
            return problem.response()

    return ask


def _reader(readers: Readers) -> Reader:
    return Reader(readers.database, readers.events, readers.ids)


def _leads(readers: Readers) -> APIRouter:
    router, reader = APIRouter(tags=["leads"]), _reader(readers)

    summary = "Leads in an order, narrowed by filters"
    asked = Depends(many_asked(LeadsParameters))

    @router.get("/leads", summary=summary, response_model=LeadPage, openapi_extra=in_openapi(LeadsParameters))
    def leads(parameters: Annotated[LeadsParameters, asked], response: Response) -> Response:
        with opened(reader, parameters, response) as view:
            page = find_leads(
                view,
                parameters.filters(view.model.timezone),
                order=parameters.order,
                limit=parameters.limit,
                cursor=parameters.cursor,
                count=parameters.count,
            )
            return answered(page, response)

    @router.get("/leads/{lead}", summary="One lead; a former id answers the live one", response_model=LeadDetail)
    def lead(lead: str, parameters: Annotated[AsOf, Query()]) -> Response:
        with reader.leads(parameters.as_of, parameters.knowing) as view:
            return answered(one_lead.lead_detail(view, one_lead.live_lead(view, lead)))

    @router.get(
        "/leads/{lead}/timeline",
        summary="What happened and what it did, in the order of the fold",
        response_model=TimelinePage,
    )
    def timeline(lead: str, parameters: Annotated[TimelineParameters, Query()]) -> Response:
        with reader.leads(parameters.as_of, parameters.knowing) as view:
            page = lead_timeline.timeline(
                view,
                one_lead.live_lead(view, lead),
                types=several(parameters.type),
                limit=parameters.limit,
                cursor=parameters.cursor,
                newest=parameters.order == "newest",
            )
            return answered(page)

    @router.get("/leads/{lead}/score", summary="Every point explained", response_model=ScoreShape)
    def score(lead: str, parameters: Annotated[Paged, Query()]) -> Response:
        with reader.leads(parameters.as_of, parameters.knowing) as view:
            live = one_lead.live_lead(view, lead)
            return answered(lead_score.score(view, live, limit=parameters.limit, cursor=parameters.cursor))

    return router


def _reports(readers: Readers) -> APIRouter:
    router, reader = APIRouter(tags=["reports"]), _reader(readers)

    @router.get("/responses", summary="How soon owners did what was asked of them")
    def responses(parameters: Annotated[PeriodParameters, Query()]) -> ResponsesShape:
        with reader.view() as view:
            return response_report.responses(view, *parameters.bounds(view.model.timezone))

    @router.get("/deadlines", summary="What is to be done about leads, and by when")
    def deadlines(parameters: Annotated[DeadlinesParameters, Query()]) -> Page[DeadlineShape]:
        with reader.view() as view:
            return response_report.waited_for(view, **parameters.model_dump())

    return router
