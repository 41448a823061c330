"""What a lead remembers of the touchpoints that a `did` asks for: little, however long its history.

All of it is lists of integers in `Lead.did`, under the counter's place in the model. An amount is in millionths.
"""

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import takewhile
from typing import Any, Final, Protocol

from domain.conditions.compile import value_at
from domain.conditions.tree import Condition
from domain.files.values import amount_of
from domain.fold.days import ZoneDays
from domain.fold.score import VALUES, value_key
from domain.touchpoints.touchpoint import Instant

LATEST: Final = 1_000
"""Most matches that are remembered of a sum, a greatest or a least one within a window: the latest."""

RARELY: Final = -1
"""Instead of an instant: of a value that was not matched often enough."""

DIGITS: Final = 10**18
"""A sum is kept in two numbers, its quotient and its remainder by this: each fits into 64 bits, however large it is."""

_Did = dict[str, list[int]]


class Memory(Protocol):
    """How a counter takes note of a match, where it is not by its instant alone."""

    def note(self, did: _Did, place: str, properties: Mapping[str, Any], instant: Instant) -> None:
        """Take note of a match, not earlier than those before."""


@dataclass(frozen=True, slots=True)
class Counter:
    """One `did` of the model, compiled: which touchpoints it counts and how many instants must be remembered."""

    place: str
    types: tuple[str, ...]
    condition: Condition | None
    keep: int
    memory: Memory | None = None
    """None: the instants of the last `keep` matches are what is remembered."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """The instants of the last `keep` matches of each value of a property, each under a key of its own.

    Under the counter's place stand the values as their keys say them, the one that was longest not seen first; under
    one more key, in the same order, the earliest of so many matches, `RARELY` of a value that has fewer.
    """

    path: tuple[str, ...]
    keep: int

    def note(self, did: _Did, place: str, properties: Mapping[str, Any], instant: Instant) -> None:
        """Beyond `VALUES` values the one that was longest not seen is forgotten: what repeats is seen again."""
        if _is_missing(value_at(self.path, properties)):
            return
        key = value_key(place, self.path, properties)
        value, matches = int(key[len(place) + 1 :], 16), did.get(key)
        values, earliest = did.setdefault(place, []), did.setdefault(earliest_of(place), [])
        if matches is None:
            if len(values) >= VALUES:
                forgotten = _longest_not_seen(did, place, values)
                del did[_key_of(place, values.pop(forgotten))], earliest[forgotten]
            matches = did[key] = [instant]
        else:
            known = values.index(value)
            del values[known], earliest[known]
            matches.append(instant)
            del matches[: -self.keep]
        values.append(value)
        earliest.append(matches[0] if len(matches) == self.keep else RARELY)


def _key_of(place: str, value: int) -> str:
    return f"{place} {value:016x}"


def _longest_not_seen(did: _Did, place: str, values: list[int]) -> int:
    """The place of the value that was longest not seen, of several the least."""
    longest = did[_key_of(place, values[0])][-1]
    least = min(takewhile(lambda each: did[_key_of(place, each)][-1] == longest, values))
    return values.index(least)


@dataclass(frozen=True, slots=True)
class DistinctDays:
    """The instant of the last match of each of the last `keep` days that had one, the earliest first."""

    days: ZoneDays
    keep: int

    def note(self, did: _Did, place: str, properties: Mapping[str, Any], instant: Instant) -> None:
        """A day that is there already moves its instant."""
        matches = did.setdefault(place, [])
        if matches and self.days.of(matches[-1]) == self.days.of(instant):
            matches[-1] = instant
        else:
            matches.append(instant)
            del matches[: -self.keep]


@dataclass(frozen=True, slots=True)
class DistinctValues:
    """The instant of the last match of each of the `keep` values that were seen last, the earliest first.

    Under a second key stand the hashes of these values, in the same order.
    """

    path: tuple[str, ...]
    keep: int

    def note(self, did: _Did, place: str, properties: Mapping[str, Any], instant: Instant) -> None:
        """A value that is there already moves to the end: so many values are seen since T as stand after T."""
        value = value_at(self.path, properties)
        if _is_missing(value):
            return
        hashed = _hashed(value)
        matches, hashes = did.setdefault(place, []), did.setdefault(f"{place} values", [])
        if hashed in hashes:
            known = hashes.index(hashed)
            del matches[known], hashes[known]
        matches.append(instant)
        hashes.append(hashed)
        del matches[: -self.keep], hashes[: -self.keep]


@dataclass(frozen=True, slots=True)
class First:
    """The instant of the first match."""

    def note(self, did: _Did, place: str, properties: Mapping[str, Any], instant: Instant) -> None:
        """Later ones change nothing."""
        did.setdefault(place, [instant])


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of all amounts, as quotient and remainder by `DIGITS`."""

    path: tuple[str, ...]

    def note(self, did: _Did, place: str, properties: Mapping[str, Any], instant: Instant) -> None:
        """Integers: the same sum in whatever order they come."""
        amount = amount_of(value_at(self.path, properties))
        if amount is not None:
            before = did.get(place)
            did[place] = list(divmod((0 if before is None else total(before)) + amount, DIGITS))


