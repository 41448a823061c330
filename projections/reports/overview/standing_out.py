"""Which differences between two weeks are worth a word, and how sure that is.

Two counts of what happens by itself now and then differ by about the root of both together, by chance alone. What
comes in bursts (one visitor views forty pages) differs more: so it is told on how many weekdays it went the same way,
and whether one day did most of it.
"""

from collections.abc import Iterable
from math import sqrt
from typing import Final

from projections.queries.days import day_named
from projections.reports.overview.shapes import Chance, DifferenceShape, WeekShape

FEW: Final = 20
"""Fewer than these in both weeks together say little."""
_STANDS_OUT: Final = 2.0
_HARDLY: Final = 3.0
"""In roots of both weeks together."""
MOST: Final = 10
_WEEK: Final = 7


def standing_out(weeks: Iterable[WeekShape], first: int) -> list[DifferenceShape]:
    """The differences that stand out, the surest first. `first`: the day that the weeks begin on."""
    told = sorted((each for each in weeks if surprise(each) >= _STANDS_OUT), key=surprise, reverse=True)
    return [_told(each, first) for each in told[:MOST]]


def surprise(week: WeekShape) -> float:
    """The difference in roots of both weeks together; 0 where nothing was."""
    together = week.last + week.before
    return abs(week.last - week.before) / sqrt(together) if together else 0.0


def _told(week: WeekShape, first: int) -> DifferenceShape:
    difference = week.last - week.before
    sign = 1 if difference > 0 else -1
    steps = [
        sign * (last - before) for before, last in zip(week.days[:_WEEK], week.days[_WEEK : 2 * _WEEK], strict=True)
    ]
    largest = max(range(_WEEK), key=steps.__getitem__)
    mostly = first + _WEEK + largest if steps[largest] * 2 > abs(difference) else None
    return DifferenceShape(
        **week.model_dump(),
        chance=_chance(week),
        weekdays=sum(step > 0 for step in steps),
        mostly_on=None if mostly is None else day_named(mostly).isoformat(),
    )


def _chance(week: WeekShape) -> Chance:
    if week.last + week.before < FEW:
        return Chance.FEW
    return Chance.HARDLY if surprise(week) >= _HARDLY else Chance.MAYBE
