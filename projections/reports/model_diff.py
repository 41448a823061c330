"""What another model would change, and how rules would have done, as answers show it."""

from collections.abc import Iterable, Sequence
from math import inf
from typing import Annotated, Any

from pydantic import Field

from domain.files.durations import show_duration
from domain.judging.backtest import FEW, Numbers, Period, Portion, TrackRecord
from domain.judging.differences import Given, LeadChange
from domain.model.definition import Funnel, Model
from projections.queries.shapes import Moment, Shape
from projections.upkeep.comparing import Judged, ModelDiff
from projections.upkeep.moved import Move, Moved

Left = Annotated[list[str], Field(description="of clusters that cannot be folded, why; they are left out")]


class PairShape(Shape):
    """What is so by the active model, and by the other one."""

    before: Any
    now: Any


class TotalShape(PairShape):
    """Leads in a stage, a grade or a segment."""

    name: str


class MovedExample(Shape):
    """A lead, and how people know it."""

    lead: str
    who: str


class MoveShape(Shape):
    """Leads that were there and would be here (empty: nowhere), and some of them."""

    before: str
    now: str
    leads: int
    examples: list[MovedExample]


class RuleShape(Shape):
    """What a rule gives a lead: what is left of its points, or its points of fit."""

    rule: str
    before: float
    now: float


class LeadChangeShape(Shape):
    """What changes of one lead. `why` are the score rules that give most otherwise, `fit` the fit rules."""

    lead: str
    who: str
    hot: PairShape
    heat: PairShape
    hot_at: Annotated[PairShape, Field(description="the heat at which it is hot; null: never")]
    stage: PairShape
    grade: PairShape
    not_a_lead: PairShape
    entered: list[str]
    left: list[str]
    why: list[RuleShape]
    fit: list[RuleShape]


class FunnelStepShape(PairShape):
    """Leads that reached a step; null where the funnel has no such step."""

    step: int
    on: str


class FunnelChange(Shape):
    """A funnel's steps by both models."""

    funnel: str
    steps: list[FunnelStepShape]


class PortionShape(Shape):
    """So many of so many leads, and where the true share lies with 95% confidence (Wilson); null: of none."""

    leads: int
    of: int
    share: float | None
    low: float | None
    high: float | None
    too_few: Annotated[bool, Field(description=f"of fewer than {FEW}: too few to tell")]


class DaysShape(Shape):
    """Days from hot to won: median and quartiles."""

    of: int
    quarter: float
    median: float
    three_quarters: float
    too_few: bool


class NumbersShape(Shape):
    """How rules did with some leads."""

    recall: Annotated[PortionShape, Field(description="of the deals won in the period, who was hot before")]
    precision: Annotated[PortionShape, Field(description="of those who became hot in it, who was won in time")]
    pending: Annotated[int, Field(description="became hot in it and still have time: in neither number")]
    days: DaysShape | None


class RecordShape(NumbersShape):
    """How rules did, and so by grade and by source."""

    grades: dict[str, NumbersShape]
    sources: Annotated[dict[str, NumbersShape], Field(description="by the channel of the first source")]


class PeriodShape(Shape):
    """The period in which deals were won and leads became hot; the end is not in it."""

    from_: Annotated[Moment | None, Field(serialization_alias="from", description="null: all history")]
    to: Annotated[Moment | None, Field(description="null: up to the clock")]
    won_within: str


class BacktestShape(PeriodShape):
    """How the active model's rules did."""

    model: str
    record: RecordShape


class BacktestPair(PeriodShape):
    """How the rules of both models would have done."""

    before: RecordShape
    now: RecordShape


class SweepRow(NumbersShape):
    """How the rules would have done with a threshold."""

    hot_at: float


class SweepShape(PeriodShape):
    """The trade-off of several thresholds."""

    items: list[SweepRow]
    failed: Left


class ModelDiffShape(Shape):
    """What another model would change on what is recorded up to the clock. Nothing is written."""

    before: Annotated[str, Field(description="hash of the active model")]
    now: Annotated[str, Field(description="hash of the other one")]
    same_fold: Annotated[bool, Field(description="what differs has no part in what is derived: no lead changes")]
    refused: Annotated[str | None, Field(description="why its activation would be refused")]
    position: int
    clock: Moment
    leads: Annotated[int | None, Field(description="that something identifies; null: nothing was folded")]
    changed: Annotated[int, Field(description="of these hot, stage, grade, exclusion or a segment is another")]
    other_heat: Annotated[int, Field(description="of these heat is another")]
    moved: dict[str, list[MoveShape]]
    hot: Annotated[PairShape | None, Field(description="null: nothing was folded")]
    stages: list[TotalShape]
    grades: list[TotalShape]
    segments: list[TotalShape]
    funnels: list[FunnelChange]
    largest: Annotated[list[LeadChangeShape], Field(description="the largest first, at most fifty")]
    backtest: Annotated[BacktestPair | None, Field(description="null: neither model has a stage that is won")]
    failed: Left


