"""What is known of identities, put together the slow way for `verify`: all sightings, sorted at the end."""

from collections.abc import Iterable

from domain.people.facts import Disputes, Facts, Links
from domain.people.sharing import LIMITS, Limits, claimings, sightings
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint
from store.events.ids import Ids

First = dict[Identity, dict[str, dict[Identity, int]]]
"""By identity and kind, the higher ones it was named with, and when first."""


class Evidence:
    """All sightings of a history, and all that its claims name together."""

    def __init__(self, ids: Ids, limits: Limits = LIMITS) -> None:
        self._ids = ids
        self._limits = limits
        self._seen: First = {}
        self._claimed: First = {}

    def add_all(self, seen: First, claimed: First) -> None:
        """Take what `sighted` noted of some touchpoints; in any order."""
        _note_all(self._seen, seen)
        _note_all(self._claimed, claimed)

    def facts(self) -> Facts:
        """What all of them say."""
        trusted: dict[Identity, Links] = {
            low: {kind: self._earliest(seen, self._limits[low.kind] + 1) for kind, seen in sorted(kinds.items())}
            for low, kinds in self._seen.items()
            if low.kind != "anonymous_id"
        }
        disputed = {low: claims for low, links in trusted.items() if (claims := self._disputes(low, links))}
        return Facts(self._ids.hex, self._crowded(self._seen), trusted, self._crowded(self._claimed), disputed)

    def _disputes(self, low: Identity, links: Links) -> Disputes:
        """Of the first that claims of each kind named it with, those who are others than its trusted links."""
        count = self._limits[low.kind] + 1
        earliest = [
            each
            for kind, claimed in self._claimed.get(low, {}).items()
            if kind in links
            for each in sorted((instant, high) for high, instant in claimed.items())[:count]
        ]
        return sorted((instant, high) for instant, high in earliest if self._ids.hex(high) not in links[high.kind])

    def _crowded(self, first: First) -> dict[Identity, int]:
        """Who was named with too many of a kind, and the instant of the one too many."""
        crowded = {}
        for low, kinds in first.items():
            limit = self._limits[low.kind]
            instants = [sorted(seen.values())[limit] for seen in kinds.values() if len(seen) > limit]
            if instants:
                crowded[low] = min(instants)
        return crowded

    def _earliest(self, seen: dict[Identity, int], count: int) -> list[str]:
        ranked = sorted((instant, self._ids.hex(high)) for high, instant in seen.items())
        return sorted(hash for _, hash in ranked[:count])


def sighted(touchpoint: Touchpoint, seen: First, claimed: First) -> None:
    """Note who was seen and claimed with whom, in any order."""
    _note(seen, sightings(touchpoint), touchpoint.instant)
    _note(claimed, claimings(touchpoint), touchpoint.instant)


def _note(first: First, pairs: Iterable[tuple[Identity, Identity]], instant: int) -> None:
    for low, high in pairs:
        seen = first.setdefault(low, {}).setdefault(high.kind, {})
        seen[high] = min(instant, seen.get(high, instant))


def _note_all(first: First, more: First) -> None:
    for low, kinds in more.items():
        for kind, highs in kinds.items():
            seen = first.setdefault(low, {}).setdefault(kind, {})
            for high, instant in highs.items():
                seen[high] = min(instant, seen.get(high, instant))
