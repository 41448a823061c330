"""`/portrait`: who the customers are, and who is none: what is more frequent among the won than among all leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.dashboard.charts.lift_dots import TICKS, lift_dot, place_of
from api.dashboard.funnel_choice import FIELD, of_a_field
from api.dashboard.reports.journeys import Journey, journey
from api.dashboard.reports.questions import by_choices, by_label
from api.dashboard.reports.values import band_place, group_text
from api.dashboard.resources import Resources
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from projections.queries.told_apart import NONE, OTHER
from projections.queries.view import View
from projections.reports.portrait.report import PORTRAIT

_BOUNDS: Final = ("win_rate_low", "win_rate_high")


@dataclass(frozen=True, slots=True)
class PortraitRow:
    """A value of a field: how many have it, and how much more frequent it is among the won (`lift`)."""

    value: str
    item: Mapping[str, Any]
    lift: float | None
    low: float | None
    high: float | None
    dot: Markup


@dataclass(frozen=True, slots=True)
class PortraitField:
    """A field with its values, and where it stands by itself."""

    name: str
    address: str | None
    rows: Sequence[PortraitRow]


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def portrait(request: Request) -> Response:
        if (address := of_a_field(request)) is not None:
            return RedirectResponse(address, 303)
        with resources.reader.view() as view:
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            asked = journey(request, view, "portrait")
            values = asked.values(view, wording) | _values(asked, view, wording)
        return resources.shell.render(request, "portrait.html", 400 if asked.refusal else 200, **values)

    counted = resources.counted
    return [Route("/portrait", counted(portrait))]


def _values(asked: Journey, view: View, wording: PageWording) -> dict[str, Any]:
    by = asked.choice.by or PORTRAIT.by[0] if asked.shape is None else asked.shape.by or ""
    of_all, fields = _won_of_all(asked.items), dict[str, list[PortraitRow]]()
    for item in asked.items:
        fields.setdefault(item["field"], []).append(_row(item, by, of_all, wording))
    fields = {name: _in_order(rows) for name, rows in fields.items()}
    ways = [each for each in by_choices(PORTRAIT, view.model, wording, by) if not each.value.startswith(FIELD)]
    field, _, bands = by.removeprefix(FIELD).partition(":") if by.startswith(FIELD) else ("", "", "")
    return {
        "fields": [
            PortraitField(
                wording.field(name) if by.startswith("profile") else by_label(wording, name),
                f"/portrait?{_query(asked, FIELD + name)}" if by == PORTRAIT.by[0] else None,
                rows,
            )
            for name, rows in fields.items()
        ],
        "ticks": [(wording.number(each, 2), place_of(each)) for each in TICKS],
        "ways": ways,
        "of_field": FIELD,
        "chosen": FIELD if field else by,
        "field": field,
        "bands": bands,
        "of_all": of_all,
        "people": asked.choice.people,
    }


def _in_order(rows: Sequence[PortraitRow]) -> list[PortraitRow]:
    """Numbers and bands of them from the lowest to the highest, and what is none behind; others as they come."""
    places = {row.value: band_place(row.item["value"] or NONE) for row in rows}
    others = [row for row in rows if places[row.value] is None]
    if any(row.item["value"] not in (None, NONE, OTHER) for row in others):
        return list(rows)
    return sorted((row for row in rows if row not in others), key=lambda row: places[row.value] or 0.0) + others


def _query(asked: Journey, by: str) -> str:
    return asked.choice.address(by=by).partition("?")[2]


def _won_of_all(items: Sequence[Mapping[str, Any]]) -> float | None:
    """The share of all leads that were won, which the shares of any value tell; None: nobody was."""
    for item in items:
        if item["won"] and item["won_share"] and item["leads_share"]:
            return float(item["won"] / item["won_share"] / (item["leads"] / item["leads_share"]))
    return None


def _row(item: Mapping[str, Any], by: str, of_all: float | None, wording: PageWording) -> PortraitRow:
    """The lift is the share of won leads here by that of all; so is what it lies between."""
    told_by = f"{FIELD}{item['field']}" if by == PORTRAIT.by[0] else by
    value = group_text(wording, told_by, item["value"] or NONE)
    low, high = (None if of_all is None or item[name] is None else item[name] / of_all for name in _BOUNDS)
    lift = item["lift"]
    if lift is None or low is None or high is None:
        return PortraitRow(value, item, lift, low, high, Markup(""))
    said = wording.text(
        N_("{value}: {lift} times as frequent among the won as among all, between {low} and {high}"),
        value=value,
        lift=wording.number(lift, 2),
        low=wording.number(low, 2),
        high=wording.number(high, 2),
    )
    return PortraitRow(value, item, lift, low, high, lift_dot(lift, low, high, said))
