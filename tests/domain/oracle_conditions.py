"""The oracle's conditions: raw tables against a touchpoint, a person, a lead at an instant."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log2
from typing import Any

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def microseconds(duration: str) -> int:
    """Of `90s`, `15m`, `24h`, `14d`."""
    return int(duration[:-1]) * UNITS[duration[-1]] * 1_000_000


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
        for key in ("all", "any", "not"):
            yield from self.changes(when.get(key))


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
            case "where" | "same" | "at_least" | "at_most" | "within":
                pass
            case _:
                answers.append(fits({key: raw}, {}, times.profile, times.source))
    return all(answers)


def _did(when: Mapping[str, Any], times: Times, at: int) -> bool:
    start = at - microseconds(when["within"]) if "within" in when else -1
    counted = [
        event
        for event in times.events
        if event.type == when["did"]
        and start < event.at <= at
        and fits(when.get("where"), event.properties, event.profile, event.source)
    ]
    if "same" in when:
        values = [json.dumps(event.properties.get(when["same"])) for event in counted]
        count = max((values.count(value) for value in values if value not in ("null", '""', "[]")), default=0)
    else:
        count = len(counted)
    return when.get("at_least", 1) <= count <= when.get("at_most", count)


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
            return any(_equal(each, wanted) for each in values for wanted in _several(operand))
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


def _several(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


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
