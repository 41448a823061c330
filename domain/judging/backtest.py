"""How rules would have done: of the deals won how many were hot before, of those who became hot how many were won."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt
from statistics import quantiles
from typing import Final, NamedTuple

from domain.files.durations import DAY
from domain.judging.outcome import Hot, LeadOutcome

FEW: Final = 20
"""A share of fewer than so many tells too little."""

_Z: Final = 1.959964
"""Of a normal distribution 95% lie within so many standard deviations."""


class Period(NamedTuple):
    """What is looked at: deals won and leads that became hot in [start, end), by what is known at the clock.

    Microseconds. Who became hot counts as foretold right when won within `within`, the end of that included.
    """

    start: int
    end: int
    within: int
    clock: int


class Portion(NamedTuple):
    """So many of so many, and within what the share lies with 95% confidence (Wilson's interval); None of none."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """From 0 to 1."""
        return self.part / self.whole if self.whole else None

    @property
    def between(self) -> tuple[float, float] | None:
        """Lowest and highest."""
        if not self.whole:
            return None
        share, square = self.part / self.whole, _Z * _Z / self.whole
        middle = (share + square / 2) / (1 + square)
        around = _Z / (1 + square) * sqrt(share * (1 - share) / self.whole + square / (4 * self.whole))
        low, high = middle - around, middle + around
        return low if self.part else 0.0, high if self.part < self.whole else 1.0  # else it is off by the last bits

    @property
    def too_few(self) -> bool:
        """Whether it is of too few to tell anything."""
        return self.whole < FEW


class Days(NamedTuple):
    """Quartiles of so many days, linear between neighbours."""

    of: int
    quarter: float
    median: float
    three_quarters: float


@dataclass(slots=True)
class Numbers:
    """What is counted of a group of leads. Adding up is free of order."""

    won: int = 0
    """Deals won in the period."""
    won_hot: int = 0
    """Of these who was hot before."""
    hot: int = 0
    """Leads that became hot in the period, before they were won, and have had their time since."""
    hot_won: int = 0
    """Of these who was won in that time."""
    pending: int = 0
    """Leads that became hot in the period and still have time: they count as neither."""
    waits: list[int] = field(default_factory=list)
    """Microseconds from the last time that it became hot until it was won, of each that was won and hot before."""

    @property
    def recall(self) -> Portion:
        """Of the deals won, who was hot before."""
        return Portion(self.won_hot, self.won)

    @property
    def precision(self) -> Portion:
        """Of those who became hot, who was won in time."""
        return Portion(self.hot_won, self.hot)

    @property
    def days(self) -> Days | None:
        """From hot to won; None: there is none."""
        days = sorted(wait / DAY for wait in self.waits)
        if not days:
            return None
        lower, median, upper = quantiles(days, n=4, method="inclusive") if len(days) > 1 else days * 3
        return Days(len(days), lower, median, upper)

    def add(self, other: "Numbers") -> None:
        """Take what was counted elsewhere."""
        self.won += other.won
        self.won_hot += other.won_hot
        self.hot += other.hot
        self.hot_won += other.hot_won
        self.pending += other.pending
        self.waits += other.waits


@dataclass(slots=True)
class TrackRecord:
    """Counts what became of leads: of all, and by grade and by channel.

    A lead that was hot stands under the grade that it became hot with, one that never was under that of now.
    """

    all: Numbers = field(default_factory=Numbers)
    grades: dict[str, Numbers] = field(default_factory=dict)
    channels: dict[str, Numbers] = field(default_factory=dict)

    def count(self, outcome: LeadOutcome, period: Period) -> None:
        """Count one lead."""
        won_at = outcome.won_at
        before = [hot for hot in outcome.hot if won_at is None or hot.began < won_at]
        if won_at is not None and period.start <= won_at < period.end:
            self._won(outcome, before[-1] if before else None, won_at)
        became = next((hot for hot in before if period.start <= hot.began < period.end), None)
        if became is not None:
            self._became_hot(outcome, became, period)

    def add(self, other: "TrackRecord") -> None:
        """Take what was counted elsewhere."""
        self.all.add(other.all)
        for mine, others in ((self.grades, other.grades), (self.channels, other.channels)):
            for name, numbers in others.items():
                mine.setdefault(name, Numbers()).add(numbers)

    def _groups(self, grade: str, channel: str) -> Iterator[Numbers]:
        yield self.all
        yield self.grades.setdefault(grade, Numbers())
        yield self.channels.setdefault(channel, Numbers())

    def _won(self, outcome: LeadOutcome, hot: Hot | None, won_at: int) -> None:
        for numbers in self._groups(outcome.grade if hot is None else hot.grade, outcome.channel):
            numbers.won += 1
            if hot is not None:
                numbers.won_hot += 1
                numbers.waits.append(won_at - hot.began)

    def _became_hot(self, outcome: LeadOutcome, hot: Hot, period: Period) -> None:
        until = hot.began + period.within
        for numbers in self._groups(hot.grade, outcome.channel):
            if until > period.clock:
                numbers.pending += 1
                continue
            numbers.hot += 1
            if outcome.won_at is not None and outcome.won_at <= until:
                numbers.hot_won += 1
