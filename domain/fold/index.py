"""What a model asks about touchpoints, by their type, and what a touchpoint meets of it: rules, counters, steps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from domain.conditions.compile import Where, compile_where
from domain.conditions.tree import Condition, Of, fields_of
from domain.fold.counter import Counter
from domain.fold.funnel import EXCLUDED
from domain.model.definition import Limit, Model, ScoreRule

_REMEMBERED: Final = 4_096
"""Answers that are remembered, a touchpoint type: of a site's pages there are few, and each is viewed often."""
_LONGEST: Final = 200
"""Longest text by which an answer is remembered, in characters."""


class Rule(NamedTuple):
    """A score rule, compiled. `place` is its place in the model."""

    place: str
    name: str
    points: float
    limit: Limit | None


class Hits(NamedTuple):
    """What of a model a touchpoint meets, each in the model's order; steps (from 1; `EXCLUDED`) by funnel."""

    rules: tuple[Rule, ...] = ()
    counters: tuple[Counter, ...] = ()
    steps: tuple[tuple[str, tuple[int, ...]], ...] = ()
    enters: tuple[str, ...] = ()
    """The stages that it enters, as far as that is forward."""


NOTHING: Final = Hits()

_PLACES: Final = {Of.TOUCHPOINT: 0, Of.PERSON: 1, Of.SOURCE: 2}
"""Where in the arguments of `hits` what a field is of stands."""


@dataclass(slots=True)
class TypeIndex:
    """What is asked about touchpoints of one type. Equal conditions stand in `wheres` once."""

    wheres: list[Where] = field(default_factory=list)
    rules: list[tuple[Rule, int]] = field(default_factory=list)
    """With the place of its condition in `wheres`, as below."""
    counters: list[tuple[Counter, int]] = field(default_factory=list)
    steps: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    enters: list[tuple[str, int]] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)
    _fields: dict[tuple[int, str], None] = field(default_factory=dict)
    """Everything that the conditions look at: (of what of `_PLACES`, name)."""
    _remembered: dict[tuple[str | None, ...], Hits] = field(default_factory=dict)

    def place(self, condition: Condition | None) -> int:
        """Where in `wheres` a condition stands."""
        key = repr(condition)  # to an operand 1, 1.0 and true are equal: not here
        if key not in self._places:
            self._places[key] = len(self.wheres)
            self.wheres.append(compile_where(condition))
            self._fields.update(dict.fromkeys((_PLACES[field.of], field.path[0]) for field in fields_of(condition)))
        return self._places[key]

    def hits(self, properties: Mapping[str, Any], profile: Mapping[str, Any], source: Mapping[str, Any]) -> Hits:
        """What a touchpoint with these properties meets, of a person with this profile who came from this source."""
        of = (properties, profile, source)
        key = tuple([of[place].get(name) for place, name in self._fields])
        for value in key:
            if value is not None and (type(value) is not str or len(value) > _LONGEST):  # 1 and true would be one key
                return self._evaluate(properties, profile, source)
        hits = self._remembered.get(key)
        if hits is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            hits = self._remembered[key] = self._evaluate(properties, profile, source)
        return hits

    def _evaluate(self, properties: Mapping[str, Any], profile: Mapping[str, Any], source: Mapping[str, Any]) -> Hits:
        holds = [where(properties, profile, source) for where in self.wheres]
        steps = [
            (funnel, tuple([number for number, place in numbered if holds[place]]))
            for funnel, numbered in self.steps.items()
        ]
        return Hits(
            tuple([rule for rule, place in self.rules if holds[place]]),
            tuple([counter for counter, place in self.counters if holds[place]]),
            tuple([step for step in steps if step[1]]),
            tuple([stage for stage, place in self.enters if holds[place]]),
        )


def compiled(place: int, rule: ScoreRule) -> Rule:
    """The score rule at this place of the model."""
    return Rule(str(place), rule.name, float(rule.points), rule.limit)


def index_by_type(model: Model, counters: Iterable[Counter]) -> dict[str, TypeIndex]:
    """What a model asks, by touchpoint type; `counters` are those of its segments."""
    by_type: dict[str, TypeIndex] = {}

    def index_of(type: str) -> TypeIndex:
        return by_type.setdefault(type, TypeIndex())

    for place, rule in enumerate(model.score.rules):
        if rule.points and rule.enabled:
            index = index_of(rule.on)
            index.rules.append((compiled(place, rule), index.place(rule.where)))
    for counter in counters:
        for type in counter.types:
            index = index_of(type)
            index.counters.append((counter, index.place(counter.condition)))
    for funnel in model.funnels:
        for excluded in funnel.exclude:
            index = index_of(excluded.on)
            index.steps.setdefault(funnel.name, []).append((EXCLUDED, index.place(excluded.where)))
        for number, step in enumerate(funnel.steps, 1):
            index = index_of(step.on)
            index.steps.setdefault(funnel.name, []).append((number, index.place(step.where)))
    for stage in model.stages:
        for entrance in stage.enter:
            index = index_of(entrance.on)
            index.enters.append((stage.name, index.place(entrance.where)))
    return by_type
