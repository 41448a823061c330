"""A condition in words, for people who read a report: `to is customer`."""

from typing import assert_never

from domain.conditions.tree import (
    All,
    AnyOf,
    Condition,
    Date,
    DateField,
    DateOp,
    Did,
    DidAmount,
    DidDistinct,
    DidWhen,
    Field,
    Heat,
    InGrade,
    InSegment,
    InStage,
    Not,
    Of,
    Op,
    Scalar,
    word,
)
from domain.files.durations import show_duration
from domain.files.values import MILLION


def in_words(condition: Condition) -> str:
    """One line of English."""
    match condition:
        case Field(path, of, op, operand):
            name = ("" if of is Of.TOUCHPOINT else f"{of}.") + ".".join(path)
            if op is Op.EXISTS:
                return f"{name} is there" if operand else f"{name} is not there"
            values = ", ".join(map(_value, operand)) if isinstance(operand, tuple) else _value(operand)
            return f"{name} {_compared(op)} {values}"
        case All(parts):
            return " and ".join(map(in_words, parts))
        case AnyOf(parts):
            return f"({' or '.join(map(_one, parts))})"
        case Not(part):
            return f"not {in_words(part)}" if isinstance(part, AnyOf) else f"not ({in_words(part)})"
        case DateField(name, op, operand):
            return f"{Of.PERSON}.{name} {_dated(op, operand)}"
        case Did() | DidAmount() | DidDistinct() | DidWhen():
            return _did(condition)
        case InStage(names) | InGrade(names) | InSegment(names):
            return f"{word(condition)} is {' or '.join(sorted(names))}"
        case Heat(op, value):
            return f"heat {_compared(op)} {value:g}"
        case _:
            assert_never(condition)


def _one(part: Condition) -> str:
    """A part of something longer: what consists of several stands in parentheses."""
    return f"({in_words(part)})" if isinstance(part, All) else in_words(part)


def _value(value: Scalar) -> str:
    """As a model file writes it, texts without their quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _did(did: Did | DidAmount | DidDistinct | DidWhen) -> str:
    on = did.on if isinstance(did.on, str) else " or ".join(did.on)
    done = f"did {on}" + ("" if did.where is None else f" where {_one(did.where)}")
    match did:
        case DidWhen(end=end, op=op, operand=operand):
            return f"{done}, the {end} time {_dated(op, operand)}"
        case Did(at_least=1, at_most=None, same=()):
            asked = ""
        case Did(at_least=at_least, at_most=at_most, same=same):
            asked = f" {_bounds(at_least, at_most)} times" + (f" with the same {'.'.join(same)}" if same else "")
        case DidDistinct(path=path, at_least=at_least, at_most=at_most):
            asked = f"{'' if path else ' on'} {_bounds(at_least, at_most)} " + (
                f"different values of {'.'.join(path)}" if path else "days"
            )
        case DidAmount(of=of, path=path):
            least, most = (None if each is None else each / MILLION for each in (did.at_least, did.at_most))
            asked = f" with {of} of {'.'.join(path)} {_bounds(least, most)}"
        case _:
            assert_never(did)
    within = "" if did.within is None else f" within {show_duration(did.within)}"
    return f"{done}{asked}{within}"


def _bounds(least: float | None, most: float | None) -> str:
    bounds = [f"at least {least:.15g}"] if least is not None else []
    return " and ".join([*bounds, f"at most {most:.15g}"] if most is not None else bounds)


def _dated(op: DateOp, operand: Date) -> str:
    match op:
        case DateOp.BEFORE | DateOp.AFTER:
            return f"{op} {operand}"
        case DateOp.WITHIN_NEXT | DateOp.WITHIN_LAST:
            return f"{op.replace('_', ' the ')} {show_duration(int(operand))}"
        case _:
            assert_never(op)


def _compared(op: Op) -> str:
    match op:
        case Op.EQ:
            return "is"
        case Op.NE:
            return "is not"
        case (
            Op.IN | Op.NOT_IN | Op.GT | Op.GTE | Op.LT | Op.LTE
            | Op.STARTS_WITH | Op.ENDS_WITH | Op.CONTAINS | Op.EXISTS
        ):  # fmt: skip
            return op.replace("_", " ")
        case _:
            assert_never(op)
