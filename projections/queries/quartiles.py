"""Quartiles of spans of time: where a place lies between two spans, on the line between them."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from projections.queries.shapes import Shape

_QUARTERS: Final = (1, 2, 3)


class QuartilesShape(Shape):
    """Seconds: a quarter of the spans is not longer than the first, half not longer than the median."""

    lower_quartile: float
    median: float
    upper_quartile: float


def quartiles(spans: Sequence[int]) -> QuartilesShape | None:
    """The quartiles of spans (microseconds) in ascending order; None: there are none."""
    if not spans:
        return None
    lower, median, upper = (_between(spans, Fraction(quarter * (len(spans) - 1), 4)) for quarter in _QUARTERS)
    return QuartilesShape(lower_quartile=lower, median=median, upper_quartile=upper)


def quarters(spans: QuartilesShape | None) -> tuple[float | None, float | None, float | None]:
    """The same as three values, the shortest first."""
    return (None, None, None) if spans is None else (spans.lower_quartile, spans.median, spans.upper_quartile)


def _between(spans: Sequence[int], place: Fraction) -> float:
    """Seconds at a place among the ranks, from 0."""
    below = int(place)
    part = place - below
    span = spans[below] + (part * (spans[below + 1] - spans[below]) if part else 0)
    return float(span / 1_000_000)