def shape_of(found: ModelDiff) -> ModelDiffShape:
    """A comparison as it is answered."""
    differences = found.differences
    return ModelDiffShape(
        before=found.before.hash,
        now=found.now.hash,
        same_fold=found.same_fold,
        refused=found.refused,
        position=found.progress.position,
        clock=found.progress.clock,
        leads=None if found.same_fold else differences.leads,
        changed=differences.changed,
        other_heat=differences.other_heat,
        moved=moves_of(found.moved()),
        hot=None if found.same_fold else PairShape(**_pair(differences.totals.get(("hot", "hot", 0), (0, 0)))),
        stages=_totals(found, "stages"),
        grades=_totals(found, "grades"),
        segments=_totals(found, "segments"),
        funnels=[] if found.same_fold else list(_funnels(found)),
        largest=[_change(each, found.names[each.lead]) for each in differences.largest],
        backtest=_backtests(found) if won_by(found.before) or won_by(found.now) else None,
        failed=list(found.failed),
    )


def moves_of(moved: Moved) -> dict[str, list[MoveShape]]:
    """Moves of leads by their kinds, as they are answered."""
    return {kind: [_move(each) for each in moves] for kind, moves in moved.kinds()}


def won_by(model: Model) -> bool:
    """Whether a model says what is won."""
    return any(stage.won for stage in model.stages)


def record_of(record: TrackRecord) -> RecordShape:
    """How rules did, as it is answered."""
    return RecordShape(
        **_numbers(record.all),
        grades={name: NumbersShape(**_numbers(each)) for name, each in sorted(record.grades.items())},
        sources={name: NumbersShape(**_numbers(each)) for name, each in sorted(record.channels.items())},
    )


def backtest_of(model: Model, period: Period, record: TrackRecord) -> BacktestShape:
    """How one model's rules did, as it is answered."""
    return BacktestShape(**_period(period), model=model.hash, record=record_of(record))


def sweep_of(thresholds: Sequence[float], judged: Judged) -> SweepShape:
    """How several thresholds would have done, as it is answered."""
    pairs = zip(thresholds, judged.records, strict=True)
    items = [SweepRow(hot_at=each, **_numbers(record.all)) for each, record in pairs]
    return SweepShape(**_period(judged.period), items=items, failed=list(judged.failed))


def _backtests(found: ModelDiff) -> BacktestPair:
    before, now = (record_of(record) for record in found.records)
    return BacktestPair(**_period(found.period), before=before, now=now)


def _period(period: Period) -> dict[str, Any]:
    end = period.end if period.end <= period.clock else None
    return {"from_": period.start or None, "to": end, "won_within": show_duration(period.within)}


def _numbers(numbers: Numbers) -> dict[str, Any]:
    days = numbers.days
    return {
        "recall": _portion(numbers.recall),
        "precision": _portion(numbers.precision),
        "pending": numbers.pending,
        "days": None if days is None else DaysShape(**days._asdict(), too_few=days.of < FEW),
    }


def _portion(portion: Portion) -> PortionShape:
    low, high = (None, None) if portion.between is None else (round(end, 6) for end in portion.between)
    share = None if portion.share is None else round(portion.share, 6)
    return PortionShape(leads=portion.part, of=portion.whole, share=share, low=low, high=high, too_few=portion.too_few)


def _pair(pair: Sequence[Any]) -> dict[str, Any]:
    before, now = pair
    return {"before": before, "now": now}


def _move(move: Move) -> MoveShape:
    examples = [MovedExample(lead=each.lead, who=each.who) for each in move.examples]
    return MoveShape(before=move.before, now=move.now, leads=move.leads, examples=examples)


def _totals(found: ModelDiff, kind: str) -> list[TotalShape]:
    totals = found.differences.totals.items()
    return [TotalShape(name=name, **_pair(pair)) for (of, name, _), pair in sorted(totals) if of == kind]


def _funnels(found: ModelDiff) -> Iterable[FunnelChange]:
    """Those of both models, the steps as the other one has them (else as the active one)."""
    plans = [{funnel.name: funnel for funnel in model.funnels} for model in (found.before, found.now)]
    for name in {**plans[0], **plans[1]}:
        both = [plan.get(name) for plan in plans]
        longest = max((plan for plan in reversed(both) if plan is not None), key=lambda plan: len(plan.steps))
        yield FunnelChange(funnel=name, steps=[_step(found, both, longest, number) for number in _numbered(longest)])


def _numbered(plan: Funnel) -> range:
    return range(1, len(plan.steps) + 1)


def _step(found: ModelDiff, both: Sequence[Funnel | None], longest: Funnel, number: int) -> FunnelStepShape:
    counts = found.differences.totals.get(("funnels", longest.name, number), (0, 0))
    there = [plan is not None and number <= len(plan.steps) for plan in both]
    before, now = (count if has else None for count, has in zip(counts, there, strict=True))
    plan = both[1] if both[1] is not None and there[1] else longest
    return FunnelStepShape(step=number, on=plan.steps[number - 1].on, before=before, now=now)


def _change(change: LeadChange, who: str) -> LeadChangeShape:
    pairs = {
        name: PairShape(**_pair(getattr(change, name))) for name in ("hot", "heat", "stage", "grade", "not_a_lead")
    }
    return LeadChangeShape(
        lead=str(change.lead),
        who=who,
        hot_at=PairShape(**_pair([None if heat == inf else heat for heat in change.hot_at])),
        entered=list(change.entered),
        left=list(change.left),
        why=[_rule(each) for each in change.why],
        fit=[_rule(each) for each in change.fit],
        **pairs,
    )


def _rule(given: Given) -> RuleShape:
    return RuleShape(rule=given.rule, before=round(given.before, 2), now=round(given.now, 2))
