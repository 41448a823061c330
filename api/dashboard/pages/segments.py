"""`/segments`, `/segments/{name}`: who is in them, who came and who left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, get_args
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.bounds import bound_of
from api.dashboard.charts.bars import BarSeries, bars
from api.dashboard.charts.charting import bars_of, chart_words, part_name
from api.dashboard.charts.frame import Chart
from api.dashboard.charts.lines import Line, LinePoint, lines
from api.dashboard.lead_rows import lead_row
from api.dashboard.periods import PagePeriod, period_of
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.condition_speech import PageSpeech
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.conditions.words import in_words
from domain.fold.days import ZoneDays
from domain.touchpoints.touchpoint import rfc3339
from projections.queries.call_list import COUNTED, headcount
from projections.queries.days import SeriesName, days_between
from projections.queries.filters import Filters
from projections.queries.view import View, known_segment
from projections.reports.segments.history import buckets_of, history
from projections.reports.segments.members import members_of, segments
from projections.reports.segments.shapes import SegmentHistoryShape
from web.problems import Problem
from web.viewer import viewer_of

NAVIGATION: Final = NavigationEntry("/segments", N_("Segments"))
SIZE: Final = 50
"""Leads of a page."""
_LENGTHS: Final = {"day": N_("Day"), "week": N_("Week"), "month": N_("Month")}


@dataclass(frozen=True, slots=True)
class SegmentChoice:
    """What the address of a segment's page says: the period and its parts, whose members, from where on."""

    name: str
    period: PagePeriod
    by: SeriesName
    at: str = ""
    cursor: str = ""

    @classmethod
    def of(cls, request: Request, view: View) -> "SegmentChoice":
        """The choice of an address. Raises NotFound, BadPeriod."""
        said = request.query_params
        name = known_segment(view, request.path_params["name"])
        by: SeriesName = next((each for each in get_args(SeriesName) if each == said.get("by")), "week")
        period = period_of(request, view.model, view.clock, "91", ever=False)
        return cls(name, period, by, said.get("at", "").strip(), said.get("cursor", ""))

    def address(self, **changed: str) -> str:
        """The same page with something else; a list begins anew unless a cursor is given."""
        other = replace(self, **{"cursor": "", **changed})  # type: ignore[arg-type]
        said = [*other.period.said, ("by", other.by), ("at", other.at), ("cursor", other.cursor)]
        return f"/segments/{quote(self.name, '')}?{urlencode([(name, value) for name, value in said if value])}"

    @property
    def download(self) -> str:
        """The members as CSV, by the API."""
        asked = [("format", "csv"), *([("at", self.at)] if self.at else [])]
        return f"/api/segments/{quote(self.name, '')}/members?{urlencode(asked)}"


def routes(resources: Resources) -> Sequence[Route]:
    """Where the pages stand."""

    def listed(request: Request) -> Response:
        with resources.reader.view() as view:
            items = segments(view, with_lately=True).items
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            speech = PageSpeech(wording)
            conditions = {segment.name: in_words(segment.when, speech) for segment in view.model.segments}
            clock = view.clock
        values: dict[str, Any] = {
            "wording": wording,
            "items": items,
            "conditions": conditions,
            "clock": clock,
            "address": lambda name: f"/segments/{quote(name, '')}",
        }
        return resources.shell.render(request, "segments.html", **values)

    def one(request: Request) -> Response:
        with resources.reader.view() as view:
            choice = SegmentChoice.of(request, view)
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            values = _values(request, view, choice, wording)
        return resources.shell.render(request, "segment.html", wording=wording, choice=choice, **values)

    counted = resources.counted
    return [Route("/segments", counted(listed)), Route("/segments/{name}", counted(one))]


def _values(request: Request, view: View, choice: SegmentChoice, wording: PageWording) -> dict[str, Any]:
    """What the template is given. Raises Problem, BadPeriod, BadCursor."""
    viewer, at = viewer_of(request), _instant(view, choice.at)
    grown = history(view, choice.name, choice.by, choice.period.days)
    page = members_of(view, choice.name, at=at, limit=SIZE, cursor=choice.cursor or None)
    members = seen_by(viewer, view.ids, page)
    when = next(segment.when for segment in view.model.segments if segment.name == choice.name)
    now = next(each for each in segments(view).items if each.name == choice.name)
    return {
        "title": wording.segment(choice.name),
        "condition": in_words(when, PageSpeech(wording)),
        "size": now.size,
        "heads": headcount(view, Filters(segment=choice.name), COUNTED) if now.size <= COUNTED else None,
        "entered": sum(each.entered for each in grown.series),
        "left": sum(each.left for each in grown.series),
        "grown": grown,
        "sizes": _sizes(grown, wording),
        "came": _came_and_left(view, grown, choice, wording),
        "lengths": _LENGTHS,
        "at": at,
        "rows": [lead_row(each, viewer.role, wording, each.entered_at, each.left_at) for each in members.items],
        "following": page.next and choice.address(cursor=page.next),
        "beginning": choice.address() if choice.cursor else None,
        "page_size": SIZE,
        "clock": view.clock,
    }


def _instant(view: View, at: str) -> int | None:
    """The instant of whose members are asked. Raises Problem."""
    instant = bound_of("at", at or None, view.model.timezone)
    if instant is not None and instant > view.clock:
        raise Problem(400, f"at: found {at[:80]}, allowed is up to {rfc3339(view.clock)}: nothing later is known")
    return instant


def _sizes(grown: SegmentHistoryShape, wording: PageWording) -> Chart:
    """The size at the end of each part; of what goes on, now."""
    before = LinePoint(grown.from_, wording.text(N_("before")), [grown.size_before])
    ends = [
        LinePoint(min(each.to, grown.clock), _part(grown, wording, each.first_day), [each.size])
        for each in grown.series
    ]
    words = chart_words(wording, wording.text(N_("Size")), wording.text(N_("leads in it at the end of each part")))
    return lines([before, *ends], [Line(wording.text(N_("Leads")))], words, wording.zone)


def _came_and_left(view: View, grown: SegmentHistoryShape, choice: SegmentChoice, wording: PageWording) -> Chart:
    buckets = buckets_of(choice.period.days, choice.by, wording.zone, view.clock)
    today = ZoneDays(wording.zone).of(view.clock)
    counts = [(each.entered, each.left) for each in grown.series]
    series = [
        BarSeries(wording.text(N_("Entered")), kind="series-3"),
        BarSeries(wording.text(N_("Left it")), down=True, kind="series-2"),
    ]
    words = chart_words(wording, wording.text(N_("Came and left")), wording.text(N_("who came above, who left below")))
    return bars(bars_of(wording, buckets.parts, choice.by, counts, today), series, words, wording.zone)


def _part(grown: SegmentHistoryShape, wording: PageWording, first_day: str) -> str:
    first = days_between(first_day, None, wording.zone).first
    return part_name(wording, first or 0, grown.by)
