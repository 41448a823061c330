"""How far a lead is from hot, what one more touchpoint would do, and what time alone will do."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from math import inf
from typing import Final

from domain.conditions.compile import NO_SOURCE, compile_where
from domain.conditions.tree import All, Condition, Of, fields_of
from domain.fold.fold import OPEN, Fold
from domain.fold.index import Rule, compiled
from domain.fold.lead import Lead, Now
from domain.fold.score import HeatState, decayed, falls_to
from domain.model.definition import CHANGED, ScoreRule
from domain.touchpoints.touchpoint import LATEST, NEVER, Instant

MOST: Final = 10
"""Changes that are told of what time alone will do."""
_LOOKS: Final = 1_000
"""Due instants that are looked at for them: at many of them nothing changes."""


class Never(StrEnum):
    """Why a lead is never hot as it is, whatever its heat."""

    MODEL = "model"
    """The model has no `hot_at`."""
    EXCLUDED = "excluded"
    STAGE = "stage"
    GRADE = "grade"


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a lead is from hot."""

    threshold: float | None
    """The heat at which it becomes hot; None: never, for the reason `never`."""
    missing: float
    """What is missing to the threshold, in hundredths; at least 0.01 below it, 0 at or above it."""
    never: Never | None
    enough: tuple[ScoreRule, ...]
    """The rules each of which would make it hot with one touchpoint now, the fewest points first."""


class Passing(StrEnum):
    """What time alone does."""

    COOLS = "cools"
    FALLS_BELOW = "falls_below"
    """Heat has fallen to the threshold."""
    ENTERS = "enters"
    LEAVES = "leaves"


@dataclass(frozen=True, slots=True, order=True)
class Coming:
    """A change that time alone will bring; `segment` of what is entered and left."""

    at: int
    what: Passing
    segment: str | None = None


def distance(fold: Fold, lead: Lead, clock: Instant) -> Distance:
    """How far a lead that took all of its touchpoints until `clock` is from hot then."""
    threshold = fold.threshold_of(lead)
    if threshold == inf:
        return Distance(None, 0.0, _never(fold, lead), ())
    heat = decayed(lead.heat.value, lead.heat.at, fold.half_life, clock)
    missing = 0.0 if heat >= threshold else max(0.01, round(threshold - heat, 2))
    if fold.at(lead, clock).hot_since is not None:
        return Distance(threshold, missing, None, ())
    rules = (compiled(place, rule) for place, rule in enumerate(fold.model.score.rules))
    enough = [
        rule
        for compiled_rule, rule in zip(rules, fold.model.score.rules, strict=True)
        if _may_be_met(fold, lead, rule) and _after(fold, lead, compiled_rule, clock) >= threshold
    ]
    return Distance(threshold, missing, None, tuple(sorted(enough, key=lambda rule: rule.points)))


def _never(fold: Fold, lead: Lead) -> Never:
    if fold.model.score.hot_at is None:
        return Never.MODEL
    if lead.not_a_lead is not None:
        return Never.EXCLUDED
    return Never.STAGE if lead.stage in fold.ladder.without_hot else Never.GRADE


def _may_be_met(fold: Fold, lead: Lead, rule: ScoreRule) -> bool:
    """Whether one touchpoint that meets the rule may begin an episode: no open, nothing that leads where none begins,
    and nothing that asks for another person than this one."""
    leads_away = any(step.on == rule.on for stage in fold.model.stages if not stage.may_be_hot for step in stage.enter)
    if rule.points <= 0 or not rule.enabled or rule.on in (OPEN, CHANGED) or leads_away:
        return False
    return all(compile_where(part)({}, lead.profile, NO_SOURCE) for part in _of_person(rule.where))


def _of_person(where: Condition | None) -> Iterator[Condition]:
    """The parts of a condition that must hold and ask about the person alone."""
    for part in where.parts if isinstance(where, All) else () if where is None else (where,):
        if all(field.of is Of.PERSON for field in fields_of(part)):
            yield part


def _after(fold: Fold, lead: Lead, rule: Rule, clock: Instant) -> float:
    """The heat after the rule gave its points now; minus infinity where its limit does not let it. The lead stays."""
    heat, limit = lead.heat, rule.limit
    tried = HeatState(heat.value, heat.at, {key: [*instants] for key, instants in heat.awarded.items()})
    if limit is not None:
        key = f"{rule.place} another value" if limit.per else rule.place
        room = not limit.per or tried.has_room(rule.place, key, limit.within, clock)
        if not room or not tried.allows(key, limit.count, limit.within, clock):
            return -inf
    tried.add(rule.points, clock, fold.half_life)
    return tried.value


def coming(fold: Fold, lead: Lead, clock: Instant) -> list[Coming]:
    """What time alone will change after `clock`, the next first, at most `MOST`."""
    changes = list(islice(_changes(fold, lead, clock), MOST))
    threshold = fold.threshold_of(lead)
    if threshold < inf and decayed(lead.heat.value, lead.heat.at, fold.half_life, clock) > threshold:
        falls = falls_to(lead.heat.value, lead.heat.at, fold.half_life, threshold)
        changes.append(Coming(falls, Passing.FALLS_BELOW))
    return sorted((change for change in changes if change.at < LATEST), key=lambda change: change.at)[:MOST]


def _changes(fold: Fold, lead: Lead, clock: Instant) -> Iterator[Coming]:
    now = fold.at(lead, clock).copy()
    for _ in range(_LOOKS):
        if now.due >= NEVER:
            return
        instant, before = now.due, (now.hot_since, frozenset(now.segments))
        fold.advance(lead, now, instant)
        yield from _between(before, now, instant)


def _between(before: tuple[int | None, frozenset[str]], now: Now, instant: int) -> Iterator[Coming]:
    hot_since, segments = before
    if hot_since is not None and now.hot_since is None:
        yield Coming(instant, Passing.COOLS)
    for segment in sorted(segments ^ now.segments.keys()):
        yield Coming(instant, Passing.LEAVES if segment in segments else Passing.ENTERS, segment)
