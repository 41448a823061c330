"""`/health/findings`: what is missing, wrong or doubtful in what is known of leads, and whom each number counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.lead_rows import name_of, position_of
from api.dashboard.resources import Resources
from api.dashboard.words.health_wording import HealthWording
from projections.queries.leads import leads_of
from projections.queries.shapes import LeadShape
from projections.queries.view import View
from projections.reports.quality import ADVICE, FindingCountShape, FindingShape, finding_counts, findings
from web.viewer import Role, Viewer, viewer_of

SIZE: Final = 50
"""Findings of a page."""
_LIST: Final = "/health/findings"
_FIELDS: Final = ("missing_field",)
"""Kinds whose detail is a field of the profile."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding: about whom it is, what it says, since when."""

    lead: str
    name: str | None
    of: str
    detail: str | None
    since: int | None


@dataclass(frozen=True, slots=True)
class CountedFinding:
    """How many leads have a kind of finding, and where these are."""

    kind: str
    detail: str
    leads: int
    address: str
    to_do: str


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def listed(request: Request) -> Response:
        asked, viewer = request.query_params, viewer_of(request)
        kind, detail = asked.get("kind") or None, asked.get("detail") or None
        with resources.reader.view() as view:
            wording = HealthWording(view.model, resources.shell.language(request), resources.database.now(view.conn))
            values = _counts(view, wording) if kind is None else _of_kind(view, request, kind, detail, viewer, wording)
            clock = view.clock
        return resources.shell.render(request, "findings.html", wording=wording, kind=kind, clock=clock, **values)

    counted = resources.counted
    return [Route(_LIST, counted(listed))]


def _address(kind: str, detail: str | None, cursor: str | None = None) -> str:
    said = {"kind": kind, "detail": detail, "cursor": cursor}
    return f"{_LIST}?{urlencode({name: value for name, value in said.items() if value})}"


def _counts(view: View, wording: HealthWording) -> dict[str, Any]:
    """How many leads have which; none of what nobody has."""
    counted = [_counted(each, wording) for each in finding_counts(view)]
    return {"counts": [each for each in counted if each.leads], "without": [each for each in counted if not each.leads]}


def _counted(each: FindingCountShape, wording: HealthWording) -> CountedFinding:
    detail = wording.field(each.detail) if each.detail else ""
    return CountedFinding(each.kind, detail, each.leads, _address(each.kind, each.detail), _to_do(each.kind, wording))


def _to_do(kind: str, wording: HealthWording) -> str:
    return wording.say(ADVICE[kind].to_do) if kind in ADVICE else ""


def _of_kind(
    view: View, request: Request, kind: str, detail: str | None, viewer: Viewer, wording: HealthWording
) -> dict[str, Any]:
    """The findings of a kind, with whom they are about. Raises NotFound, BadCursor."""
    cursor = request.query_params.get("cursor") or None
    page = findings(view, kind=kind, detail=detail, limit=SIZE, cursor=cursor)
    about = leads_of(view, dict.fromkeys(each.lead for each in page.items))
    seen, leads = seen_by(viewer, view.ids, (page, about))
    known = {lead.id: lead for lead in leads}
    knows = viewer.role.covers(Role.SALES)
    rows = [_row(each, known.get(each.lead), wording, knows=knows) for each in seen.items]
    return {
        "rows": rows,
        "dated": any(each.since is not None for each in rows),
        "detail": wording.field(detail) if detail and kind in _FIELDS else detail,
        "means": wording.say(ADVICE[kind].means) if kind in ADVICE else "",
        "to_do": _to_do(kind, wording),
        "following": page.next and _address(kind, detail, page.next),
        "beginning": _address(kind, detail) if cursor else None,
        "size": SIZE,
    }


def _row(finding: FindingShape, lead: LeadShape | None, wording: HealthWording, *, knows: bool) -> FindingRow:
    detail = finding.detail
    if detail is not None and finding.kind in _FIELDS:
        detail = wording.field(detail)
    name = name_of(lead) if lead is not None and knows else None
    about = "" if lead is None else position_of(lead)
    return FindingRow(finding.lead, name, about, detail, finding.since)
