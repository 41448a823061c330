"""Two shares beside each other: how far apart they are, within what that lies, and whether chance alone would do."""

from math import exp, hypot, inf, lgamma, log
from typing import Final, NamedTuple

from domain.judging.backtest import Portion

LEAST: Final = 5
"""Both shares tell enough where, if they were the same, at least so many of each were in it and so many not."""

_ALIKE: Final = 1e-7
"""Probabilities that differ by less than this part are the same: logarithms of factorials are not exact."""


class TwoShares(NamedTuple):
    """So many of so many on either side."""

    first: Portion
    second: Portion

    @property
    def difference(self) -> float | None:
        """The second share minus the first; None: one is of none."""
        if self.first.share is None or self.second.share is None:
            return None
        return self.second.share - self.first.share

    @property
    def between(self) -> tuple[float, float] | None:
        """Within what the difference lies with 95% confidence: Newcombe's hybrid score interval, method 10 of
        Newcombe (1998), Statistics in Medicine 17, 873. None: one share is of none."""
        first, second = _around(self.first), _around(self.second)
        if first is None or second is None:
            return None
        difference = second.share - first.share
        return difference - hypot(second.below, first.above), difference + hypot(second.above, first.below)

    @property
    def chance(self) -> float | None:
        """The p-value of Fisher's exact test, two-sided: how likely counts that are no likelier than these are where
        both shares are the same. None: one share is of none."""
        if self.difference is None:
            return None
        part, whole = self.first.part + self.second.part, self.first.whole + self.second.whole
        least, most = max(0, part - self.second.whole), min(part, self.first.whole)
        found = _likelihood(self.first.part, self.first.whole, part, whole)
        total, at_most, all_count = 0.0, found + log(1 + _ALIKE), True
        for count in range(least, most + 1):
            likelihood = _likelihood(count, self.first.whole, part, whole)
            if likelihood <= at_most:
                total += exp(likelihood)
            else:
                all_count = False
        return 1.0 if all_count else min(1.0, total)  # the sum of all is off by the last bits

    @property
    def too_few(self) -> bool:
        """Whether a side is too small to tell anything (Cochran's rule of the least expected counts)."""
        part, whole = self.first.part + self.second.part, self.first.whole + self.second.whole
        smaller = min(self.first.whole, self.second.whole)
        return not whole or smaller * min(part, whole - part) / whole < LEAST


class _Around(NamedTuple):
    """A share, and how far below and above it the true one may lie."""

    share: float
    below: float
    above: float


def _around(portion: Portion) -> _Around | None:
    share, between = portion.share, portion.between
    return None if share is None or between is None else _Around(share, share - between[0], between[1] - share)


def _likelihood(count: int, drawn: int, part: int, whole: int) -> float:
    """The logarithm of the probability that of `drawn` of `whole` so many are of the `part` (hypergeometric)."""
    if not 0 <= count <= drawn or not 0 <= part - count <= whole - drawn:
        return -inf
    return _ways(drawn, count) + _ways(whole - drawn, part - count) - _ways(whole, part)


def _ways(of: int, taken: int) -> float:
    """The logarithm of in how many ways so many can be taken of so many."""
    return lgamma(of + 1) - lgamma(taken + 1) - lgamma(of - taken + 1)
