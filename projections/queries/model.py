"""The active model as a reader is told it: what it declares, conditions in words, and how often rules gave points."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field
from sqlalchemy import func, select

from domain.conditions.parse import GRADES
from domain.conditions.tree import Condition
from domain.conditions.words import PLAIN, Speech, in_words
from domain.files.durations import show_duration
from domain.fold.days import ZoneDays
from domain.model.definition import Model
from domain.model.funnels import Funnel
from domain.model.part import Step
from domain.model.scoring import Score, ScoreRule
from domain.model.values import Limit
from projections.queries.days import DayRange, bounds_of, day_named
from projections.queries.shapes import Moment, Shape
from projections.queries.view import View
from store.models import last_activation

RECENT: Final = 28
"""Days of which it is told how often rules gave points, today with them, where nobody says which."""

Words = Annotated[str | None, Field(description="a condition in words; null: there is none")]
Switch = Annotated[bool, Field(description="false: it is kept in the file, without effect")]


class NamedShape(Shape):
    """Something that the model names."""

    name: str
    label: Any = None


class StepAskedShape(Shape):
    """What a step of a funnel asks for, or what enters a stage."""

    on: str
    where: Words = None


class FunnelStepAskedShape(StepAskedShape):
    """A step of a funnel. `within` is the most time since the step before; null: the funnel's window."""

    label: Any = None
    within: str | None = None


class StageOfModelShape(NamedShape):
    """A stage, in the order of the file."""

    won: bool
    detour: bool
    retired: bool
    hot: Annotated[bool, Field(description="whether leads in it have hot episodes")]
    requires: list[str]
    was: Annotated[list[str], Field(description="former names")]
    enter: list[StepAskedShape]


class LimitShape(Shape):
    """How often a rule gives points: `count` times, `within` a rolling duration (null: ever), `per` value of this."""

    count: int
    within: str | None
    per: str | None


class ScoreRuleShape(NamedShape):
    """A rule of heat."""

    on: str
    where: Words = None
    points: float
    limit: LimitShape | None
    enabled: Switch
    fired: Annotated[int, Field(description="how often it gave points in the period, since leads' last resets")]
    last: Annotated[date | None, Field(description="the last day of the period on which it did; null: on none")]


class ScoreOfModelShape(Shape):
    """Heat. `fired` of a rule counts what happened from `fired_from` to before `fired_to`."""

    half_life: str
    hot_at: Annotated[dict[str, float | None], Field(description="by grade; null: never hot")]
    rearm_at: float | None
    promote_to: str | None
    fired_from: Moment | None
    fired_to: Moment | None
    rules: list[ScoreRuleShape]


class FitRuleShape(NamedShape):
    """A rule of fit."""

    where: str
    points: float
    enabled: Switch


class FitOfModelShape(Shape):
    """Grades: of each the least points of fit; what is left is D."""

    grades: dict[str, float]
    rules: list[FitRuleShape]


class ExclusionShape(Shape):
    """Who is no lead, and why."""

    reason: str
    label: Any = None
    where: str
    enabled: Switch


class ConditionOfModelShape(NamedShape):
    """A segment or the rule of a channel, with its condition in words."""

    condition: str


class FunnelOfModelShape(NamedShape):
    """A funnel."""

    order: str
    window: str
    steps: list[FunnelStepAskedShape]
    exclude: list[StepAskedShape]


class OwnerOfModelShape(Shape):
    """Who takes care of leads; of a team its members."""

    name: str
    members: list[str]
    retired: bool


class DestinationOfModelShape(Shape):
    """Who is told of signals of which kinds."""

    name: str
    type: str
    on: list[str]


class ModelShape(Shape):
    """The active model."""

    version: Annotated[str, Field(description="hash of what leads are folded by")]
    activation: Annotated[int, Field(description="which activation it is, from 1")]
    activated_at: Annotated[Moment, Field(description="since when leads are folded by this version")]
    timezone: str
    stages: list[StageOfModelShape]
    score: ScoreOfModelShape
    fit: FitOfModelShape
    not_a_lead: list[ExclusionShape]
    channels: Annotated[list[ConditionOfModelShape], Field(description="its own rules, in their order")]
    segments: Annotated[list[ConditionOfModelShape], Field(description="those that classes make behind its own")]
    funnels: list[FunnelOfModelShape]
    owners: list[OwnerOfModelShape]
    reasons: Annotated[list[NamedShape], Field(description="why an owner may give a lead back, beside `not ready`")]
    tags: list[NamedShape]
    destinations: list[DestinationOfModelShape]


