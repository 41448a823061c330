"""Quartiles of spans of time, counted in the database: where a place lies between two spans, on the line between."""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import Connection, Select, func, or_, select

from projections.queries.shapes import Shape

_QUARTERS: Final = (1, 2, 3)


class QuartilesShape(Shape):
    """Seconds: a quarter of the spans is not longer than the first, half not longer than the median."""

    lower_quartile: float
    median: float
    upper_quartile: float


def quartiles(conn: Connection, spans: Select[Any]) -> dict[Any, QuartilesShape]:
    """By `key` of a query of (key, span) the quartiles of its spans (microseconds); of what has none nothing.

    Only the at most six spans around the quartiles are read: the others are ranked where they are.
    """
    each = spans.subquery()
    ranked = select(
        each.c.key,
        each.c.span,
        (func.row_number().over(partition_by=each.c.key, order_by=each.c.span) - 1).label("rank"),
        func.count().over(partition_by=each.c.key).label("count"),
    ).subquery()
    near = or_(*(func.abs(4 * ranked.c.rank - quarter * (ranked.c.count - 1)) < 4 for quarter in _QUARTERS))
    around: dict[Any, dict[int, int]] = defaultdict(dict)
    counts: dict[Any, int] = {}
    for key, span, rank, count in conn.execute(select(ranked).where(near)):
        around[key][rank] = span
        counts[key] = count
    return {key: _quartiles(ranks, counts[key]) for key, ranks in around.items()}


def _quartiles(spans: Mapping[int, int], count: int) -> QuartilesShape:
    """Of `count` spans, those at some ranks (from 0) among them."""
    lower, median, upper = (_between(spans, Fraction(quarter * (count - 1), 4)) for quarter in _QUARTERS)
    return QuartilesShape(lower_quartile=lower, median=median, upper_quartile=upper)


def _between(spans: Mapping[int, int], place: Fraction) -> float:
    """Seconds at a place among the ranks."""
    below = int(place)
    part = place - below
    span = spans[below] + (part * (spans[below + 1] - spans[below]) if part else 0)
    return float(span / 1_000_000)
