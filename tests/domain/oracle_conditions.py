"""The oracle's conditions: raw tables against a touchpoint, a person, a lead at an instant."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, log2
from typing import Any

from tests.domain.oracle_dates import (
    DATES,
    amount,
    date_changes,
    date_holds,
    day_of,
    instant_holds,
    microseconds,
    several,
)

AGGREGATES = ("sum", "max", "min", "days", "values", "same", "first", "last")


def crossing(value: float, level: float, half_life: int) -> float | None:
    """How long (microseconds) a heat takes to fall to a level above 0; None: it is there."""
    return half_life * log2(value / level) if value > level else None


@dataclass
class Times:
    """What a lead was after the touchpoints of an instant."""

    events: Sequence[Any]
    stage: str
    grade: str
    profile: Mapping[str, Any]
    source: Mapping[str, str]
    heat: tuple[float, int]
    half_life: int
    zone: str
    segments: Mapping[str, Any]
    """The conditions of all segments."""

    def changes(self, when: Any) -> Iterator[int]:
        """Every instant at which time alone may change the answer."""
        if isinstance(when, list):
            for part in when:
                yield from self.changes(part)
        if not isinstance(when, dict):
            return
        if "within" in when:
            yield from (event.at + microseconds(when["within"]) for event in self.events)
        for level in when.get("heat", {}).values():
            value, at = self.heat
            if level > 0 and value >= level:
                falls = self.half_life * log2(value / level)
                yield from (at + ceil(falls), at + floor(falls) + 1)
        for end in ("first", "last"):
            if "within_last" in when.get(end, {}):
                yield from (event.at + microseconds(when[end]["within_last"]) for event in self.events)
        for key, raw in when.items():
            if key.startswith("profile.") and isinstance(raw, dict):
                yield from date_changes(raw, self.profile.get(key[8:]), self.zone)
        for key in ("all", "any", "not"):
            yield from self.changes(when.get(key))
        for name in several(when.get("segment", [])):
            yield from self.changes(self.segments[name])


def true_of_lead(when: Mapping[str, Any], times: Times, at: int) -> bool:
    """Whether a segment's condition holds at an instant."""
    answers = []
    for key, raw in when.items():
        match key:
            case "all":
                answers.append(all(true_of_lead(part, times, at) for part in raw))
            case "any":
                answers.append(any(true_of_lead(part, times, at) for part in raw))
            case "not":
                answers.append(not true_of_lead(raw, times, at))
            case "stage" | "grade":
                names = raw if isinstance(raw, list) else [raw]
                answers.append((times.stage if key == "stage" else times.grade) in names)
            case "heat":
                answers.extend(_heat(op, level, times, at) for op, level in raw.items())
            case "did":
                answers.append(_did(when, times, at))
            case "segment":
                answers.append(any(true_of_lead(times.segments[name], times, at) for name in several(raw)))
            case "where" | "at_least" | "at_most" | "within":
                pass
            case _ if key in AGGREGATES:
                pass
            case _ if isinstance(raw, dict) and set(raw) & set(DATES):
                value = times.profile.get(key[8:])
                answers.extend(date_holds(op, operand, value, times.zone, at) for op, operand in raw.items())
            case _:
                answers.append(fits({key: raw}, {}, times.profile, times.source))
    return all(answers)


def _did(when: Mapping[str, Any], times: Times, at: int) -> bool:
    start = at - microseconds(when["within"]) if "within" in when else -1
    counted = [
        event
        for event in times.events
        if event.type in several(when["did"])
        and start < event.at <= at
        and fits(when.get("where"), event.properties, event.profile, event.source)
    ]
    for end in ("first", "last"):
        if end in when:
            ends = [event.at for event in counted][0 if end == "first" else -1 :][:1]
            return any(all(instant_holds(op, operand, each, times.zone, at) for op, operand in when[end].items())
                       for each in ends)  # fmt: skip
    for name in ("sum", "max", "min"):
        if name in when:
            amounts = [read for event in counted if (read := amount(event.properties.get(when[name]))) is not None]
            if not amounts and name != "sum":
                return False
            reached = {"sum": sum, "max": max, "min": min}[name](amounts)
            least, most = (Fraction(str(when[key])) if key in when else reached for key in ("at_least", "at_most"))
            return bool(least <= reached <= most)
    if "days" in when:
        count = len({day_of(event.at, times.zone) for event in counted})
    elif "values" in when:
        count = len(set(_values(counted, when["values"])))
    elif "same" in when:
        values = _values(counted, when["same"])
        count = max(map(values.count, values), default=0)
    else:
        count = len(counted)
    return bool(when.get("at_least", 1) <= count <= when.get("at_most", count))


def _values(events: Sequence[Any], name: str) -> list[str]:
    texts = [json.dumps(event.properties.get(name)) for event in events]
    return [text for text in texts if text not in ("null", '""', "[]")]


def _heat(op: str, level: float, times: Times, at: int) -> bool:
    """Heat falls to a level above 0 at one instant; at that instant it is no longer above it, just before it is."""
    value, since = times.heat
    if level <= 0:
        above, reaches = value > 0, True
    elif value < level or value <= 0:
        above = reaches = False
    else:
        falls = times.half_life * log2(value / level)
        above, reaches = at < since + ceil(falls), at <= since + floor(falls)
    return {"gt": above, "gte": reaches, "lt": not reaches, "lte": not above}[op]


def fits(
    where: Mapping[str, Any] | None,
    properties: Mapping[str, Any],
    profile: Mapping[str, Any],
    source: Mapping[str, Any],
) -> bool:
    """Whether a condition holds of a touchpoint, its person and where that came from."""
    answers = []
    for key, raw in (where or {}).items():
        match key:
            case "all":
                answers.append(all(fits(part, properties, profile, source) for part in raw))
            case "any":
                answers.append(any(fits(part, properties, profile, source) for part in raw))
            case "not":
                answers.append(not fits(raw, properties, profile, source))
            case _:
                kind, _, name = key.rpartition(".")
                value = {"profile": profile, "source": source, "": properties}[kind].get(name)
                table = raw if isinstance(raw, dict) else {"eq": raw}
                answers.extend(_compared(op, operand, value) for op, operand in table.items())
    return all(answers)


def _compared(op: str, operand: Any, value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    match op:
        case "exists":
            return (value not in (None, "", [])) is operand
        case "eq" | "in":
            return any(_equal(each, wanted) for each in values for wanted in several(operand))
        case "ne" | "not_in":
            return not _compared("in", operand, value)
        case "contains":
            inside = isinstance(value, str) and isinstance(operand, str) and operand in value
            return inside or (isinstance(value, list) and any(_equal(each, operand) for each in value))
        case "starts_with":
            return any(isinstance(each, str) and each[: len(operand)] == operand for each in values)
        case "ends_with":
            return any(isinstance(each, str) and each[-len(operand) :] == operand for each in values)
        case _:
            return any(_ordered(op, each, operand) for each in values)


def _number(value: Any) -> float | None:
    """The numbers that the random histories write: whole ones, also as text."""
    if isinstance(value, str):
        return float(value) if value.isdecimal() else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool | str):
        return type(value) is type(wanted) and bool(value == wanted)
    return _number(value) == wanted


def _ordered(op: str, value: Any, bound: Any) -> bool:
    if isinstance(bound, str):
        one, two = (value, bound) if isinstance(value, str) and value else (None, bound)
    else:
        one, two = _number(value), bound
    if one is None:
        return False
    return bool({"gt": one > two, "gte": one >= two, "lt": one < two, "lte": one <= two}[op])
