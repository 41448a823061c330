"""The condition tree: one union of nodes, and what every reader of it needs. Never an expression string.

A node is a class in `Condition`, an operator a member of `Op`. Whoever adds one is led by the type checker: every place
that must know it ends with `assert_never` (`tests/test_walls.py`). Trees are made in normal form (`every`, `either`):
conditions with the same parts in another order are equal.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias, assert_never


class Op(StrEnum):
    """What a field may be compared by."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    CONTAINS = "contains"
    EXISTS = "exists"


class DateOp(StrEnum):
    """What a date may be compared by."""

    BEFORE = "before"
    AFTER = "after"
    WITHIN_NEXT = "within_next"
    WITHIN_LAST = "within_last"


Order: TypeAlias = Literal[Op.GT, Op.GTE, Op.LT, Op.LTE]
"""What heat may be compared by."""
ORDERS: Final[tuple[Order, ...]] = (Op.GT, Op.GTE, Op.LT, Op.LTE)


class Of(StrEnum):
    """What a field is one of; the values stand in a model's hash."""

    TOUCHPOINT = "field"
    """Of the touchpoint's properties, or of an import's row."""
    PERSON = "profile"
    SOURCE = "source"
    """Of where the lead came from last, the touchpoint included."""


SOURCE_FIELDS: Final = ("channel", "source", "medium", "campaign", "content", "term")
"""What may be asked of a source."""


class Word(StrEnum):
    """The keys of a file under which nodes stand; any other key names a field."""

    ALL = "all"
    ANY = "any"
    NOT = "not"
    DID = "did"
    STAGE = "stage"
    GRADE = "grade"
    HEAT = "heat"
    SEGMENT = "segment"


class Aggregate(StrEnum):
    """What a `did` may ask of its touchpoints beside their number, by the keys of a file."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    DAYS = "days"
    VALUES = "values"
    SAME = "same"
    FIRST = "first"
    LAST = "last"


AmountOf: TypeAlias = Literal[Aggregate.SUM, Aggregate.MAX, Aggregate.MIN]
EndOf: TypeAlias = Literal[Aggregate.FIRST, Aggregate.LAST]


Scalar: TypeAlias = str | int | float | bool
Operand: TypeAlias = Scalar | tuple[Scalar, ...]
Date: TypeAlias = str | int
Types: TypeAlias = str | tuple[str, ...]
"""A touchpoint type, or several in alphabetical order."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the touchpoint's properties, of the person or of the source, compared with an operand.

    `path` walks nested objects. `operand` is a tuple for `in` and `not_in`, a bool for `exists`.
    """

    path: tuple[str, ...]
    of: Of
    op: Op
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

    `on` is a type, or several of which any counts. `within` is microseconds: a rolling window d at T is (T-d, T]; None
    is the whole history. `same` is the path of a property: then they must have one value of it in common.
    """

    on: Types
    where: "Condition | None" = None
    at_least: int = 1
    at_most: int | None = None
    within: int | None = None
    same: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DidAmount:
    """The sum, the greatest or the least of the amounts at `path` is between `at_least` and `at_most` (millionths).

    Of the touchpoints of a `Did`, those that have an amount. Without any the sum is 0, and there is no greatest.
    """

    on: Types
    where: "Condition | None"
    of: AmountOf
    path: tuple[str, ...]
    at_least: int | None
    at_most: int | None
    within: int | None


@dataclass(frozen=True, slots=True)
class DidDistinct:
    """So many different values of the property at `path`, or days of the model's time zone (`path` is ())."""

    on: Types
    where: "Condition | None"
    path: tuple[str, ...]
    at_least: int
    at_most: int | None
    within: int | None


@dataclass(frozen=True, slots=True)
class DidWhen:
    """The instant of the first or the last touchpoint of a `Did` compared with a date, as `DateField`."""

    on: Types
    where: "Condition | None"
    end: EndOf
    op: DateOp
    operand: "Date"


@dataclass(frozen=True, slots=True)
class DateField:
    """A field of the person that holds a day or a time, compared by `op`.

    `operand` is microseconds for `within_next` and `within_last`, else a day "2026-12-01" or an RFC 3339 time in UTC.
    """

    name: str
    op: DateOp
    operand: "Date"


