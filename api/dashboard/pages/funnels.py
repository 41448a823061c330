"""`/funnels`, `/funnels/{name}`: how far leads come, who may still come, and who is lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.charts.charting import part_name
from api.dashboard.charts.funnel_bars import HATCHING, FunnelSplit, lying_bar, step_column
from api.dashboard.funnel_choice import FIELD, ORDERS, USUAL, FunnelChoice, of_a_field
from api.dashboard.periods import period_of
from api.dashboard.reports.questions import by_label
from api.dashboard.reports.values import group_text
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.funnel_wording import FunnelWording, StepText
from api.dashboard.words.lead_texts import PROFILE
from api.dashboard.words.well_known import N_
from domain.fold.names import names_somebody
from domain.judging.backtest import FEW
from domain.model.definition import Model
from domain.model.funnels import Funnel
from projections.queries.days import DayRange
from projections.queries.quartiles import QuartilesShape
from projections.queries.told_apart import NONE, ORIGINS, OTHER
from projections.queries.view import View
from projections.reports.funnels.attempts import known_funnel
from projections.reports.funnels.counting import series_of
from projections.reports.funnels.report import funnel
from projections.reports.funnels.shapes import (
    FunnelNumbersShape,
    FunnelShape,
    GroupShape,
    StepNumbersShape,
)
from web.viewer import viewer_of

NAVIGATION: Final = NavigationEntry("/funnels", N_("Funnels"))
MOST_LISTED: Final = 12
"""Funnels of one page of the list."""
SERIES: Final[Mapping[str, str]] = {
    "": N_("not shown"),
    "day": N_("by day"),
    "week": N_("by week"),
    "month": N_("by month"),
}


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as the page shows it. `of_before`: the share of those who came to the step before."""

    number: int
    text: StepText
    numbers: StepNumbersShape
    share: float | None
    of_before: float | None
    on: int | None
    """Came to the next one; None: it is the last."""
    took: QuartilesShape | None
    within: str
    column: Markup
    bar: Markup


@dataclass(frozen=True, slots=True)
class PartRow:
    """Leads of a group, or of a part of the period, as the page shows them."""

    name: str
    numbers: FunnelNumbersShape
    bar: Markup
    group: str | None = None
    """None: no list can be asked for it."""
    steps: Sequence[StepNumbersShape] = ()
    days: DayRange | None = None
    goes_on: bool = False
    """Whether the part of the period is not over."""


@dataclass(frozen=True, slots=True)
class FunnelCard:
    """A funnel in the list of all."""

    name: str
    plan: Funnel
    report: FunnelShape
    steps: Sequence[StepRow]
    choice: FunnelChoice


def routes(resources: Resources) -> Sequence[Route]:
    """Where the pages stand."""

    def funnels(request: Request) -> Response:
        with resources.reader.view() as view:
            wording = FunnelWording(view.model, resources.shell.language(request), view.clock)
            values = _all(view, request, wording)
        return resources.shell.render(request, "funnels.html", wording=wording, hatching=HATCHING, few=FEW, **values)

    def one_funnel(request: Request) -> Response:
        if (address := of_a_field(request)) is not None:
            return RedirectResponse(address, 303)
        with resources.reader.view() as view:
            wording = FunnelWording(view.model, resources.shell.language(request), view.clock)
            values = _one(view, request, wording)
        return resources.shell.render(request, "funnel.html", wording=wording, hatching=HATCHING, few=FEW, **values)

    counted = resources.counted
    return [Route("/funnels", counted(funnels)), Route("/funnels/{name}", counted(one_funnel))]


def _all(view: View, request: Request, wording: FunnelWording) -> dict[str, Any]:
    """The funnels of the model, a page of them, each with its numbers."""
    period, said = period_of(request, view.model, view.clock, USUAL), request.query_params.get("page", "")
    page = int(said) if said.isascii() and said.isdigit() and len(said) < 5 else 0
    plans = view.model.funnels[page * MOST_LISTED : (page + 1) * MOST_LISTED]
    cards = []
    for plan in plans:
        report = funnel(view, plan.name, period.days)
        steps = step_rows(plan, report, wording)
        cards.append(FunnelCard(wording.funnel(plan), plan, report, steps, FunnelChoice(plan.name, period)))
    return {
        "period": period,
        "cards": cards,
        "page": page,
        "more": len(view.model.funnels) > (page + 1) * MOST_LISTED,
        "clock": view.clock,
    }


