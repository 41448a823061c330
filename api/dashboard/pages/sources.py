"""`/sources`: which channels and campaigns bring leads, and what they cost and return; and who is behind a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.dashboard.lead_rows import lead_row
from api.dashboard.periods import PagePeriod, period_of
from api.dashboard.report_columns import COLUMN_TEXTS
from api.dashboard.report_notes import note_text
from api.dashboard.report_questions import by_label
from api.dashboard.report_values import group_text
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.source_rows import (
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
from api.dashboard.well_known import N_
from api.dashboard.wording import PageWording
from api.masking import seen_by
from projections.queries.view import View
from projections.read_models.lead_sources import FIRST, LAST
from projections.reports.answer import ReportQuestion
from projections.reports.channels import CHANNELS, NUMBERS, CameNumber, people_of_channel
from projections.reports.registry import report, understood
from web.viewer import Viewer, viewer_of

NAVIGATION: Final = NavigationEntry("/sources", N_("Sources"))
SIZE: Final = 50
"""People of a page."""
BARS: Final = ("visitors", "leads", "hot", "won", "cost", "revenue")
"""Columns whose values are compared by bars."""
WAY_TEXTS: Final[Mapping[str, str]] = {
    "came": N_("of who came then"),
    "first": N_("won then, first touch"),
    "last": N_("won then, last touch"),
    "linear": N_("won then, all touches"),
}
"""Whose won leads and revenue the columns are of."""
NUMBER_TEXTS: Final[Mapping[str, str]] = {
    "visitors": N_("{source}: visitors"),
    "leads": N_("{source}: leads"),
    "qualified": N_("{source}: qualified leads"),
    "hot": N_("{source}: leads that were hot"),
    "won": N_("{source}: won leads"),
}
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

    def people(self, group: str | None, number: str) -> str:
        """The address of the list behind a number."""
        of = [] if group is None else [("group", group)]
        told = [*self.period.said, ("by", self.by), ("touch", self.touch), *of, ("number", number)]
        return f"/sources/people?{urlencode(told)}"

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

    def people(request: Request) -> Response:
        with resources.reader.view() as view:
            choice = SourceChoice.of(request, view)
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            values = _people(request, view, choice, wording)
        return resources.shell.render(request, "source_people.html", **values)

    counted = resources.counted
    return [Route("/sources", counted(sources)), Route("/sources/people", counted(people))]


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


# ---- the people behind a number ----------------------------------------------------------------------------------


def _people(request: Request, view: View, choice: SourceChoice, wording: PageWording) -> dict[str, Any]:
    said, viewer = request.query_params, viewer_of(request)
    number: CameNumber = next((each for each in NUMBERS if each == said.get("number")), "leads")
    group, cursor = said.get("group"), said.get("cursor") or None
    question = understood(view, CHANNELS, choice.question)
    page = people_of_channel(view, question, group, number, limit=SIZE, cursor=cursor)
    page = seen_by(viewer, view.ids, page)
    beginning = choice.people(group, number)
    return {
        "title": wording.text(NUMBER_TEXTS[number], source=_label(wording, choice.by, group)),
        "choice": choice,
        "period": choice.period,
        "rows": [lead_row(lead, viewer.role, wording, lead.first_touch or 0) for lead in page.items],
        "count": len(page.items) if cursor is None and page.next is None else None,
        "beginning": beginning if cursor else None,
        "following": page.next and f"{beginning}&{urlencode({'cursor': page.next})}",
        "size": SIZE,
        "wording": wording,
        "clock": view.clock,
    }
