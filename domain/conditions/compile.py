"""What a condition means for one touchpoint and person: compiled to closures, pure, true or false for any JSON."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from domain.conditions.tree import (
    All,
    AnyOf,
    Condition,
    DateField,
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
    Order,
)
from domain.files.values import number_of

Where = Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]], bool]
"""Whether a condition holds for a touchpoint's properties (or an import's row), a person's profile, and the source."""

NO_SOURCE: Final[Mapping[str, Any]] = {}
"""The source of what cannot ask for one."""

_Test = Callable[[Any], bool]


def compile_where(condition: Condition | None) -> Where:
    """The condition as a function of (properties, profile, source); None holds for everything.

    The function is pure and total: it raises for no JSON data. Raises TypeError now for what only a whole history
    can answer (`did`, `stage`, `segment`, dates, ...): that is the fold's to ask.
    """
    match condition:
        case None:
            return lambda properties, profile, source: True
        case Field():
            return _compile_field(condition)
        case All(parts):
            return _until(False, tuple(map(compile_where, parts)))
        case AnyOf(parts):
            return _until(True, tuple(map(compile_where, parts)))
        case Not(part):
            where = compile_where(part)
            return lambda properties, profile, source: not where(properties, profile, source)
        case (
            DateField() | Did() | DidAmount() | DidDistinct() | DidWhen() | InStage() | InGrade() | Heat() | InSegment()
        ):
            raise TypeError(f"{type(condition).__name__} asks about a lead: no single touchpoint can answer it")
        case _:
            assert_never(condition)


def _until(answer: bool, wheres: tuple[Where, ...]) -> Where:
    """The first part that gives `answer` decides; else the opposite holds."""

    def decide(properties: Mapping[str, Any], profile: Mapping[str, Any], source: Mapping[str, Any]) -> bool:
        for where in wheres:
            if where(properties, profile, source) is answer:
                return answer
        return not answer

    return decide


def _compile_field(field: Field) -> Where:
    test = _test(field)
    if field.of is Of.PERSON and field.path == ("email",):
        test = _lower_case(test)
    path, (name, *inner) = field.path, field.path
    match field.of:
        case Of.TOUCHPOINT if inner:
            return lambda properties, profile, source: test(value_at(path, properties))
        case Of.TOUCHPOINT:
            return lambda properties, profile, source: test(properties.get(name))
        case Of.PERSON:
            return lambda properties, profile, source: test(profile.get(name))
        case Of.SOURCE:
            return lambda properties, profile, source: test(source.get(name))
        case _:
            assert_never(field.of)


def value_at(path: tuple[str, ...], properties: Mapping[str, Any]) -> Any:
    """The value of the property at a path; None: there is none."""
    value: Any = properties
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
        case Op.EXISTS:
            return _is_present if operand else lambda value: not _is_present(value)
        case Op.EQ | Op.IN:
            return _some(_equals(operand))
        case Op.NE | Op.NOT_IN:
            equal = _some(_equals(operand))
            return lambda value: not equal(value)
        case Op.CONTAINS:
            return _contains(operand)
        case Op.STARTS_WITH:
            return _some(lambda value: isinstance(value, str) and value.startswith(str(operand)))
        case Op.ENDS_WITH:
            return _some(lambda value: isinstance(value, str) and value.endswith(str(operand)))
        case Op.GT | Op.GTE | Op.LT | Op.LTE:
            return _some(_compares(op, operand))
        case _:
            assert_never(op)


def _is_present(value: Any) -> bool:
    """An empty text or list is what a form sends for a field that nobody filled in: not there."""
    return value is not None and value not in ("", [])


def _some(test: _Test) -> _Test:
    """Of a list (a form field given more than once) any element may pass."""
    return lambda value: any(map(test, value)) if isinstance(value, list) else test(value)


def _equals(operand: Any) -> _Test:
    """Equal to the operand, or to one of a tuple of operands."""
    operands = operand if isinstance(operand, tuple) else (operand,)
    texts = frozenset(value for value in operands if isinstance(value, str))
    flags = frozenset(value for value in operands if isinstance(value, bool))
    numbers = frozenset(value for value in operands if isinstance(value, int | float) and not isinstance(value, bool))

    def equal(value: Any) -> bool:
        if isinstance(value, str):
            return value in texts or (bool(numbers) and number_of(value) in numbers)
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


def _compares(op: Order, operand: Any) -> _Test:
    in_order = ordering(op)
    if isinstance(operand, str):  # an empty text is not there: no date is after it
        return lambda value: isinstance(value, str) and value != "" and in_order(value, operand)

    def compares(value: Any) -> bool:
        number = number_of(value)
        return number is not None and in_order(number, operand)

    return compares


def ordering(op: Order) -> Callable[[Any, Any], bool]:
    """Whether a value stands to a bound as an operator says; both numbers, or both texts."""
    match op:
        case Op.GT:
            return operator.gt
        case Op.GTE:
            return operator.ge
        case Op.LT:
            return operator.lt
        case Op.LTE:
            return operator.le
        case _:
            assert_never(op)