def _one(view: View, request: Request, wording: FunnelWording) -> dict[str, Any]:
    """A funnel's report, as the template takes it."""
    choice = FunnelChoice.of(request, view.model, view.clock)
    plan = known_funnel(view, choice.name)
    series = None if choice.lacks_a_beginning else choice.series
    report = funnel(view, choice.name, choice.days, by=choice.by, series=series)
    seen = seen_by(viewer_of(request), view.ids, report)
    return {
        "choice": choice,
        "period": choice.period,
        "plan": plan,
        "title": wording.funnel(plan),
        "report": report,
        "steps": step_rows(plan, report, wording),
        "excluded": [wording.step(each).whole for each in plan.exclude],
        "choices": _choices(view.model, wording, choice),
        "by": None if choice.by is None else by_label(wording, choice.by),
        "groups": _groups(report, seen, choice, wording),
        "orders": ORDERS,
        "series": _series(report, choice, wording) if series else None,
        "clock": view.clock,
    }


def step_rows(plan: Funnel, report: FunnelShape, wording: FunnelWording) -> list[StepRow]:
    """The steps of a funnel with their pictures."""
    following = [*(step.leads for step in report.steps[1:]), None]
    before = [None, *(step.leads for step in report.steps)]
    rows = []
    for place, (step, text, on) in enumerate(zip(report.steps, wording.steps(plan), following, strict=True)):
        split = FunnelSplit(step.leads if on is None else on, step.pending, step.gone)
        within, earlier = plan.steps[place].within, before[place]
        said = wording.text(
            N_("{step}: {leads} came here, {pending} may still come further, {gone} are gone"),
            step=text.whole,
            leads=wording.number(step.leads),
            pending=wording.number(step.pending),
            gone=wording.number(step.gone),
        )
        rows.append(
            StepRow(
                number=place + 1,
                text=text,
                numbers=step,
                share=step.share,
                of_before=step.leads / earlier if earlier else None,
                on=on,
                took=step.took,
                within="" if within is None else wording.length(within),
                column=step_column(split, report.entered, said, last=on is None),
                bar=lying_bar(split, report.entered),
            )
        )
    return rows


def _groups(
    report: FunnelShape, seen: FunnelShape, choice: FunnelChoice, wording: FunnelWording
) -> list[PartRow] | None:
    """A row for each group; of one whose name a reader is not told no list can be asked for."""
    if report.groups is None or seen.groups is None or choice.by is None:
        return None
    most = max((group.entered for group in report.groups), default=0)
    rows = [
        PartRow(
            name=_group(shown, choice.by, wording),
            numbers=group,
            bar=_bar(group, most),
            group=group.group if shown.group == group.group else None,
            steps=group.steps,
        )
        for group, shown in zip(report.groups, seen.groups, strict=True)
    ]
    return sorted(rows, key=_by_rate(choice.order)) if choice.order != ORDERS[0] else rows


def _group(group: GroupShape, by: str, wording: FunnelWording) -> str:
    if group.group == OTHER and group.groups > 1:
        return wording.text(N_("{number} others"), number=wording.number(group.groups))
    return group_text(wording, by, group.group or NONE)


def _by_rate(order: str) -> Any:
    """The highest rate first; those without one last."""

    def key(row: PartRow) -> float:
        rate = row.numbers.rate if order == "rate" else row.numbers.mature_rate
        return 1.0 if rate is None else -rate

    return key


def _series(report: FunnelShape, choice: FunnelChoice, wording: FunnelWording) -> list[PartRow]:
    """A row for each day, week or month, the latest first."""
    if report.series is None or choice.series is None:
        return []
    most = max((bucket.entered for bucket in report.series), default=0)
    parts = zip(series_of(choice.days, choice.series), report.series, strict=True)
    rows = [
        PartRow(
            name=part_name(wording, first, choice.series),
            numbers=bucket,
            bar=_bar(bucket, most),
            days=inside,
            goes_on=(inside.end or 0) > choice.period.today,
        )
        for (first, inside), bucket in parts
    ]
    return rows[::-1]


def _bar(numbers: FunnelNumbersShape, most: int) -> Markup:
    return lying_bar(FunnelSplit(numbers.converted, numbers.pending, numbers.dropped), most)


def _choices(model: Model, wording: FunnelWording, choice: FunnelChoice) -> Mapping[str, Any]:
    """What the form offers."""
    by = choice.by or ""
    field, _, bands = by.removeprefix(FIELD).partition(":") if by.startswith(FIELD) else ("", "", "")
    required = (path.removeprefix(FIELD) for stage in model.stages for path in stage.requires)
    fields = [name for name in dict.fromkeys([*model.bands, *required, *PROFILE]) if not names_somebody(name)]
    return {
        "by": [(name, by_label(wording, name)) for name in (*ORIGINS, "stage", "grade")],
        "segments": [(f"segment:{each.name}", wording.segment(each.name)) for each in model.segments],
        "of_field": FIELD,
        "chosen": FIELD if field else by,
        "field": field,
        "bands": bands,
        "fields": [(name, wording.field(name)) for name in fields],
        "series": [(name, wording.text(text)) for name, text in SERIES.items()],
    }
