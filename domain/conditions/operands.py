"""What a field is compared with, read from a file's value. Each reader raises ValueError with what is allowed."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, Final, assert_never

from domain.conditions.tree import Date, DateOp, Op, Operand, Scalar
from domain.files.problems import not_allowed
from domain.files.times import span_of
from domain.files.values import is_number, read_duration
from domain.touchpoints.touchpoint import rfc3339

_DATE: Final = 'a day such as "2026-12-01" or a time with its offset such as "2026-12-01T08:00:00Z"'

UNREAD: Final[Date] = ""
"""Stands for a date that could not be read."""


def read_operand(op: Op, raw: Any) -> Operand:
    """What an operator takes."""
    match op:
        case Op.EXISTS:
            return _checked(raw, isinstance(raw, bool), "true or false")
        case Op.IN | Op.NOT_IN:
            if not isinstance(raw, list) or not raw:
                raise ValueError(not_allowed(raw, "a list of texts, numbers, true or false"))
            return _several(map(_scalar, raw))
        case Op.STARTS_WITH | Op.ENDS_WITH:
            return _checked(raw, isinstance(raw, str) and raw != "", "a text that is not empty")
        case Op.CONTAINS:
            fits = is_number(raw) or (isinstance(raw, str) and raw != "")
            return _checked(raw, fits, "a text that is not empty, or a number")
        case Op.GT | Op.GTE | Op.LT | Op.LTE:
            return _checked(raw, is_number(raw) or isinstance(raw, str), "a number or a text", _dates(raw))
        case Op.EQ | Op.NE:
            return _scalar(raw)
        case _:
            assert_never(op)


def read_date(op: DateOp, raw: Any) -> Date:
    """What an operator of dates takes: a duration in microseconds; a day, or a time in one spelling."""
    match op:
        case DateOp.WITHIN_NEXT | DateOp.WITHIN_LAST:
            return read_duration(raw)
        case DateOp.BEFORE | DateOp.AFTER:
            text = raw.isoformat() if isinstance(raw, date) else raw  # a datetime is a date too
            span = span_of(text, "UTC") if isinstance(text, str) else None
            if span is None:
                raise ValueError(not_allowed(raw, f"{_DATE}, in the years 1 to 9998"))
            return text if span.is_day else rfc3339(span.first)
        case _:
            assert_never(op)


def lowered(operand: Operand) -> Operand:
    """In lower case."""
    if isinstance(operand, tuple):
        return _several(each.lower() if isinstance(each, str) else each for each in operand)
    return operand.lower() if isinstance(operand, str) else operand


def _checked(raw: Any, fits: bool, allowed: str, hint: str = "") -> Scalar:
    if not fits:
        raise ValueError(not_allowed(raw, allowed) + hint)
    return _scalar(raw)


def _scalar(raw: Any) -> Scalar:
    if isinstance(raw, str | bool):
        return raw
    if not is_number(raw):
        raise ValueError(not_allowed(raw, "a text, a finite number, true or false") + _dates(raw))
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _dates(raw: Any) -> str:
    return f'; a time is compared as a text: "{raw}"' if isinstance(raw, date | datetime | time) else ""


def _several(values: Iterable[Scalar]) -> tuple[Scalar, ...]:
    """Without repeats and in one order, which has no meaning; true is not 1."""
    kinds = {
        ("text" if isinstance(value, str) else "flag" if isinstance(value, bool) else "number", value)
        for value in values
    }
    return tuple(value for _, value in sorted(kinds))
