"""A condition in words, for people who read a report: `to is customer`."""

from typing import assert_never

from domain.conditions.tree import All, AnyOf, Condition, Did, Field, Heat, InGrade, InStage, Not, Of, Op
from domain.files.durations import show_duration


def in_words(condition: Condition) -> str:
    """One line of English."""
    match condition:
        case Field(path, of, op, operand):
            name = ("" if of is Of.TOUCHPOINT else f"{of}.") + ".".join(path)
            values = ", ".join(map(str, operand)) if isinstance(operand, tuple) else str(operand)
            return f"{name} {_compared(op)} {values}"
        case All(parts):
            return " and ".join(map(in_words, parts))
        case AnyOf(parts):
            return f"({' or '.join(map(in_words, parts))})"
        case Not(part):
            return f"not ({in_words(part)})"
        case Did():
            return _did(condition)
        case InStage(names) | InGrade(names):
            kind = "stage" if isinstance(condition, InStage) else "grade"
            return f"{kind} is {' or '.join(sorted(names))}"
        case Heat(op, value):
            return f"heat {_compared(op)} {value:g}"
        case _:
            assert_never(condition)


def _did(did: Did) -> str:
    most = "" if did.at_most is None else f" and at most {did.at_most}"
    where = "" if did.where is None else f" where {in_words(did.where)}"
    within = "" if did.within is None else f" within {show_duration(did.within)}"
    same = f" with the same {'.'.join(did.same)}" if did.same else ""
    return f"did {did.on}{where} at least {did.at_least}{most} times{same}{within}"


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
