"""`/cohorts`: of those who became known in one week or month, how many came how far: a table as a heat map."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.dashboard.charts.charting import part_name
from api.dashboard.reports.journeys import SECTION, Journey, day_number, journey
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from projections.queries.days import SeriesName

NAVIGATION: Final = NavigationEntry(SECTION, N_("Journeys"))
_LEVELS: Final = 8
"""Shades of a cell; the darkest is the greatest share of the table."""


@dataclass(frozen=True, slots=True)
class CohortCell:
    """Of a cohort, how many came so far by a period. `open`: it is not over; `address`: of the list of them."""

    reached: int
    share: float
    open: bool
    level: int
    address: str | None = None


@dataclass(frozen=True, slots=True)
class CohortRow:
    """A cohort, or all of them together."""

    name: str
    leads: int
    cells: Sequence[CohortCell | None]
    address: str | None = None


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def cohorts(request: Request) -> Response:
        with resources.reader.view() as view:
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            asked = journey(request, view, "cohorts")
            values = asked.values(view, wording) | _values(asked, wording)
        return resources.shell.render(request, "cohorts.html", 400 if asked.refusal else 200, **values)

    counted = resources.counted
    return [Route("/cohorts", counted(cohorts))]


def _values(asked: Journey, wording: PageWording) -> dict[str, Any]:
    every: SeriesName = "month" if asked.choice.options.get("every") == "month" else "week"
    greatest = max((item["share"] for item in asked.items), default=0.0)
    width = max((item["period"] for item in asked.items), default=-1) + 1
    by_cohort: dict[str, list[dict[str, Any]]] = {}
    for item in asked.items:
        by_cohort.setdefault(item["cohort"], []).append(item)
    rows = []
    for cohort, items in sorted(by_cohort.items(), reverse=True):
        cells = [
            _cell(item["reached"], item["leads"], item["open"], greatest, asked.choice.people("reached", item))
            for item in items
        ]
        name = part_name(wording, day_number(cohort, wording.zone), every)
        listed = asked.choice.people("leads", items[0])
        rows.append(CohortRow(name, items[0]["leads"], [*cells, *[None] * (width - len(cells))], listed))
    return {"every": every, "width": width, "rows": rows, "whole": _together(rows, width, greatest)}


def _cell(reached: int, leads: int, open: bool, greatest: float, address: str | None = None) -> CohortCell:
    share = reached / leads
    level = min(_LEVELS, ceil(_LEVELS * share / greatest)) if greatest else 0
    return CohortCell(reached, share, open, level, address)


def _together(rows: Sequence[CohortRow], width: int, greatest: float) -> CohortRow:
    """All cohorts; by each period those alone for which it is over."""
    cells: list[CohortCell | None] = []
    for place in range(width):
        over = [(cell, row.leads) for row in rows if (cell := row.cells[place]) is not None and not cell.open]
        leads = sum(each for _, each in over)
        reached = sum(cell.reached for cell, _ in over)
        cells.append(_cell(reached, leads, False, greatest) if leads else None)
    return CohortRow("", sum(row.leads for row in rows), cells)
