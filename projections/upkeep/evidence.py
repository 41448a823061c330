"""What is known of identities, put together the slow way for `verify`: all sightings, sorted at the end."""

from domain.people.facts import Facts, Links
from domain.people.sharing import LIMITS, Limits, sightings
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint
from store.events.ids import Ids


class Evidence:
    """All sightings of a history."""

    def __init__(self, ids: Ids, limits: Limits = LIMITS) -> None:
        self._ids = ids
        self._limits = limits
        self._first: dict[Identity, dict[str, dict[Identity, int]]] = {}
        """By identity and kind, the higher ones it was seen with, and when first."""

    def add(self, touchpoint: Touchpoint) -> None:
        """Note who was seen with whom, in any order."""
        for low, high in sightings(touchpoint):
            seen = self._first.setdefault(low, {}).setdefault(high.kind, {})
            seen[high] = min(touchpoint.instant, seen.get(high, touchpoint.instant))

    def facts(self) -> Facts:
        """What all of them say."""
        shared: dict[Identity, int] = {}
        trusted: dict[Identity, Links] = {}
        for low, kinds in self._first.items():
            limit = self._limits[low.kind]
            crowded = [sorted(seen.values())[limit] for seen in kinds.values() if len(seen) > limit]
            if crowded:
                shared[low] = min(crowded)
            if low.kind != "anonymous_id":
                trusted[low] = {kind: self._earliest(seen, limit + 1) for kind, seen in sorted(kinds.items())}
        return Facts(self._ids.hex, shared, trusted)

    def _earliest(self, seen: dict[Identity, int], count: int) -> list[str]:
        ranked = sorted((instant, self._ids.hex(high)) for high, instant in seen.items())
        return sorted(hash for _, hash in ranked[:count])
