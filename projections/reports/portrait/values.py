"""The values of one field: what became of the leads that have each, in groups that people can read."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import orjson

from domain.files.values import number_of
from projections.queries.told_apart import Bands, ToldBy, grouping

MOST_VALUES: Final = 10_000
"""Values of one field that are told apart before they are grouped."""
_BANDS: Final = 5
_FEW_NUMBERS: Final = 12
"""So many different numbers are shown each by itself; more are put into bands."""
_ADDRESS: Final = re.compile(r"[^@\s]@[^@\s]+\.\w")


class WonAndLost(NamedTuple):
    """Leads by what became of them."""

    won: int = 0
    lost: int = 0
    open: int = 0

    @property
    def leads(self) -> int:
        """However it went."""
        return sum(self)


class FieldValues:
    """What became of the leads, by the values of one field."""

    def __init__(self, name: str, by: ToldBy) -> None:
        """`name`: as people read it."""
        self.name = name
        self.refused: str | None = None
        """Why its values are not shown; None: they are."""
        self.banded = False
        """Whether its numbers were put into bands of their own."""
        self.by = by
        self._by_text: dict[str, list[int]] = {}

    def add(self, text: str, outcome: int, leads: int = 1) -> None:
        """Count leads with a value, whose text it is; empty: with none."""
        if self.refused is not None:
            return
        if self.by.bands:
            text = self.by.group(text)
        counts = self._by_text.get(text)
        if counts is None:
            if len(self._by_text) >= MOST_VALUES:
                self._refuse(f"more than {MOST_VALUES} different values")
                return
            counts = self._by_text[text] = [0, 0, 0]
        counts[outcome] += leads

    def settle(self) -> None:
        """All are counted: numbers are put into bands, and what says who somebody is is not shown."""
        if self.by.bands or self.refused is not None:
            return
        leads = {text: sum(counts) for text, counts in self._by_text.items() if text}
        if any(_ADDRESS.search(text) for text in leads):
            self._refuse("e-mail addresses")
            return
        nearly_all_differ = 2 * len(leads) > sum(leads.values())
        if (bands := _bands(leads, 1 if nearly_all_differ else _FEW_NUMBERS)) is not None:
            self.by, self.banded = self.by._replace(group=bands.group, bands=bands.names), True
            self._by_text = self._summed({text: bands.group(text) for text in self._by_text})
        elif nearly_all_differ:
            self._refuse("nearly all values are different")

    def groups(self) -> Mapping[str, WonAndLost]:
        """By group; none where they are not shown."""
        by_group = self._by_text if self.by.bands else self._summed(self._group_of_text())
        return {group: WonAndLost(*counts) for group, counts in by_group.items()}

    def group_of(self) -> Callable[[str], str | None]:
        """Of a text its group, as they are told apart; None: of what was not counted, or is not shown."""
        if self.refused is not None:
            return lambda text: None
        if self.by.bands:
            return self.by.group
        return self._group_of_text().get

    def _group_of_text(self) -> dict[str, str]:
        return grouping(self.by, {text: sum(each) for text, each in self._by_text.items()})

    def _summed(self, group_of: Mapping[str, str]) -> dict[str, list[int]]:
        by_group: dict[str, list[int]] = {}
        for text, group in group_of.items():
            counts = by_group.setdefault(group, [0, 0, 0])
            for outcome, leads in enumerate(self._by_text[text]):
                counts[outcome] += leads
        return by_group

    def _refuse(self, why: str) -> None:
        self.refused, self._by_text = why, {}


def _bands(leads: Mapping[str, int], few: int) -> Bands | None:
    """Up to `_BANDS` bands of more than a few numbers, each of about as many leads; None: they are fewer, or none."""
    numbers, below, fifths = Counter[int | float](), 0, 0
    for text, count in leads.items():
        number = number_of(orjson.loads(text))
        if number is None:
            return None
        numbers[number] += count
    limits: list[int | float] = []
    for number in sorted(numbers):
        if (reached := below * _BANDS // numbers.total()) > fifths:
            fifths = reached
            limits.append(number)
        below += numbers[number]
    rounded = _round(limits)
    return Bands([(f"{limit:.15g}", limit) for limit in rounded]) if rounded and len(numbers) > few else None


def _round(limits: Sequence[int | float]) -> Sequence[float]:
    """The limits with as few digits as they have when all are still different: two to six; else none."""
    for digits in range(2, 7):
        rounded = [float(f"{limit:.{digits}g}") for limit in limits]
        if all(low < high for low, high in pairwise(rounded)):
            return rounded
    return ()
