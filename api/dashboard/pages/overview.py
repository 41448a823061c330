"""`/overview`: what is different from last week, and `/overview/leads`: the leads behind a number of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.charts.bars import Bar, BarSeries, bars
from api.dashboard.charts.charting import chart_words
from api.dashboard.charts.frame import SMALL, Chart, TableRow
from api.dashboard.lead_rows import lead_row
from api.dashboard.periods import OWN, PagePeriod, period_of
from api.dashboard.reports.choice import ReportChoice
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from projections.queries.days import DayRange, day_named, starts_at
from projections.queries.view import View
from projections.reports.overview.happened import happened
from projections.reports.overview.shapes import Chance, CountOf, DifferenceShape, WeekShape
from projections.reports.overview.standing_out import FEW
from projections.reports.overview.weeks import DAYS, WEEK, first_day, overview
from projections.reports.responses import RESPONSE_TIMES
from web.viewer import viewer_of

NAVIGATION: Final = NavigationEntry("/overview", N_("Overview"))
SIZE: Final = 50
"""Leads of a page."""
_TITLES: Final[Mapping[str, str]] = {
    CountOf.TOUCHPOINTS: N_("Touchpoints"),
    CountOf.NEW_VISITORS: N_("New visitors"),
    CountOf.NEW_LEADS: N_("New leads"),
    CountOf.BECAME_HOT: N_("Became hot"),
    CountOf.WON: N_("Won"),
    CountOf.DEADLINES_MISSED: N_("Deadlines missed"),
    CountOf.REVENUE: N_("Revenue"),
}
_ABOUT: Final[Mapping[str, str]] = {
    CountOf.TOUCHPOINTS: N_("what people did, and what was done about them"),
    CountOf.NEW_VISITORS: N_("people who first came, known by now or not"),
    CountOf.NEW_LEADS: N_("who said who they are"),
    CountOf.BECAME_HOT: N_("times that a lead became hot"),
    CountOf.WON: N_("leads, for the first time"),
    CountOf.DEADLINES_MISSED: N_("of what was asked of owners on these days"),
    CountOf.REVENUE: N_("returns taken off"),
}
_LISTS: Final[Mapping[str, str]] = {
    CountOf.NEW_VISITORS: N_("New visitors"),
    CountOf.NEW_LEADS: N_("New leads"),
    CountOf.BECAME_HOT: N_("Who became hot"),
    CountOf.WON: N_("Who was won"),
    CountOf.CHANNEL: N_("New visitors from: {name}"),
    CountOf.STAGE: N_("Who came to: {name}"),
}
_MORE: Final = N_("more on {number} of 7 weekdays")
_LESS: Final = N_("less on {number} of 7 weekdays")
_CHANCE: Final[Mapping[Chance, str]] = {
    Chance.FEW: N_("few: that may be chance"),
    Chance.MAYBE: N_("that may still be chance"),
}


@dataclass(frozen=True, slots=True)
class ComparedNumber:
    """A number of two weeks, as people read it, with where what is behind each part of it stands."""

    title: str
    about: str
    last: str
    before: str
    today: str
    difference: str
    last_address: str
    before_address: str
    today_address: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that stands out. `said`: how sure that is."""

    what: str
    last: str
    before: str
    more: bool
    said: str
    address: str


@dataclass(frozen=True, slots=True)
class _Weeks:
    """The days that are compared: `first` is the first of all."""

    first: int

    @property
    def before(self) -> DayRange:
        return DayRange(self.first, self.first + WEEK)

    @property
    def last(self) -> DayRange:
        return DayRange(self.first + WEEK, self.first + 2 * WEEK)

    @property
    def today(self) -> DayRange:
        return DayRange(self.first + 2 * WEEK, self.first + DAYS)


def routes(resources: Resources) -> Sequence[Route]:
    """Where the pages stand."""

    def whole(request: Request) -> Response:
        with resources.reader.view() as view:
            shape = overview(view)
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
        weeks = _Weeks(first_day(shape.timezone, shape.clock))
        values: dict[str, Any] = {
            "wording": wording,
            "weeks": weeks,
            "clock": shape.clock,
            "since": shape.first_touch,
            "comparable": shape.first_touch is not None and shape.first_touch <= shape.before_from,
            "numbers": [_compared(each, weeks, wording) for each in shape.numbers],
            "stages": (stages := [_compared(each, weeks, wording) for each in shape.stages]),
            "by_day": _together(stages, wording),
            "remarks": [_remark(each, weeks, wording) for each in shape.stands_out],
            "few": FEW,
        }
        return resources.shell.render(request, "overview.html", **values)

    def leads(request: Request) -> Response:
        with resources.reader.view() as view:
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            values = _listed(request, view, wording)
        return resources.shell.render(request, "overview_leads.html", wording=wording, **values)

    counted = resources.counted
    return [Route("/overview", counted(whole)), Route("/overview/leads", counted(leads))]


