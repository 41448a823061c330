"""The condition tree: a field, `all`, `any`, `not`, `did`, `stage`, `grade`, `heat`. Never an expression string.

Trees are made in normal form (`every`, `either`): conditions with the same parts in another order are equal.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, assert_never

OPS: Final = (
    "eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "starts_with", "ends_with", "contains", "exists",
)  # fmt: skip
"""What a field may be compared by."""

HEAT_OPS: Final = ("gt", "gte", "lt", "lte")

Scalar: TypeAlias = str | int | float | bool
Operand: TypeAlias = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the touchpoint's properties, or with `profile` of the person, compared with an operand.

    `path` walks nested objects. `operand` is a tuple for `in` and `not_in`, a bool for `exists`.
    """

    path: tuple[str, ...]
    profile: bool
    op: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds (of none: never)."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class Did:
    """The history has at least `at_least` and at most `at_most` touchpoints of type `on` for which `where` holds.

    `within` is microseconds: a rolling window d at T is (T-d, T]; None is the whole history.
    """

    on: str
    where: "Condition | None" = None
    at_least: int = 1
    at_most: int | None = None
    within: int | None = None


@dataclass(frozen=True, slots=True)
class InStage:
    """The lead is in one of these stages; "visitor" is one."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class InGrade:
    """The lead's grade is one of these, of A, B, C and D."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Heat:
    """The lead's heat (never below 0) compared with a number; `op` is one of `HEAT_OPS`."""

    op: str
    value: float


Condition: TypeAlias = Field | All | AnyOf | Not | Did | InStage | InGrade | Heat


def every(parts: Iterable[Condition]) -> Condition:
    """All of the parts, in normal form."""
    flat = _normal(inner for part in parts for inner in (part.parts if isinstance(part, All) else (part,)))
    return flat[0] if len(flat) == 1 else All(flat)


def either(parts: Iterable[Condition]) -> Condition:
    """Any of the parts, in normal form."""
    flat = _normal(inner for part in parts for inner in (part.parts if isinstance(part, AnyOf) else (part,)))
    return flat[0] if len(flat) == 1 else AnyOf(flat)


def _normal(parts: Iterable[Condition]) -> tuple[Condition, ...]:
    found = {json.dumps(meaning(part), sort_keys=True): part for part in parts}
    return tuple(found[key] for key in sorted(found))


def meaning(condition: Condition | None) -> Any:
    """The condition as JSON, for a model's hash: what means the same gives the same."""
    match condition:
        case None:
            return None
        case Field(path, profile, op, operand):
            return ["profile" if profile else "field", list(path), op, _plain(operand)]
        case All(parts):
            return ["all", [meaning(part) for part in parts]]
        case AnyOf(parts):
            return ["any", [meaning(part) for part in parts]]
        case Not(part):
            return ["not", meaning(part)]
        case Did(on, where, at_least, at_most, within):
            return ["did", on, meaning(where), at_least, at_most, within]
        case InStage(names):
            return ["stage", sorted(names)]
        case InGrade(names):
            return ["grade", sorted(names)]
        case Heat(op, value):
            return ["heat", op, value]
        case _:
            assert_never(condition)


def _plain(operand: Operand) -> Any:
    return list(operand) if isinstance(operand, tuple) else operand
