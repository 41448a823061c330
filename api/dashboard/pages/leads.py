"""`/`: who to call now."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.dashboard.resources import Resources
from api.dashboard.wording import Wording
from domain.fold.names import full_name
from projections.queries.leads import find_leads
from projections.queries.shapes import LeadShape


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def leads(request: Request) -> Response:
        with resources.reader.view() as view:
            page = find_leads(view, limit=50)
            wording = Wording(view.model, resources.shell.language(request), view.clock)
            rows = [{"lead": lead, "name": called(lead)} for lead in page.items]
        return resources.shell.render(request, "leads.html", rows=rows, wording=wording, clock=view.clock)

    return [Route("/", leads)]


def called(lead: LeadShape) -> str | None:
    """What a lead is called: the name, else the highest identity that is not a cookie; None: nobody knows."""
    if name := full_name(lead.profile):
        return name
    return next((each.value for each in lead.identities if each.kind != "anonymous_id"), None)
