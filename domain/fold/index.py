"""What a model asks about touchpoints, by their type, and what a touchpoint meets of it: rules, counters, steps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from domain.conditions.compile import Where, compile_where
from domain.conditions.tree import Condition, fields_of
from domain.fold.segment import Counter
from domain.model.definition import Limit, Model

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
    """What of a model a touchpoint meets, each in the model's order; steps (from 1) by funnel."""

    rules: tuple[Rule, ...] = ()
    counters: tuple[Counter, ...] = ()
    steps: tuple[tuple[str, tuple[int, ...]], ...] = ()
    enters: tuple[str, ...] = ()
    """The stages that it enters, as far as that is forward."""


NOTHING: Final = Hits()


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
    _fields: dict[tuple[bool, str], None] = field(default_factory=dict)
    """Everything that the conditions look at: (whether of the person, name)."""
    _known: dict[tuple[str | None, ...], Hits] = field(default_factory=dict)

    def place(self, condition: Condition | None) -> int:
        """Where in `wheres` a condition stands."""
        known = repr(condition)  # to an operand 1, 1.0 and true are equal: not here
        if known not in self._places:
            self._places[known] = len(self.wheres)
            self.wheres.append(compile_where(condition))
            self._fields.update(dict.fromkeys((field.profile, field.path[0]) for field in fields_of(condition)))
        return self._places[known]

    def hits(self, properties: Mapping[str, Any], profile: Mapping[str, Any]) -> Hits:
        """What a touchpoint with these properties meets, of a person with this profile."""
        key = tuple([profile.get(name) if person else properties.get(name) for person, name in self._fields])
        for value in key:
            if value is not None and (type(value) is not str or len(value) > _LONGEST):  # 1 and true would be one key
                return self._look(properties, profile)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._look(properties, profile)
        return found

    def _look(self, properties: Mapping[str, Any], profile: Mapping[str, Any]) -> Hits:
        holds = [where(properties, profile) for where in self.wheres]
        steps = [
            (funnel, tuple([number for number, place in asked if holds[place]])) for funnel, asked in self.steps.items()
        ]
        return Hits(
            tuple([rule for rule, place in self.rules if holds[place]]),
            tuple([counter for counter, place in self.counters if holds[place]]),
            tuple([step for step in steps if step[1]]),
            tuple([stage for stage, place in self.enters if holds[place]]),
        )


def asked_of(model: Model, counters: Iterable[Counter]) -> dict[str, TypeIndex]:
    """What a model asks, by touchpoint type; `counters` are those of its segments."""
    found: dict[str, TypeIndex] = {}

    def of(type: str) -> TypeIndex:
        return found.setdefault(type, TypeIndex())

    for place, rule in enumerate(model.score.rules):
        if rule.points:
            asked = of(rule.on)
            asked.rules.append((Rule(str(place), rule.name, float(rule.points), rule.limit), asked.place(rule.where)))
    for counter in counters:
        asked = of(counter.type)
        asked.counters.append((counter, asked.place(counter.condition)))
    for funnel in model.funnels:
        for number, step in enumerate(funnel.steps, 1):
            asked = of(step.on)
            asked.steps.setdefault(funnel.name, []).append((number, asked.place(step.where)))
    for stage in model.stages:
        for entrance in stage.enter:
            asked = of(entrance.on)
            asked.enters.append((stage.name, asked.place(entrance.where)))
    return found
