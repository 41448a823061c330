"""What the address of a page asks of a report, and the addresses of what it leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

from api.dashboard.periods import PagePeriod, period_of
from api.dashboard.reports.table import Item
from projections.queries.days import EVER
from projections.queries.view import View
from projections.reports.answer import Report, ReportQuestion

_TIMELESS: Final = "quality"
"""It is of what is known now, and refuses a period."""
_DAYS: Final = "daily"
"""It has a row for each day, so it is never of ever."""
PAGES: Final[Mapping[str, str]] = {
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
        where, query = PAGES.get(self.report.name), self.address(sort="").partition("?")[2]
        return f"{where}?{query}" if where else self.address(sort="")

    @property
    def download(self) -> str:
        """Where the API answers the same, up to the format."""
        days = {} if self.period is None else self.period.asked_of_report(self.report.recent)
        asked = {**days, **({"by": self.by} if self.by else {}), **self.options}
        return f"/api/reports/{self.report.name}?{urlencode(asked)}{'&' if asked else ''}"


def report_choice(request: Request, view: View, definition: Report) -> ReportChoice:
    """What the address of a page says of a report. Raises BadPeriod."""
    said = request.query_params
    period = None
    if definition.name != _TIMELESS:
        usual = _USUAL.get(definition.recent, "91")
        period = period_of(request, view.model, view.clock, usual, ever=definition.name != _DAYS)
    options = {name: value for name in definition.options if (value := said.get(name, "").strip())}
    return ReportChoice(definition, period, said.get("by") or None, options, said.get("sort", ""))
