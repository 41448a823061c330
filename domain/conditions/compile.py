"""What a condition means for one touchpoint and one person: compiled to closures, pure, and true or false for any JSON.

This module is the door to conditions: the tree is in `domain.condition_tree`, its reader in `domain.condition_file`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.conditions.parse import Scope, parse_condition
from domain.conditions.tree import All, AnyOf, Condition, Did, Field, Heat, InGrade, InStage, Not, meaning

__all__ = [
    "All", "AnyOf", "Condition", "Did", "Field", "Heat", "InGrade", "InStage", "Not", "Scope", "Where", "compile_where",
    "meaning", "parse_condition",
]  # fmt: skip

Where = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
"""Whether a condition holds for a touchpoint's properties (or an import's row) and a person's profile."""

_Test = Callable[[Any], bool]

_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]+(?P<rest>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)\s*\Z")
_LONGEST: Final = 40
"""Longest text that is read as a number, in characters."""


def compile_where(condition: Condition | None) -> Where:
    """The condition as a function of (properties, profile); None holds for everything.

    The function is pure and total: it raises for no JSON data. Raises TypeError now for what only a whole history
    can answer (`did`, `stage`, `grade`, `heat`): that is the fold's to ask.
    """
    match condition:
        case None:
            return lambda properties, profile: True
        case Field():
            return _compile_field(condition)
        case All(parts):
            return _until(False, tuple(map(compile_where, parts)))
        case AnyOf(parts):
            return _until(True, tuple(map(compile_where, parts)))
        case Not(part):
            where = compile_where(part)
            return lambda properties, profile: not where(properties, profile)
        case _:
            raise TypeError(f"{type(condition).__name__} asks about a lead: no single touchpoint can answer it")


def _until(answer: bool, wheres: tuple[Where, ...]) -> Where:
    """The first part that gives `answer` decides; else the opposite holds."""

    def decide(properties: Mapping[str, Any], profile: Mapping[str, Any]) -> bool:
        for where in wheres:
            if where(properties, profile) is answer:
                return answer
        return not answer

    return decide


def _compile_field(field: Field) -> Where:
    test = _test(field)
    if field.profile and field.path == ("email",):
        test = _lower_case(test)
    if len(field.path) > 1:
        path, profile_asked = field.path, field.profile
        return lambda properties, profile: test(_walk(profile if profile_asked else properties, path))
    (name,) = field.path
    if field.profile:
        return lambda properties, profile: test(profile.get(name))
    return lambda properties, profile: test(properties.get(name))


def _walk(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _lower_case(test: _Test) -> _Test:
    """E-mails compare in lower case, as their identities do (the operand was lowered when it was read)."""
    return lambda value: test(value.lower() if isinstance(value, str) else value)


def _test(field: Field) -> _Test:
    """The test of one value; None stands for a missing field."""
    op, operand = field.op, field.operand
    match op:
        case "exists":
            return _there if operand else lambda value: not _there(value)
        case "eq" | "in":
            return _some(_equals(operand))
        case "ne" | "not_in":
            equal = _some(_equals(operand))
            return lambda value: not equal(value)
        case "contains":
            return _contains(operand)
        case "starts_with":
            return _some(lambda value: isinstance(value, str) and value.startswith(str(operand)))
        case "ends_with":
            return _some(lambda value: isinstance(value, str) and value.endswith(str(operand)))
        case "gt" | "gte" | "lt" | "lte":
            return _some(_compares(op, operand))
        case _:
            raise TypeError(f"operator {op!r} is none that a field can be compared by")


def _there(value: Any) -> bool:
    """An empty text or list is what a form sends for a field that nobody filled in: not there."""
    return value is not None and value not in ("", [])


def _some(test: _Test) -> _Test:
    """Of a list (a form field given more than once) any element may pass."""
    return lambda value: any(map(test, value)) if isinstance(value, list) else test(value)


def _equals(operand: Any) -> _Test:
    """Equal to the operand, or to one of a tuple of operands."""
    operands = operand if isinstance(operand, tuple) else (operand,)
    texts = frozenset(one for one in operands if isinstance(one, str))
    flags = frozenset(one for one in operands if isinstance(one, bool))
    numbers = frozenset(one for one in operands if isinstance(one, int | float) and not isinstance(one, bool))

    def equal(value: Any) -> bool:
        if isinstance(value, str):
            return value in texts or (bool(numbers) and _number(value) in numbers)
        if isinstance(value, bool):
            return value in flags
        return isinstance(value, int | float) and value in numbers

    return equal


def _contains(operand: Any) -> _Test:
    equal = _equals(operand)

    def contains(value: Any) -> bool:
        if isinstance(value, list):
            return any(map(equal, value))
        return isinstance(value, str) and isinstance(operand, str) and operand in value

    return contains


def _compares(op: str, operand: Any) -> _Test:
    order: Callable[[Any, Any], bool] = {
        "gt": lambda value, bound: value > bound,
        "gte": lambda value, bound: value >= bound,
        "lt": lambda value, bound: value < bound,
        "lte": lambda value, bound: value <= bound,
    }[op]
    if isinstance(operand, str):
        return lambda value: isinstance(value, str) and order(value, operand)

    def compares(value: Any) -> bool:
        number = _number(value)
        return number is not None and order(number, operand)

    return compares


def _number(value: Any) -> int | float | None:
    """The number that a value is or, as forms send it, writes."""
    if isinstance(value, str):
        if len(value) > _LONGEST or not (found := _NUMBER.match(value)):
            return None
        return float(value) if found["rest"] else int(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
