"""Between which two of some numbers a column's value lies, in SQL that both databases read."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, case, literal


def bucket_number(value: ColumnElement[int], bounds: Sequence[int]) -> ColumnElement[int]:
    """Between which two of some numbers, in their order, one lies: 0 from the first on. By halves: of 400 after nine
    comparisons. What lies outside is in the nearest."""
    return _halved(value, bounds, 0, len(bounds) - 1)


def _halved(value: ColumnElement[int], bounds: Sequence[int], first: int, end: int) -> ColumnElement[int]:
    if end - first == 1:
        return literal(first)
    middle = (first + end) // 2
    return case(
        (value < bounds[middle], _halved(value, bounds, first, middle)), else_=_halved(value, bounds, middle, end)
    )
