"""`/sources`: which channels and campaigns bring leads, and what they cost and return."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.periods import PagePeriod, period_of
from api.dashboard.reports.choice import ReportChoice
from api.dashboard.reports.columns import COLUMN_TEXTS
from api.dashboard.reports.notes import note_text
from api.dashboard.reports.questions import by_label
from api.dashboard.reports.source_rows import (
    PEOPLE,
    SUMS,
    WAYS,
    SourceRow,
    main_currency,
    sorted_rows,
    source_rows,
    value_of,
    whole,
)
from api.dashboard.reports.values import group_text
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from projections.queries.view import View
from projections.read_models.lead_sources import FIRST, LAST
from projections.reports.answer import ReportQuestion
from projections.reports.channels import CHANNELS
from projections.reports.registry import report
from web.viewer import Viewer, viewer_of

NAVIGATION: Final = NavigationEntry("/sources", N_("Sources"))
BARS: Final = ("visitors", "leads", "hot", "won", "cost", "revenue")
"""Columns whose values are compared by bars."""
WAY_TEXTS: Final[Mapping[str, str]] = {
    "came": N_("of who came then"),
    "first": N_("won then, first touch"),
    "last": N_("won then, last touch"),
    "linear": N_("won then, all touches"),
}
"""Whose won leads and revenue the columns are of."""
_NOBODY_SAID: Final = N_("not known")


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """What the address asks for. "" says nothing."""

    period: PagePeriod
    by: str = "channel"
    touch: str = FIRST
    way: str = "came"
    sort: str = ""

    @classmethod
    def of(cls, request: Request, view: View) -> "SourceChoice":
        """The choice of an address; what is none is the first. Raises BadPeriod."""
        said, period = request.query_params, period_of(request, view.model, view.clock, "31")
        by = next((each for each in CHANNELS.by if each == said.get("by")), CHANNELS.by[0])
        way = next((each for each in WAYS if each == said.get("way")), WAYS[0])
        return cls(period, by, LAST if said.get("touch") == LAST else FIRST, way, said.get("sort", ""))

    def address(self, **changed: str) -> str:
        """The address of the choice with something else."""
        usual = SourceChoice(self.period)
        told = {name: changed.get(name, getattr(self, name)) for name in ("by", "touch", "way", "sort")}
        said = [(name, value) for name, value in told.items() if value != getattr(usual, name)]
        return f"/sources?{urlencode([*self.period.said, *said])}"

    def people(self, group: str | None, number: str) -> str | None:
        """The address of the list behind a number."""
        options = {} if self.touch == FIRST else {"touch": self.touch}
        by = None if self.by == CHANNELS.by[0] else self.by
        asked = ReportChoice(CHANNELS, self.period, by, options, "")
        return asked.people(number, {"group": group, number: 1})

    @property
    def question(self) -> ReportQuestion:
        """As the report `channels` is asked."""
        return ReportQuestion(self.period.of_report(CHANNELS.recent), self.by, {"touch": self.touch})

    def download(self, name: str, **more: str) -> str:
        """Where the API answers a report about the same as CSV."""
        days = self.period.asked_of_report(CHANNELS.recent)
        return f"/api/reports/{name}?{urlencode({**days, 'by': self.by, **more, 'format': 'csv'})}"


def routes(resources: Resources) -> Sequence[Route]:
    """Where the pages stand."""

    def sources(request: Request) -> Response:
        with resources.reader.view() as view:
            choice = SourceChoice.of(request, view)
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            values = _values(view, choice, wording, viewer_of(request))
        return resources.shell.render(request, "sources.html", **values)

    return [Route("/sources", resources.counted(sources))]


def _values(view: View, choice: SourceChoice, wording: PageWording, viewer: Viewer) -> dict[str, Any]:
    """What the template is given."""
    came = report(view, "channels", choice.question)
    owed = None
    if choice.way != "came":
        owed = report(view, "attribution", ReportQuestion(choice.question.days, choice.by))
    came, owed = seen_by(viewer, view.ids, (came, owed))
    rows = source_rows(came, owed, choice.way)
    labels = {row.group: _label(wording, choice.by, row.group) for row in rows}
    notes = dict.fromkeys((*came.notes, *(owed.notes if owed is not None else ())))
    currency = main_currency(rows)
    greatest = {name: max((value_of(row, name, currency) or 0 for row in rows), default=0) for name in BARS}
    return {
        "choice": choice,
        "period": choice.period,
        "wording": wording,
        "clock": view.clock,
        "ways": [(by, by_label(wording, by)) for by in CHANNELS.by],
        "way_texts": WAY_TEXTS,
        "heads": _heads(wording, choice),
        "rows": sorted_rows(rows, choice.sort, labels),
        "labels": labels,
        "whole": whole(rows),
        "people": PEOPLE,
        "shared": [name for name in PEOPLE if any((row.people[name] or 0) % 1 for row in rows)],
        "sums": SUMS,
        "leading": {name: _leading(rows, name, labels) for name in PEOPLE},
        "currency": currency,
        "width": lambda row, name: _width(value_of(row, name, currency), greatest.get(name)),
        "notes": [note_text(wording, note) for note in notes],
    }


def _label(wording: PageWording, by: str, group: str | None) -> str:
    return wording.text(_NOBODY_SAID) if group is None else group_text(wording, by, group)


def _heads(wording: PageWording, choice: SourceChoice) -> list[tuple[str, str, str, str, str]]:
    """Of each column its name, label, explanation, how the table is sorted by it, and the address that sorts by it."""
    heads = []
    for name in ("group", *PEOPLE, *SUMS):
        text = COLUMN_TEXTS["channels"][name]
        label = by_label(wording, choice.by) if name == "group" else wording.text(text.label)
        up, down = name, f"-{name}"
        told = {up: "ascending", down: "descending"}.get(choice.sort, "")
        following = {up: down, down: up}.get(choice.sort, up if name == "group" else down)
        heads.append((name, label, wording.text(text.about), told, choice.address(sort=following)))
    return heads


def _leading(rows: Sequence[SourceRow], name: str, labels: Mapping[str | None, str]) -> tuple[str, float] | None:
    """Where the most came from, and their share of all; None: nobody came."""
    most = max(rows, key=lambda row: row.people[name] or 0, default=None)
    total = sum(row.people[name] or 0 for row in rows)
    if most is None or not total:
        return None
    return labels[most.group], (most.people[name] or 0) / total


def _width(value: float | None, greatest: float | None) -> int | None:
    """Of a bar, 0 to 100; None: there is none."""
    if value is None or not greatest or greatest < 0:
        return None
    return max(0, round(100 * value / greatest))
