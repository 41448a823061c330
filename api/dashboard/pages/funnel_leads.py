"""`/funnels/{name}/leads`: the leads behind a number of a funnel's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.funnel_choice import FunnelChoice, number_of_address, of_a_field
from api.dashboard.lead_rows import name_seen_by, position_of
from api.dashboard.reports.questions import by_label
from api.dashboard.reports.values import group_text
from api.dashboard.resources import Resources
from api.dashboard.words.funnel_wording import FunnelWording, StepText
from projections.queries.view import View
from projections.reports.funnels.attempts import known_funnel
from projections.reports.funnels.leads import FunnelNumber, count_in, leads_in
from projections.reports.funnels.shapes import FunnelLeadShape
from web.viewer import Role, viewer_of

SIZE: Final = 50
"""Leads of a page."""


@dataclass(frozen=True, slots=True)
class FunnelLeadRow:
    """A lead as the list shows it. `took`: seconds from each step to the next."""

    lead: FunnelLeadShape
    name: str
    of: str
    step: StepText
    took: Sequence[float]


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def leads(request: Request) -> Response:
        if (address := of_a_field(request)) is not None:
            return RedirectResponse(address, 303)
        with resources.reader.view() as view:
            wording = FunnelWording(view.model, resources.shell.language(request), view.clock)
            values = _values(view, request, wording)
        return resources.shell.render(request, "funnel_leads.html", wording=wording, **values)

    counted = resources.counted
    return [Route("/funnels/{name}/leads", counted(leads))]


def _values(view: View, request: Request, wording: FunnelWording) -> dict[str, Any]:
    """A page of the list, and how many it has in all."""
    choice, number = FunnelChoice.of(request, view.model, view.clock), number_of_address(request.query_params)
    plan, viewer = known_funnel(view, choice.name), viewer_of(request)
    cursor = request.query_params.get("cursor") or None
    days = choice.period.days
    page = seen_by(viewer, view.ids, leads_in(view, choice.name, days, number, limit=SIZE, cursor=cursor))

    def address(cursor: str | None = None) -> str:
        return choice.leads(number.state, number.step, mature=number.mature, group=number.group, cursor=cursor)

    return {
        "choice": choice,
        "period": choice.period,
        "title": wording.behind(plan, number),
        "funnel": wording.funnel(plan),
        "number": number,
        "count": count_in(view, choice.name, days, number),
        "group": _group(number, wording),
        "rows": _rows(page.items, wording.steps(plan), viewer.role, wording),
        "steps": len(plan.steps),
        "following": page.next and address(page.next),
        "beginning": address() if cursor else None,
        "size": SIZE,
        "clock": view.clock,
    }


def _group(number: FunnelNumber, wording: FunnelWording) -> str:
    if number.by is None or number.group is None:
        return ""
    return f"{by_label(wording, number.by)}: {group_text(wording, number.by, number.group)}"


def _rows(
    leads: Sequence[FunnelLeadShape], steps: Sequence[StepText], role: Role, wording: FunnelWording
) -> list[FunnelLeadRow]:
    return [
        FunnelLeadRow(
            lead=lead,
            name=name_seen_by(lead, role, wording),
            of=position_of(lead),
            step=steps[lead.step - 1],
            took=[(at - before) / 1_000_000 for before, at in zip(lead.reached, lead.reached[1:], strict=False)],
        )
        for lead in leads
    ]
