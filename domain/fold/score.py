"""Heat (engagement): the decaying pair, awards and their limits, and the hot episode."""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import ceil, log2
from typing import Any, Final

from msgspec import Struct, field

from domain.conditions.compile import value_at
from domain.touchpoints.touchpoint import Instant

VALUES: Final = 200
"""Different values that are remembered of one lead: of `per` by a limited rule, beyond which a new one gives nothing,
and of `same` by a `did`, beyond which the one that was longest not seen is forgotten."""

REASONS: Final = 5
"""Most rules that are named as reasons."""


def decayed(heat: float, heat_at: int, half_life: int, at: int) -> float:
    """The heat of the pair (heat, heat_at) at a later instant; microseconds. Only for looking: never saved."""
    return heat * float(2.0 ** ((heat_at - at) / half_life))


def zero_point(heat: float, heat_at: int, half_life: int) -> float | None:
    """z: the instant at which heat is 1; the ranking at every moment is ORDER BY z. None where heat is not positive."""
    return heat_at + half_life * log2(heat) if heat > 0 else None


def falls_to(heat: float, heat_at: int, half_life: int, level: float) -> int:
    """The instant from which heat is `level` (above 0) or less, rounded up to microseconds; not before `heat_at`."""
    if heat <= level:
        return heat_at
    return heat_at + ceil(half_life * log2(heat / level))


class Share(Struct, array_like=True, gc=False):
    """What one rule gave since the last reset: (value, at) is a decaying pair as a lead's heat is."""

    value: float
    at: int
    count: int = 1


class HeatState(Struct, array_like=True, gc=False):
    """The pair as it is saved, and what the limits must remember."""

    value: float = 0.0
    at: int = 0
    awarded: dict[str, list[int]] = field(default_factory=dict)
    """Of limited rules, by place in the model (or `value_key`): the instants of the last awards, as many as count."""
    earned_at: int | None = None
    """The instant of the last award above 0 since the last reset, opens left out; None: there is none."""

    shares: dict[str, Share] = field(default_factory=dict)
    """What each rule gave, by its place in the model."""

    def add(self, points: float, instant: Instant, half_life: int) -> None:
        """Award points other than 0: only here does the pair move."""
        if self.value:
            self.value = decayed(self.value, self.at, half_life, instant) + points
        else:
            self.value = points
        self.at = instant

    def reset(self, instant: Instant) -> None:
        """Start the sum anew."""
        self.value = 0.0
        self.at = instant
        self.earned_at = None
        self.shares = {}

    def note(self, place: str, points: float, instant: Instant, half_life: int) -> None:
        """Note which rule it was that gave points."""
        share = self.shares.get(place)
        if share is None:
            self.shares[place] = Share(points, instant)
            return
        share.value = decayed(share.value, share.at, half_life, instant) + points
        share.at = instant
        share.count += 1

    def allows(self, key: str, count: int, within: int | None, instant: Instant) -> bool:
        """Whether a limited rule may award at this instant, of which it then takes note. The window is (T - d, T]."""
        instants = self.awarded.get(key)
        if instants is None:
            self.awarded[key] = [instant]
            return True
        if len(instants) >= count and (within is None or instants[-count] > instant - within):
            return False
        instants.append(instant)
        del instants[:-count]
        return True

    def has_room(self, place: str, key: str, within: int | None, instant: Instant) -> bool:
        """Whether a rule may remember one more value; forgets those whose window has ended."""
        if key in self.awarded:
            return True
        of_rule = [each for each in self.awarded if each.startswith(place + " ")]
        ended = [] if within is None else [each for each in of_rule if self.awarded[each][-1] <= instant - within]
        for each in ended:
            del self.awarded[each]
        return len(of_rule) - len(ended) < VALUES

    def frees(self, key: str, count: int, within: int | None) -> int | None:
        """The instant from which a rule that is at its limit may award again; None: never, or when others let it."""
        instants = self.awarded.get(key)
        return None if within is None or instants is None else instants[-count] + within


def strongest(heat: HeatState, names: Sequence[str], half_life: int, at: int) -> list[list[Any]]:
    """The rules that gave most of what is left at an instant: name, how often, the last time, and what is left.

    `names` are the rules', in the model's order. All decay alike: the order holds at every moment. What took points is
    no reason.
    """
    left = []
    for place, share in heat.shares.items():
        value = share.value if share.at == at else decayed(share.value, share.at, half_life, at)
        if value > 0:
            left.append([names[int(place)], share.count, share.at, value])
    if len(left) > 1:
        left.sort(key=_most_first)
        del left[REASONS:]
    return left


def _most_first(reason: list[Any]) -> tuple[float, str]:
    return -reason[3], reason[0]


def value_key(place: str, per: tuple[str, ...], properties: Mapping[str, Any]) -> str:
    """Under which the awards of the rule at this place for one value of a property are remembered; short."""
    value = value_at(per, properties)
    return f"{place} {blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=8).hexdigest()}"
