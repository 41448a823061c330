"""Segments: whether a condition tree holds of a lead at an instant, and when time alone may change that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, floor, log2
from typing import Any, Final, assert_never

from domain.conditions.compile import compile_where
from domain.conditions.tree import All, AnyOf, Condition, Did, Field, InGrade, InStage, Not, Of, Op, Order
from domain.conditions.tree import Heat as HeatCondition
from domain.fold.lead import Lead
from domain.fold.score import VALUES, value_at, value_key
from domain.touchpoints.touchpoint import NEVER, Instant

Input = str
"""What a condition depends on: "profile", "source", "stage", "heat", or the place of a `did`."""

Answer = tuple[bool, int]
"""Whether it holds, and the next instant at which time alone may change that (`NEVER`)."""
_LAST: Final[int] = NEVER
Test = Callable[[Lead, Instant], Answer]


@dataclass(frozen=True, slots=True)
class Counter:
    """One `did` of the model, compiled: which touchpoints it counts and how many matches must be remembered."""

    place: str
    type: str
    condition: Condition | None
    keep: int
    same: tuple[str, ...] = ()
    """The property whose values are counted each alone."""

    def note(self, did: dict[str, list[int]], properties: Mapping[str, Any], instant: Instant) -> None:
        """Take note of a match under its value. Beyond `VALUES` values the one that was longest not seen is forgotten:
        the state stays small, and what repeats is seen again and again."""
        value = value_at(self.same, properties)
        if value in (None, "", []):
            return
        key = value_key(self.place, self.same, properties)
        matches = did.get(key)
        if matches is None:
            known = [each for each in did if each.startswith(self.place + " ")]
            if len(known) >= VALUES:
                del did[min(known, key=lambda each: (did[each][-1], each))]
            did[key] = [instant]
        else:
            matches.append(instant)
            del matches[: -self.keep]


class Compiler:
    """Compiles the condition trees of a model; collects the `did` nodes as counters, and what was depended on."""

    def __init__(self, half_life: int) -> None:
        self.counters: list[Counter] = []
        self.inputs: set[Input] = set()
        self._half_life = half_life

    def segment(self, condition: Condition) -> tuple[Test, frozenset[Input]]:
        """The test of a whole condition, and its inputs: only when one of them changes may the answer, time apart."""
        self.inputs = set()
        test = self.compile(condition)
        return test, frozenset(self.inputs)

    def compile(self, condition: Condition) -> Test:
        """The test of one condition."""
        match condition:
            case Field():
                self.inputs.add("source" if condition.of is Of.SOURCE else "profile")
                where = compile_where(condition)
                return lambda lead, at: (where({}, lead.profile, lead.sources.current), NEVER)
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
            case Did():
                return self._did(condition)
            case _:
                assert_never(condition)

    def _did(self, did: Did) -> Test:
        place = str(len(self.counters))
        self.inputs.add(place)
        keep = max(did.at_least, 0 if did.at_most is None else did.at_most + 1)
        self.counters.append(Counter(place, did.on, did.where, max(keep, 1), did.same))
        at_least, at_most, within = did.at_least, did.at_most, did.within
        if did.same:
            return _repeated(place + " ", at_least, within)

        def test(lead: Lead, at: Instant) -> Answer:
            matches = lead.did.get(place, ())
            holds, until = True, _LAST
            if at_least:
                holds, until = _still(matches, at_least, within, at)
            if at_most is not None:
                more, ends = _still(matches, at_most + 1, within, at)
                holds, until = holds and not more, min(until, ends)
            return holds, until

        return test


def _repeated(prefix: str, count: int, within: int | None) -> Test:
    """Whether any one value was matched so often; time ends that when it ends it for the last of such values."""

    def test(lead: Lead, at: Instant) -> Answer:
        last = 0
        for key, matches in lead.did.items():
            if key.startswith(prefix):
                holds, ends = _still(matches, count, within, at)
                if holds:
                    last = max(last, ends)
        return (True, last) if last else (False, NEVER)

    return test


def _still(matches: Any, count: int, within: int | None, at: Instant) -> Answer:
    """Whether at least `count` matches lie in the window (at - within, at], and when the oldest of those leaves it."""
    if len(matches) < count:
        return False, NEVER
    if within is None:
        return True, NEVER
    leaves = matches[-count] + within
    return (True, leaves) if leaves > at else (False, NEVER)


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
