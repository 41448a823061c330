"""The report of a funnel, and which funnels there are."""

from domain.conditions.words import in_words
from domain.files.durations import show_duration
from domain.model.funnels import Funnel
from domain.model.part import Step
from projections.queries.days import EVER, DayRange, SeriesName, day_named, starts_at
from projections.queries.shapes import Page
from projections.queries.view import View
from projections.read_models.funnel_steps import WHOLE
from projections.reports.funnels.attempts import known_funnel
from projections.reports.funnels.counting import counted_by_bucket, counted_by_text, in_groups
from projections.reports.funnels.durations import Took
from projections.reports.funnels.groups import as_of, read_by
from projections.reports.funnels.numbers import Counts, bottleneck, numbers, share, step_numbers
from projections.reports.funnels.shapes import (
    BucketShape,
    FunnelNameShape,
    FunnelShape,
    GroupShape,
    StepShape,
)
from projections.reports.funnels.totals import totals


def funnels(view: View) -> Page[FunnelNameShape]:
    """Every funnel of the model, in its order."""
    return Page[FunnelNameShape](
        items=[
            FunnelNameShape(
                name=plan.name,
                label=plan.label,
                order=plan.order,
                window=show_duration(plan.window),
                steps=len(plan.steps),
            )
            for plan in view.model.funnels
        ]
    )


def funnel(
    view: View, name: str, days: DayRange = EVER, *, by: str | None = None, series: SeriesName | None = None
) -> FunnelShape:
    """How far the leads came that started in the period. Raises NotFound, BadFunnel, BadGroups."""
    plan = known_funnel(view, name)
    groups, told_apart = None, None if by is None else read_by(view, by)
    counts, took = totals(view, plan, days)
    if told_apart is not None:
        by_group, held = in_groups(told_apart, counted_by_text(view, plan, days, told_apart))
        groups = [_group(plan, group, held[group], each) for group, each in by_group.items()]
    zone = view.model.timezone
    return FunnelShape(
        **numbers(counts, len(plan.steps)),
        funnel=name,
        label=plan.label,
        order=plan.order,
        window=show_duration(plan.window),
        exclude=[_in_words(each) for each in plan.exclude],
        from_=None if days.first is None else starts_at(days.first, zone),
        to=None if days.end is None else starts_at(days.end, zone),
        clock=view.clock,
        steps=_steps(plan, counts, took),
        took=took.get(WHOLE),
        bottleneck=bottleneck(counts, plan),
        by=by,
        as_of=None if by is None else as_of(by),
        groups=groups,
        series_by=series,
        series=None if series is None else _series(view, plan, days, series),
    )


def _steps(plan: Funnel, counts: Counts, took: Took) -> list[StepShape]:
    entered = sum(counts.values())
    return [
        StepShape(
            **in_numbers.model_dump(),
            on=step.on,
            label=step.label,
            where=None if step.where is None else in_words(step.where),
            within=None if step.within is None else show_duration(step.within),
            share=share(in_numbers.leads, entered),
            took=took.get(number),
        )
        for number, (step, in_numbers) in enumerate(
            zip(plan.steps, step_numbers(counts, len(plan.steps)), strict=True), 1
        )
    ]


def _in_words(step: Step) -> str:
    return step.on if step.where is None else f"{step.on} {in_words(step.where)}"


def _group(plan: Funnel, group: str, held: int, counts: Counts) -> GroupShape:
    steps = len(plan.steps)
    return GroupShape(**numbers(counts, steps), group=group, groups=held, steps=step_numbers(counts, steps))


def _series(view: View, plan: Funnel, days: DayRange, series: SeriesName) -> list[BucketShape]:
    zone = view.model.timezone
    return [
        BucketShape(
            **numbers(counts, len(plan.steps)),
            first_day=day_named(first).isoformat(),
            from_=starts_at(inside.first or 0, zone),
            to=starts_at(inside.end or 0, zone),
        )
        for first, inside, counts in counted_by_bucket(view, plan, days, series)
    ]