@dataclass(frozen=True, slots=True)
class InSegment:
    """The lead is in one of these segments."""

    names: frozenset[str]


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
    """The lead's heat (never below 0) compared with a number."""

    op: Order
    value: float


Condition: TypeAlias = (
    Field
    | DateField
    | All
    | AnyOf
    | Not
    | Did
    | DidAmount
    | DidDistinct
    | DidWhen
    | InStage
    | InGrade
    | Heat
    | InSegment
)


def every(parts: Iterable[Condition]) -> Condition:
    """All of the parts, in normal form."""
    flat = _normal(inner for part in parts for inner in (part.parts if isinstance(part, All) else (part,)))
    return flat[0] if len(flat) == 1 else All(flat)


def either(parts: Iterable[Condition]) -> Condition:
    """Any of the parts, in normal form."""
    flat = _normal(inner for part in parts for inner in (part.parts if isinstance(part, AnyOf) else (part,)))
    return flat[0] if len(flat) == 1 else AnyOf(flat)


def _normal(parts: Iterable[Condition]) -> tuple[Condition, ...]:
    by_meaning = {json.dumps(meaning(part), sort_keys=True): part for part in parts}
    return tuple(by_meaning[key] for key in sorted(by_meaning))


def word(node: Condition) -> Word | None:
    """The key under which a node stands in a file; None: a field, which stands under its own name."""
    match node:
        case Field() | DateField():
            return None
        case All():
            return Word.ALL
        case AnyOf():
            return Word.ANY
        case Not():
            return Word.NOT
        case Did() | DidAmount() | DidDistinct() | DidWhen():
            return Word.DID
        case InStage():
            return Word.STAGE
        case InGrade():
            return Word.GRADE
        case Heat():
            return Word.HEAT
        case InSegment():
            return Word.SEGMENT
        case _:
            assert_never(node)


def meaning(condition: Condition | None) -> Any:
    """The condition as JSON, for a model's hash: what means the same gives the same."""
    match condition:
        case None:
            return None
        case Field(path, of, op, operand):
            return [of, list(path), op, _plain(operand)]
        case All(parts) | AnyOf(parts):
            return [word(condition), [meaning(part) for part in parts]]
        case Not(part):
            return [word(condition), meaning(part)]
        case Did(on, where, at_least, at_most, within, same):
            counted = [word(condition), _plain(on), meaning(where), at_least, at_most, within]
            return [*counted, list(same)] if same else counted
        case DidAmount(on, where, aggregate, path, at_least, at_most, within):
            return [word(condition), _plain(on), meaning(where), at_least, at_most, within, aggregate, list(path)]
        case DidDistinct(on, where, path, at_least, at_most, within):
            distinct = Aggregate.VALUES if path else Aggregate.DAYS
            return [word(condition), _plain(on), meaning(where), at_least, at_most, within, distinct, list(path)]
        case DidWhen(on, where, end, op, operand):
            return [word(condition), _plain(on), meaning(where), end, op, operand]
        case DateField(name, op, operand):
            return [Of.PERSON, [name], op, operand]
        case InStage(names) | InGrade(names) | InSegment(names):
            return [word(condition), sorted(names)]
        case Heat(op, value):
            return [word(condition), op, value]
        case _:
            assert_never(condition)


def leaves(condition: Condition | None) -> Iterator[Condition]:
    """The nodes of a condition that hold no others beside a `where`."""
    match condition:
        case None:
            return
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case (
            Field() | DateField() | Did() | DidAmount() | DidDistinct() | DidWhen()
            | InStage() | InGrade() | Heat() | InSegment()
        ):  # fmt: skip
            yield condition
        case _:
            assert_never(condition)


def fields_of(condition: Condition | None) -> Iterator[Field]:
    """The fields that a condition compares; what asks about a whole lead compares none."""
    return (leaf for leaf in leaves(condition) if isinstance(leaf, Field))


def _plain(operand: Operand) -> Any:
    return list(operand) if isinstance(operand, tuple) else operand
