"""`/reports`, `/reports/{name}`: every report as a table, asked as the API is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.reports.choice import PAGES, ReportChoice, report_choice
from api.dashboard.reports.columns import REPORT_TEXTS
from api.dashboard.reports.questions import asked_options, by_choices
from api.dashboard.reports.table import Item, ReportTable, report_table
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.errors import Refused
from domain.phrases import phrased
from projections.queries.view import View
from projections.reports.registry import REPORTS, known_report, report
from web.viewer import viewer_of

NAVIGATION: Final = NavigationEntry("/reports", N_("Reports"))


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """A report in the list of reports."""

    label: str
    about: str
    address: str
    page: str | None


def routes(resources: Resources) -> Sequence[Route]:
    """Where the pages stand."""

    def listed(request: Request) -> Response:
        language = resources.shell.language(request)
        said = language.translations.ugettext
        entries = [
            ReportEntry(
                said(REPORT_TEXTS[each.name].label),
                said(REPORT_TEXTS[each.name].about),
                f"/reports/{quote(each.name)}",
                PAGES.get(each.name),
            )
            for each in REPORTS
        ]
        return resources.shell.render(request, "reports.html", entries=entries)

    def one(request: Request) -> Response:
        definition = known_report(request.path_params["name"])
        with resources.reader.view() as view:
            choice = report_choice(request, view, definition)
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            values = _values(request, view, choice, wording)
        return resources.shell.render(request, "report.html", 400 if values["refusal"] else 200, **values)

    counted = resources.counted
    return [Route("/reports", listed), Route("/reports/{name}", counted(one))]


def _values(request: Request, view: View, choice: ReportChoice, wording: PageWording) -> dict[str, Any]:
    """What the template is given."""
    text = REPORT_TEXTS[choice.report.name]
    table, by, refusal = _answer(request, view, choice, wording)
    return {
        "name": choice.report.name,
        "title": wording.text(text.label),
        "about": wording.text(text.about),
        "period": choice.period,
        "by": by,
        "ways": by_choices(choice.report, view.model, wording, by),
        "options": asked_options(choice.report, view.model, wording, choice.options),
        "table": table,
        "refusal": refusal,
        "download": choice.download,
        "wording": wording,
        "clock": view.clock,
    }


def _answer(
    request: Request, view: View, choice: ReportChoice, wording: PageWording
) -> tuple[ReportTable | None, str | None, str]:
    """The table, by what it tells apart, and why there is none."""
    try:
        shape = seen_by(viewer_of(request), view.ids, report(view, choice.report.name, choice.question))
    except Refused as refused:
        return None, choice.by, phrased(refused)
    title = wording.text(REPORT_TEXTS[choice.report.name].label)

    def link(column: str, item: Item) -> str | None:
        value = item[column]
        match shape.report, column, shape.by:
            case "quality", "example", _ if value:
                return f"/leads/{value}"
            case "quality", "leads", _ if value and (item["kind"] != "stale" or "stale" not in choice.options):
                said = {"kind": item["kind"], "detail": item["detail"]}
                return f"/health/findings?{urlencode({name: each for name, each in said.items() if each})}"
            case "portrait", "field", "profile":
                return choice.address(by=f"profile.{value}")
        return choice.people(column, item)

    ordered = choice.sort if "test" not in choice.options else ""  # a row of a test says something of that before it
    table = report_table(wording, shape, title, sort=ordered, address=lambda sort: choice.address(sort=sort), link=link)
    return table, shape.by, ""
