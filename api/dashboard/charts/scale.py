"""From values to places in a picture, and round values for an axis."""

from math import floor, log10
from typing import NamedTuple


class Scale(NamedTuple):
    """Values from `low` to `high` lie evenly from the place `begin` to the place `end`, in units of the picture."""

    low: float
    high: float
    begin: float
    end: float

    def of(self, value: float) -> float:
        """The place of a value; also of one outside."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return self.begin + share * (self.end - self.begin)

    def within(self, value: float) -> float:
        """The place of a value; of one outside the nearest end."""
        return self.of(min(max(value, self.low), self.high))

    def holds(self, value: float) -> bool:
        """Whether a value lies in it."""
        return self.low <= value <= self.high


def levels(highest: float, most: int, whole: bool = False) -> list[float]:
    """Round values from 0 on, at most `most` above it, the last not above `highest` (above 0).

    `whole`: without fractions, as what is counted.
    """
    rough = max(highest / most, 1.0 if whole else 0.0)
    power = 10.0 ** floor(log10(rough))
    steps = (factor * power for factor in (1, 2, 2.5, 5, 10))
    step = next(step for step in steps if step >= rough * 0.999999 and not (whole and step % 1))
    return [step * n for n in range(int(highest / step + 1e-9) + 1)]
