"""What a model asks about touchpoints, by their type: rules, counters and funnel steps, each condition asked once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from domain.conditions import Condition, Where, compile_where
from domain.model import Limit, Model
from domain.segment import Counter


class Rule(NamedTuple):
    """A score rule, compiled. `place` is its place in the model, `asked` that of its condition among the answers."""

    place: str
    name: str
    asked: int
    points: float
    limit: Limit | None


@dataclass(slots=True)
class Asked:
    """What is asked about touchpoints of one type. Equal conditions stand in `wheres` once."""

    wheres: list[Where] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    counters: list[tuple[Counter, int]] = field(default_factory=list)
    steps: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """By funnel: the numbers of its steps (from 1), and the places of their conditions among the answers."""
    _places: dict[str, int] = field(default_factory=dict)

    def place(self, condition: Condition | None) -> int:
        """Where the answer to a condition will stand."""
        known = repr(condition)  # to an operand 1, 1.0 and true are equal: not here
        if known not in self._places:
            self._places[known] = len(self.wheres)
            self.wheres.append(compile_where(condition))
        return self._places[known]

    def answers(self, properties: Mapping[str, Any], profile: Mapping[str, Any]) -> list[bool]:
        """Whether each condition holds for a touchpoint and a person."""
        return [where(properties, profile) for where in self.wheres]


NOTHING = Asked()
"""What is asked about touchpoints of any other type."""


def asked_of(model: Model, counters: Iterable[Counter]) -> dict[str, Asked]:
    """What a model asks, by touchpoint type; `counters` are those of its segments."""
    found: dict[str, Asked] = {}

    def of(type: str) -> Asked:
        return found.setdefault(type, Asked())

    for place, rule in enumerate(model.score.rules):
        if rule.points:
            asked = of(rule.on)
            asked.rules.append(Rule(str(place), rule.name, asked.place(rule.where), float(rule.points), rule.limit))
    for counter in counters:
        asked = of(counter.type)
        asked.counters.append((counter, asked.place(counter.condition)))
    for funnel in model.funnels:
        for number, step in enumerate(funnel.steps, 1):
            asked = of(step.on)
            asked.steps.setdefault(funnel.name, []).append((number, asked.place(step.where)))
    return found