def address_behind(of: str, name: str | None, days: DayRange) -> str:
    """Where what is behind a number of some days stands: its list, else the page that tells it apart."""
    asked = PagePeriod(OWN, days, 0)
    period = asked.said
    match of:
        case CountOf.TOUCHPOINTS:
            return f"/reports/daily?{urlencode([('by', 'type'), *period])}"
        case CountOf.TYPE:
            return f"/reports/daily?{urlencode([('by', 'type'), *period])}"
        case CountOf.DEADLINES_MISSED:
            missed = ReportChoice(RESPONSE_TIMES, asked, "kind", {}, "").people("missed", {"missed": 1})
            return missed or f"/responses?{urlencode(period)}"
        case CountOf.REVENUE:
            return f"/reports/revenue?{urlencode([('by', 'day'), *period])}"
        case _:
            named = [] if name is None else [("name", name)]
            return f"/overview/leads?{urlencode([('of', of), *named, *period])}"


def _title(of: CountOf, name: str | None, wording: PageWording) -> str:
    match of, name:
        case CountOf.TYPE, str():
            return wording.touchpoint(name)
        case CountOf.CHANNEL, str():
            return wording.text(_LISTS[of], name=wording.channel(name))
        case CountOf.STAGE, str():
            return wording.stage(name)
        case CountOf.REVENUE, _:
            return wording.text(N_("Revenue in {currency}"), currency=name or wording.text(N_("an unknown currency")))
        case _:
            return wording.text(_TITLES[of])


def _compared(week: WeekShape, weeks: _Weeks, wording: PageWording) -> ComparedNumber:
    title = _title(week.of, week.name, wording)

    def number(value: float) -> str:
        return wording.money(value, week.name) if week.of is CountOf.REVENUE else wording.number(value)

    shown = [
        Bar(
            starts_at(weeks.first + n, wording.zone),
            starts_at(weeks.first + n + 1, wording.zone),
            wording.date(weeks.first + n),
            [value],
            unfinished=n == DAYS - 1,
            faded=n < WEEK,
            address=address_behind(week.of, week.name, DayRange(weeks.first + n, weeks.first + n + 1)),
        )
        for n, value in enumerate(week.days)
    ]
    words = chart_words(wording, title, wording.text(N_("by day, today unfinished")), number)
    last, before, today = (address_behind(week.of, week.name, days) for days in (weeks.last, weeks.before, weeks.today))
    return ComparedNumber(
        title,
        wording.text(_ABOUT[week.of]) if week.of in _ABOUT else "",
        number(week.last),
        number(week.before),
        number(week.today),
        _difference(week, number(abs(week.last - week.before)), wording),
        last,
        before,
        today,
        bars(shown, [BarSeries(title)], words, wording.zone, (SMALL, SMALL)),
    )


def _together(stages: Sequence[ComparedNumber], wording: PageWording) -> Chart:
    """All stages by day, for who sees no pictures."""
    rows = [
        TableRow(days[0].name, [day.numbers[0] for day in days], days[0].note)
        for days in zip(*(each.chart.rows for each in stages), strict=True)
    ]
    title, none = wording.text(N_("Who came to which stage")), Markup("")
    return Chart(title, none, none, [], [each.title for each in stages], rows)


def _difference(week: WeekShape, by: str, wording: PageWording) -> str:
    """With its sign; in percent too, where there were not too few for that."""
    if week.last == week.before:
        return wording.text(N_("as many"))
    sign = "+" if week.last > week.before else "−"
    share = (week.last - week.before) / week.before if week.before >= FEW else None
    return f"{sign}{by}" if share is None else f"{sign}{by} ({sign}{wording.share(abs(share))})"


def _remark(each: DifferenceShape, weeks: _Weeks, wording: PageWording) -> Remark:
    more = each.last > each.before
    said = [wording.text(_CHANCE[each.chance])] if each.chance in _CHANCE else []
    if each.chance is not Chance.FEW:
        said.append(wording.text(_MORE if more else _LESS, number=each.weekdays))
    if each.mostly_on is not None:
        day = next(n for n in range(weeks.first, weeks.first + DAYS) if day_named(n).isoformat() == each.mostly_on)
        said.append(wording.text(N_("mostly on {day}"), day=wording.date(day)))
    title = _title(each.of, each.name, wording)
    if each.of is CountOf.STAGE:
        title = wording.text(N_("Came to: {name}"), name=title)
    return Remark(
        title,
        wording.number(each.last),
        wording.number(each.before),
        more,
        " · ".join(said),
        address_behind(each.of, each.name, weeks.last),
    )


def _listed(request: Request, view: View, wording: PageWording) -> dict[str, Any]:
    """A page of a list. Raises BadReport, NotFound, BadCursor, BadPeriod."""
    said, viewer = request.query_params, viewer_of(request)
    of, name, cursor = said.get("of", ""), said.get("name") or None, said.get("cursor") or None
    period = period_of(request, view.model, view.clock, "7")
    page = seen_by(viewer, view.ids, happened(view, of, name, period.days, limit=SIZE, cursor=cursor))
    here = f"/overview/leads?{urlencode([('of', of), *([('name', name)] if name else []), *period.said])}"
    shown = wording.stage(name or "") if of == CountOf.STAGE else wording.channel(name or "")
    return {
        "title": wording.text(_LISTS[of], name=shown),
        "period": period,
        "rows": [lead_row(each, viewer.role, wording, each.at) for each in page.items],
        "following": page.next and f"{here}&{urlencode([('cursor', page.next)])}",
        "beginning": here if cursor else None,
        "clock": view.clock,
        "size": SIZE,
    }
