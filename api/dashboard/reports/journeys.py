"""What the pages Cohorts, Paths and Portrait share: a report that is asked by its address, and its words."""

from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.requests import Request

from api.access.masking import seen_by
from api.dashboard.reports.choice import ReportChoice, report_choice
from api.dashboard.reports.columns import REPORT_TEXTS
from api.dashboard.reports.notes import note_text
from api.dashboard.reports.questions import asked_options
from api.dashboard.words.wording import PageWording
from domain.errors import Refused
from domain.phrases import phrased
from projections.queries.days import day_bound
from projections.queries.view import View
from projections.reports.answer import ReportShape
from projections.reports.registry import known_report, report
from web.viewer import viewer_of

SECTION: Final = "/cohorts"
"""The place in the navigation that the pages have together."""


@dataclass(frozen=True, slots=True)
class Journey:
    """A report on a page. `shape`: None where it was refused, for `refusal`."""

    choice: ReportChoice
    shape: ReportShape | None
    refusal: str

    @property
    def items(self) -> list[dict[str, Any]]:
        """The rows."""
        return [] if self.shape is None else self.shape.items

    def values(self, view: View, wording: PageWording) -> dict[str, Any]:
        """What every such page gives its template."""
        name = self.choice.report.name
        text, notes = REPORT_TEXTS[name], [] if self.shape is None else self.shape.notes
        return {
            "page": name,
            "section": SECTION,
            "title": wording.text(text.label),
            "about": wording.text(text.about),
            "period": self.choice.period,
            "options": asked_options(self.choice.report, view.model, wording, self.choice.options),
            "refusal": self.refusal,
            "notes": [note_text(wording, note) for note in notes],
            "as_table": self.choice.address(),
            "wording": wording,
            "clock": view.clock,
        }


def journey(request: Request, view: View, name: str, *, without: tuple[str, str] | None = None) -> Journey:
    """What the address asks of a report. `without`: the second option is not asked where the first one is."""
    choice = report_choice(request, view, known_report(name))
    if without is not None and without[0] in choice.options:
        kept = {option: value for option, value in choice.options.items() if option != without[1]}
        choice = replace(choice, options=kept)
    try:
        shape = seen_by(viewer_of(request), view.ids, report(view, name, choice.question))
    except Refused as refused:
        return Journey(choice, None, phrased(refused))
    return Journey(choice, shape, "")


def day_number(day: str, zone: str) -> int:
    """The number of a day that a report names."""
    return day_bound(day, zone)