def active(view: View, days: DayRange, speech: Speech = PLAIN) -> ModelShape:
    """The active model; rules with how often they gave points on these days (none: the last 28).

    `speech` says how conditions are put into words.
    """
    model = view.model
    if not days.bounded:
        today = ZoneDays(model.timezone).of(view.clock)
        days = DayRange(today - RECENT + 1, today + 1)
    return ModelShape(
        version=model.hash,
        activation=last_activation(view.conn),
        activated_at=model.activated_at,
        timezone=model.timezone,
        stages=[
            StageOfModelShape(
                name=stage.name, label=stage.label, won=stage.won, detour=stage.detour, retired=stage.retired,
                hot=stage.may_be_hot, requires=list(stage.requires), was=list(stage.was),
                enter=[_step(each, speech) for each in stage.enter],
            )
            for stage in model.stages
        ],
        score=_score(model.score, days, model.timezone, _fired(view, days), speech),
        fit=FitOfModelShape(
            grades=model.fit.grades,
            rules=[
                FitRuleShape(
                    name=rule.name, label=rule.label, where=in_words(rule.where, speech), points=rule.points,
                    enabled=rule.enabled,
                )
                for rule in model.fit.rules
            ],
        ),
        not_a_lead=[
            ExclusionShape(
                reason=each.reason, label=each.label, where=in_words(each.where, speech), enabled=each.enabled
            )
            for each in model.not_a_lead
        ],
        segments=[_condition(each.name, each.label, each.when, speech) for each in model.segments],
        channels=[_condition(each.name, each.label, each.where, speech) for each in model.channels.rules],
        funnels=[_funnel(each, speech) for each in model.funnels],
        **_people(model),
    )  # fmt: skip


def _people(model: Model) -> dict[str, Any]:
    owners, sales = model.sales.owners, model.sales
    return {
        "owners": [OwnerOfModelShape(name=o.name, members=list(o.members), retired=o.retired) for o in owners],
        "reasons": [NamedShape(name=each.name, label=each.label) for each in sales.reasons],
        "tags": [NamedShape(name=each.name, label=each.label) for each in model.tags],
        "destinations": [
            DestinationOfModelShape(name=each.name, type=each.type.value, on=list(each.on))
            for each in model.destinations
        ],
    }


class _Fired(NamedTuple):
    """How often a rule gave points, and on which day last."""

    times: int = 0
    last: date | None = None


def _fired(view: View, days: DayRange) -> Mapping[str, _Fired]:
    award = view.tables.awards.c
    query = select(award.rule, func.count().label("fired"), func.max(award.day).label("last")).group_by(award.rule)
    if days.first is not None:
        query = query.where(award.day >= days.first)
    if days.end is not None:
        query = query.where(award.day < days.end)
    return {row.rule: _Fired(row.fired, day_named(row.last)) for row in view.conn.execute(query)}


def _score(score: Score, days: DayRange, zone: str, fired: Mapping[str, _Fired], speech: Speech) -> ScoreOfModelShape:
    by_grade = score.hot_at if isinstance(score.hot_at, dict) else dict.fromkeys(GRADES, score.hot_at)
    start, end = bounds_of(days, zone)
    return ScoreOfModelShape(
        half_life=show_duration(score.half_life),
        hot_at={grade: by_grade.get(grade) for grade in GRADES},
        rearm_at=score.rearm_at,
        promote_to=score.promote_to,
        fired_from=start,
        fired_to=end,
        rules=[_rule(rule, fired.get(rule.name, _Fired()), speech) for rule in score.rules],
    )


def _rule(rule: ScoreRule, fired: _Fired, speech: Speech) -> ScoreRuleShape:
    return ScoreRuleShape(
        name=rule.name, label=rule.label, on=rule.on, where=_words(rule.where, speech), points=rule.points,
        limit=None if rule.limit is None else _limit(rule.limit), enabled=rule.enabled,
        fired=fired.times, last=fired.last,
    )  # fmt: skip


def _limit(limit: Limit) -> LimitShape:
    within = None if limit.within is None else show_duration(limit.within)
    return LimitShape(count=limit.count, within=within, per=".".join(limit.per) or None)


def _funnel(funnel: Funnel, speech: Speech) -> FunnelOfModelShape:
    steps = [
        FunnelStepAskedShape(
            on=step.on, where=_words(step.where, speech), label=step.label,
            within=None if step.within is None else show_duration(step.within),
        )
        for step in funnel.steps
    ]  # fmt: skip
    return FunnelOfModelShape(
        name=funnel.name, label=funnel.label, order=funnel.order.value, window=show_duration(funnel.window),
        steps=steps, exclude=[_step(each, speech) for each in funnel.exclude],
    )  # fmt: skip


def _step(step: Step, speech: Speech) -> StepAskedShape:
    return StepAskedShape(on=step.on, where=_words(step.where, speech))


def _condition(name: str, label: Any, condition: Condition, speech: Speech) -> ConditionOfModelShape:
    return ConditionOfModelShape(name=name, label=label, condition=in_words(condition, speech))


def _words(condition: Condition | None, speech: Speech) -> str | None:
    return None if condition is None else in_words(condition, speech)