def total(kept: list[int]) -> int:
    """The sum that `Sum` keeps."""
    return kept[0] * DIGITS + kept[1]


@dataclass(frozen=True, slots=True)
class Extreme:
    """The greatest amount of all (`sign` 1) or the least (`sign` -1), times `sign`."""

    path: tuple[str, ...]
    sign: int

    def note(self, did: _Did, place: str, properties: Mapping[str, Any], instant: Instant) -> None:
        """One number."""
        amount = amount_of(value_at(self.path, properties))
        if amount is not None:
            kept = did.setdefault(place, [self.sign * amount])
            kept[0] = max(kept[0], self.sign * amount)


@dataclass(frozen=True, slots=True)
class Window:
    """The amounts of the last `within` microseconds, at most the latest `LATEST`, the earliest first.

    Their instants stand under the counter's place, the amounts in the same order under a second key.
    """

    path: tuple[str, ...]
    within: int

    def note(self, did: _Did, place: str, properties: Mapping[str, Any], instant: Instant) -> None:
        """What has left the window is forgotten."""
        amount = amount_of(value_at(self.path, properties))
        if amount is not None:
            instants, amounts = did.setdefault(place, []), did.setdefault(amounts_of(place), [])
            instants.append(instant)
            amounts.append(amount)
            _forget(instants, amounts, instant - self.within)


@dataclass(frozen=True, slots=True)
class Extremes:
    """As `Window`, times `sign`, without those that one equals or exceeds which leaves no earlier: they fall."""

    path: tuple[str, ...]
    within: int
    sign: int

    def note(self, did: _Did, place: str, properties: Mapping[str, Any], instant: Instant) -> None:
        """The first one is the extreme of the window; the next one is when that has left."""
        amount = amount_of(value_at(self.path, properties))
        if amount is not None:
            instants, amounts = did.setdefault(place, []), did.setdefault(amounts_of(place), [])
            while amounts and amounts[-1] <= self.sign * amount:
                amounts.pop()
                instants.pop()
            if instants and instants[-1] == instant:  # the greater one leaves with this one
                return
            instants.append(instant)
            amounts.append(self.sign * amount)
            _forget(instants, amounts, instant - self.within)


def earliest_of(place: str) -> str:
    """The key of the earliest matches of the values of a counter that repeat."""
    return f"{place} earliest"


def amounts_of(place: str) -> str:
    """The key of the amounts of a counter that remembers instants too."""
    return f"{place} amounts"


def _forget(instants: list[int], amounts: list[int], until: int) -> None:
    gone = max(bisect_right(instants, until), len(instants) - LATEST)
    if gone:
        del instants[:gone], amounts[:gone]


def _is_missing(value: Any) -> bool:
    return value is None or value in ("", [])


def _hashed(value: Any) -> int:
    """63 bits of a hash of the value as JSON."""
    plain = json.dumps(value, sort_keys=True).encode()
    return int.from_bytes(blake2b(plain, digest_size=8).digest(), "big") >> 1
