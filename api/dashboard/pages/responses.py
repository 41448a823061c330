"""`/responses`: how soon what was asked of owners was done, and what is waited for now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.lead_rows import LeadRow, lead_row
from api.dashboard.periods import period_of
from api.dashboard.reports.choice import ReportChoice
from api.dashboard.reports.table import report_table
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from projections.queries.leads import leads_of
from projections.queries.view import View
from projections.reports.answer import ReportQuestion
from projections.reports.registry import report
from projections.reports.responses import RESPONSE_TIMES, DeadlineShape, waited_for
from web.viewer import Viewer, viewer_of

NAVIGATION: Final = NavigationEntry("/responses", N_("Response times"))
SIZE: Final = 50
"""Open deadlines of a page."""
_COLUMNS: Final = ("who", "deadline", "asked", "open", "kept", "missed", "dropped", "median", "ninth_decile")
_WHO: Final[Mapping[str, str]] = {
    "owner": N_("Told apart by owner, as the model says."),
    "team": N_(
        "Told apart by team, as the model says: of single people nothing is told. “In no team” is what was asked of"
        " owners whom no team names as members, or of nobody."
    ),
    "none": N_("Told together, as the model says: of single people nothing is told."),
}
"""By `report_by` of the model."""


@dataclass(frozen=True, slots=True)
class KindOfDeadline:
    """How one kind of deadline went, whoever it was for. `kept`: the share done in time of what is over."""

    label: str
    asked: int
    open: int
    kept: float | None
    median: float | None


@dataclass(frozen=True, slots=True)
class WaitedFor:
    """Something that is to be done about a lead; None: who it was about is no lead any more."""

    deadline: DeadlineShape
    row: LeadRow | None
    late: bool


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def responses(request: Request) -> Response:
        with resources.reader.view() as view:
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            values = _values(request, view, wording)
        return resources.shell.render(request, "responses.html", **values)

    counted = resources.counted
    return [Route("/responses", counted(responses))]


def _values(request: Request, view: View, wording: PageWording) -> dict[str, Any]:
    """What the template is given."""
    said, viewer = request.query_params, viewer_of(request)
    period, sort = period_of(request, view.model, view.clock, "91"), said.get("sort", "")
    by_kind = report(view, "response_times", ReportQuestion(period.days, "kind"))
    shape = seen_by(viewer, view.ids, report(view, "response_times", ReportQuestion(period.days, "owner")))

    def address(sort: str) -> str:
        return f"/responses?{urlencode([*period.said, ('sort', sort)])}"

    title = wording.text(N_("Response times"))
    listed = ReportChoice(RESPONSE_TIMES, period, None, {}, "")
    table = report_table(wording, shape, title, columns=_COLUMNS, sort=sort, address=address, link=listed.people)
    owner, cursor = said.get("owner") or None, said.get("cursor") or None
    page = waited_for(view, owner=owner, limit=SIZE, cursor=cursor)
    filtered = [("owner", owner)] if owner else []
    own = f"/responses?{urlencode([*period.said, *filtered])}"
    return {
        "period": period,
        "sort": sort,
        "wording": wording,
        "clock": view.clock,
        "kinds": [_kind(wording, item) for item in by_kind.items],
        "table": replace(table, notes=()),  # they say what `told_by` says
        "told_by": wording.text(_WHO[view.model.sales.report_by]),
        "owners": [each.name for each in view.model.sales.owners if not each.retired],
        "owner": owner,
        "waited_for": _waited_for(view, wording, viewer, page.items),
        "beginning": f"{own}#waited" if cursor else None,
        "following": page.next and f"{own}&{urlencode({'cursor': page.next})}#waited",
        "size": SIZE,
        "download": f"/api/reports/response_times?{urlencode({**period.asked, 'format': 'csv'})}",
    }


def _kind(wording: PageWording, item: Mapping[str, Any]) -> KindOfDeadline:
    over = item["kept"] + item["missed"]
    return KindOfDeadline(
        wording.deadline(item["deadline"]),
        item["asked"],
        item["open"],
        item["kept"] / over if over else None,
        item["median"],
    )


def _waited_for(
    view: View, wording: PageWording, viewer: Viewer, deadlines: Sequence[DeadlineShape]
) -> list[WaitedFor]:
    """The deadlines with their leads, as somebody sees them."""
    leads = leads_of(view, {each.lead for each in deadlines})
    shown, found = seen_by(viewer, view.ids, (list(deadlines), leads))
    by_id = {lead.id: lead_row(lead, viewer.role, wording, lead.last_touch or 0) for lead in found}
    return [WaitedFor(each, by_id.get(each.lead), each.due <= view.clock) for each in shown]
