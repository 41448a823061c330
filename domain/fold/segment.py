"""Segments: whether a condition tree holds of a lead at an instant, and when time alone may change that."""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil, floor, log2
from typing import Final, assert_never

from domain.conditions.compile import compile_where
from domain.conditions.tree import (
    Aggregate,
    All,
    AnyOf,
    Condition,
    DateField,
    Did,
    DidAmount,
    DidDistinct,
    DidWhen,
    Field,
    InGrade,
    InSegment,
    InStage,
    Not,
    Of,
    Op,
    Order,
)
from domain.conditions.tree import Heat as HeatCondition
from domain.fold.counter import (
    Counter,
    DistinctDays,
    DistinctValues,
    Extreme,
    Extremes,
    First,
    Memory,
    Repeats,
    Sum,
    Window,
)
from domain.fold.days import ZoneDays
from domain.fold.lead import Lead
from domain.fold.since import (
    Answer,
    Test,
    counted,
    date_is,
    extreme,
    extreme_within,
    instant_is,
    repeated,
    summed,
    summed_within,
)
from domain.touchpoints.touchpoint import NEVER, Instant

Input = str
"""What a condition depends on: "profile", "source", "stage", "heat", or the place of a `did`."""

_LAST: Final[int] = NEVER


class Compiler:
    """Compiles the condition trees of a model; collects the `did` nodes as counters, and what was depended on.

    `segments` are the conditions of the model's segments, which others may ask for; no one for itself, also not through
    others. `zone` is the model's time zone.
    """

    def __init__(self, half_life: int, segments: Mapping[str, Condition], zone: str) -> None:
        self.counters: list[Counter] = []
        self.inputs: set[Input] = set()
        self._half_life, self._segments, self._zone = half_life, segments, zone
        self.days = ZoneDays(zone)
        self._places: dict[str, int] = {}
        self._compiled: dict[str, tuple[Test, frozenset[Input]]] = {}

    def segment(self, name: str) -> tuple[Test, frozenset[Input]]:
        """The test of a segment, and its inputs: only when one of them changes may the answer, time apart."""
        compiled = self._compiled.get(name)
        if compiled is None:
            outer, self.inputs = self.inputs, set()
            test = self.compile(self._segments[name])
            compiled = self._compiled[name] = test, frozenset(self.inputs)
            self.inputs = outer
        return compiled

    def compile(self, condition: Condition) -> Test:
        """The test of one condition."""
        match condition:
            case Field():
                self.inputs.add("source" if condition.of is Of.SOURCE else "profile")
                where = compile_where(condition)
                return lambda lead, at: (where({}, lead.profile, lead.sources.current), NEVER)
            case DateField(name, op, operand):
                self.inputs.add("profile")
                return date_is(name, op, operand, self._zone)
            case All(parts):
                return _joined([self.compile(part) for part in parts], False)
            case AnyOf(parts):
                return _joined([self.compile(part) for part in parts], True)
            case Not(part):
                test = self.compile(part)
                return lambda lead, at: _negated(test(lead, at))
            case InStage(names):
                self.inputs.add("stage")
                return lambda lead, at: (lead.stage in names, NEVER)
            case InGrade(names):
                self.inputs.add("profile")
                return lambda lead, at: (lead.grade in names, NEVER)
            case HeatCondition(op, value):
                self.inputs.add("heat")
                return _heat(op, value, self._half_life)
            case InSegment(names):
                return self._any_of(names)
            case Did() | DidAmount() | DidDistinct() | DidWhen():
                return self._did(condition)
            case _:
                assert_never(condition)

    def _any_of(self, names: frozenset[str]) -> Test:
        """In any of these segments: by their own tests, so it changes when they do."""
        tests = []
        for name in sorted(names):
            test, inputs = self.segment(name)
            self.inputs |= inputs
            tests.append(test)
        return tests[0] if len(tests) == 1 else _joined(tests, True)

    def _did(self, did: Did | DidAmount | DidDistinct | DidWhen) -> Test:
        match did:
            case Did(_, _, at_least, at_most, within, same):
                keep = _keep(at_least, at_most)
                if same:
                    return repeated(self._count(did, keep, Repeats(same, keep)), within)
                return counted(self._count(did, keep), at_least, at_most, within)
            case DidDistinct(_, _, path, at_least, at_most, within):
                keep = _keep(at_least, at_most)
                memory = DistinctValues(path, keep) if path else DistinctDays(self.days, keep)
                return counted(self._count(did, keep, memory), at_least, at_most, within)
            case DidAmount():
                return self._amount(did)
            case DidWhen(_, _, end, op, operand):
                place = self._count(did, 1, First() if end is Aggregate.FIRST else None)
                return instant_is(place, op, operand, self._zone)
            case _:
                assert_never(did)

    def _amount(self, did: DidAmount) -> Test:
        path, least, most, within = did.path, did.at_least, did.at_most, did.within
        match did.of:
            case Aggregate.SUM:
                if within is None:
                    return summed(self._count(did, 1, Sum(path)), least, most)
                return summed_within(self._count(did, 1, Window(path, within)), least, most, within)
            case Aggregate.MAX | Aggregate.MIN:
                sign = 1 if did.of is Aggregate.MAX else -1
                if within is None:
                    return extreme(self._count(did, 1, Extreme(path, sign)), sign, least, most)
                place = self._count(did, 1, Extremes(path, within, sign))
                return extreme_within(place, sign, least, most, within)
            case _:
                assert_never(did.of)

    def _count(self, did: Did | DidAmount | DidDistinct | DidWhen, keep: int, memory: Memory | None = None) -> str:
        """The place of a counter of these touchpoints: of what is counted alike there is one."""
        types = (did.on,) if isinstance(did.on, str) else did.on
        key = repr((types, did.where, memory))  # to an operand 1, 1.0 and true are equal: not here
        number = self._places.setdefault(key, len(self.counters))
        if number == len(self.counters):
            self.counters.append(Counter(str(number), types, did.where, keep, memory))
        elif self.counters[number].keep < keep:
            self.counters[number] = replace(self.counters[number], keep=keep)
        place = str(number)
        self.inputs.add(place)
        return place


