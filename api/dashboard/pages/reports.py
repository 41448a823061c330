"""`/reports`, `/reports/{name}`: every report as a table, asked as the API is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.dashboard.periods import PagePeriod, period_of
from api.dashboard.report_columns import REPORT_TEXTS
from api.dashboard.report_questions import asked_options, by_choices
from api.dashboard.report_table import Item, ReportTable, report_table
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.well_known import N_
from api.dashboard.wording import PageWording
from api.masking import seen_by
from domain.errors import Refused
from domain.phrases import phrased
from projections.queries.days import EVER
from projections.queries.view import View
from projections.reports.answer import Report, ReportQuestion
from projections.reports.registry import REPORTS, known_report, report
from web.viewer import viewer_of

NAVIGATION: Final = NavigationEntry("/reports", N_("Reports"))
_TIMELESS: Final = "quality"
"""It is of what is known now, and refuses a period."""
_DAYS: Final = "daily"
"""It has a row for each day, so it is never of ever."""
_PAGES: Final[Mapping[str, str]] = {
    "channels": "/sources",
    "attribution": "/sources",
    "mail": "/mail",
    "response_times": "/responses",
    "cohorts": "/cohorts",
    "paths": "/paths",
    "portrait": "/portrait",
}
"""The page that says the same in pictures."""
_USUAL: Final[Mapping[int | None, str]] = {None: "ever", 30: "31", 84: "91", 90: "91", 366: "365"}
"""The period of a page that is nearest to that of the report where nobody gives one."""


ROW: Final = "row."
"""Before what an address says of a row: columns are called as other parameters of pages are."""


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """A report in the list of reports."""

    label: str
    about: str
    address: str
    page: str | None


@dataclass(frozen=True, slots=True)
class ReportChoice:
    """What the address asks of a report. `period`: None where it has none."""

    report: Report
    period: PagePeriod | None
    by: str | None
    options: Mapping[str, str]
    sort: str

    @property
    def question(self) -> ReportQuestion:
        """As the report is asked."""
        days = EVER if self.period is None else self.period.of_report(self.report.recent)
        return ReportQuestion(days, self.by, self.options)

    def address(self, **changed: str) -> str:
        """The address of the same page with something else; "" takes it away."""
        said = dict(self.period.said) if self.period else {}
        said |= {"by": self.by or "", **self.options, "sort": self.sort} | changed
        query = urlencode({name: value for name, value in said.items() if value})
        return f"/reports/{self.report.name}?{query}"

    def people(self, number: str, item: Item) -> str | None:
        """Where the people behind a number of a row are listed; None: it counts nobody, or no people."""
        people = self.report.people
        if people is None or number not in people.numbers or not item[number]:
            return None
        row = [(f"{ROW}{name}", str(item[name])) for name in people.row if item.get(name) is not None]
        said = dict(self.period.said) if self.period else {}
        said |= {"by": self.by or "", **self.options}
        query = [(name, value) for name, value in said.items() if value]
        return f"/reports/{self.report.name}/people?{urlencode([*query, ('number', number), *row])}"

    @property
    def page(self) -> str:
        """The address of the page that shows the report."""
        where, query = _PAGES.get(self.report.name), self.address(sort="").partition("?")[2]
        return f"{where}?{query}" if where else self.address(sort="")

    @property
    def download(self) -> str:
        """Where the API answers the same, up to the format."""
        days = {} if self.period is None else self.period.asked_of_report(self.report.recent)
        asked = {**days, **({"by": self.by} if self.by else {}), **self.options}
        return f"/api/reports/{self.report.name}?{urlencode(asked)}{'&' if asked else ''}"


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
                _PAGES.get(each.name),
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


def report_choice(request: Request, view: View, definition: Report) -> ReportChoice:
    """What the address of a page says of a report. Raises BadPeriod."""
    said = request.query_params
    period = None
    if definition.name != _TIMELESS:
        usual = _USUAL.get(definition.recent, "91")
        period = period_of(request, view.model, view.clock, usual, ever=definition.name != _DAYS)
    options = {name: value for name in definition.options if (value := said.get(name, "").strip())}
    return ReportChoice(definition, period, said.get("by") or None, options, said.get("sort", ""))


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
