"""`/reports/{name}/people`: the people behind a number of any report, as the API lists them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.lead_rows import lead_row
from api.dashboard.reports.choice import ROW, ReportChoice, report_choice
from api.dashboard.reports.columns import COLUMN_TEXTS, REPORT_TEXTS
from api.dashboard.reports.table import head_label
from api.dashboard.reports.values import value_text
from api.dashboard.resources import Resources
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from projections.queries.view import View
from projections.reports.answer import ColumnKind, ReportCell, ReportQuestion, ReportShape
from projections.reports.people import people_asked, people_behind
from projections.reports.registry import known_report, understood
from projections.reports.responses import RESPONSE_TIMES, tells_owners
from web.viewer import viewer_of

SIZE: Final = 50
"""People of a page."""
_AT: Final[Mapping[str, str]] = {
    "channels": N_("First came"),
    "mail": N_("First mail"),
    "cohorts": N_("Became known"),
    "stages": N_("Came there"),
    "response_times": N_("Asked at"),
    "paths": N_("When"),
    "portrait": N_("Became known"),
}
"""What the instant of each is, by report."""


def routes(resources: Resources) -> list[Route]:
    """Where the page stands."""

    def people(request: Request) -> Response:
        with resources.reader.view() as view:
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            values = _values(request, view, wording)
        return resources.shell.render(request, "report_people.html", wording=wording, **values)

    return [Route("/reports/{name}/people", resources.counted(people))]


def _values(request: Request, view: View, wording: PageWording) -> dict[str, Any]:
    """A page of the list. Raises NotFound, BadReport, BadCursor, BadPeriod."""
    definition, said, viewer = known_report(request.path_params["name"]), request.query_params, viewer_of(request)
    choice = report_choice(request, view, definition)
    number, cursor = said.get("number", ""), said.get("cursor") or None
    row = {name.removeprefix(ROW): value for name, value in said.items() if name.startswith(ROW)}
    asked = replace(choice.question, options={**choice.options, **row})
    _, cell, _ = people_asked(definition, number, asked.options)
    page = people_behind(view, definition, asked, number, limit=SIZE, cursor=cursor)
    page = seen_by(viewer, view.ids, page)
    beginning = choice.people(number, {number: 1, **cell.row})
    return {
        "title": wording.text(COLUMN_TEXTS[definition.name][number].label),
        "about": wording.text(COLUMN_TEXTS[definition.name][number].about),
        "report": wording.text(REPORT_TEXTS[definition.name].label),
        "back": choice.page,
        "places": _places(view, choice, cell, wording),
        "period": choice.period,
        "owners": definition is not RESPONSE_TIMES or tells_owners(view, number),
        "when": wording.text(_AT[definition.name]),
        "rows": [lead_row(lead, viewer.role, wording, lead.at) for lead in page.items],
        "count": len(page.items) if cursor is None and page.next is None else None,
        "beginning": beginning if cursor else None,
        "following": page.next and f"{beginning}&{urlencode({'cursor': page.next})}",
        "size": SIZE,
        "clock": view.clock,
    }


def _places(view: View, choice: ReportChoice, cell: ReportCell, wording: PageWording) -> list[tuple[str, str]]:
    """What tells the row apart, in words: labels of columns and what they hold."""
    asked = understood(view, choice.report, ReportQuestion(choice.question.days, choice.by, choice.options))
    shape = ReportShape(
        report=choice.report.name,
        by=asked.by,
        options=dict(asked.options),
        clock=view.clock,
        columns=list(choice.report.columns),
        items=[],
    )
    places = []
    for column in shape.columns:
        if (text := cell.row.get(column.name)) is not None:
            value = int(text) if column.kind is ColumnKind.COUNT else text
            shown = value_text(wording, shape, column, {column.name: value})
            places.append((head_label(wording, shape, column.name), shown))
    return places