def _keep(at_least: int, at_most: int | None) -> int:
    """How many instants tell whether there are so many."""
    return max(at_least, 0 if at_most is None else at_most + 1, 1)


def _joined(tests: list[Test], decisive: bool) -> Test:
    """One part that gives the decisive answer decides; for good, if time alone will not change it."""

    def test(lead: Lead, at: Instant) -> Answer:
        holds, until = not decisive, _LAST
        for part in tests:
            answer, ends = part(lead, at)
            if answer is decisive:
                if ends == NEVER:
                    return decisive, NEVER
                holds = decisive
            until = min(until, ends)
        return holds, until

    return test


def _negated(answer: Answer) -> Answer:
    return not answer[0], answer[1]


def _heat(op: Order, level: float, half_life: int) -> Test:
    """Heat against a level, by comparing instants: a positive heat falls to a positive level at one instant."""
    at_or_above = op in (Op.GTE, Op.LT)  # `lt` is the negation of `gte`, `lte` that of `gt`
    negated = op in (Op.LT, Op.LTE)

    def test(lead: Lead, at: Instant) -> Answer:
        value, since = lead.heat.value, lead.heat.at
        if level <= 0:  # shown heat is never below 0 and decays without reaching it
            holds, until = (level < 0 or at_or_above or value > 0), _LAST
        elif value <= 0 or value < level:
            holds, until = False, NEVER
        else:
            falls = half_life * log2(value / level)
            until = since + (floor(falls) + 1 if at_or_above else ceil(falls))
            holds = at < until
            until = until if holds else NEVER
        return (not holds if negated else holds), until

    return test
