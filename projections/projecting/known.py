"""What the projector knows of one identity: its cluster, with whom it was seen, and with whom claims named it."""

from typing import Final

import orjson

from domain.people.facts import Links
from domain.people.sharing import Seen

SEVERAL: Final = "*"
"""Instead of a hash: claims named it with more than one of a kind."""


class Known(Seen):
    """What is known of an identity."""

    __slots__ = ("_links", "claimed", "cluster")

    def __init__(
        self,
        cluster: int | None = None,
        seen: dict[str, dict[str, int]] | None = None,
        claimed: dict[str, str] | None = None,
    ) -> None:
        super().__init__(seen)
        self.cluster = cluster
        self.claimed = claimed or {}
        """By kind, the hash of the higher identity with which claims named it, or `SEVERAL`."""
        self._links: Links | None = None

    @classmethod
    def read(cls, cluster: int | None, seen: str | None, claimed: str | None) -> "Known":
        """As the row says."""
        return cls(cluster, orjson.loads(seen) if seen else None, orjson.loads(claimed) if claimed else None)

    def row(self) -> tuple[str | None, str | None]:
        """The columns `seen` and `claimed`."""
        return _json(self.kinds), _json(self.claimed)

    def see(self, kind: str, higher: str, instant: int, limit: int) -> bool:
        """Take note of a sighting; whether anything changed."""
        changed = super().see(kind, higher, instant, limit)
        if changed:
            self._links = None
        return changed

    def claim(self, kind: str, higher: str) -> bool:
        """Take note of whom a claim named it with; whether anything changed."""
        before = self.claimed.get(kind)
        if before in (higher, SEVERAL):
            return False
        self.claimed[kind] = higher if before is None else SEVERAL
        return True

    def crowded(self, limit: int) -> bool:
        """Whether it was seen with more of a kind than the limit: from some instant it is shared."""
        return any(len(seen) > limit for seen in self.kinds.values())

    def links(self) -> Links:
        """The hashes of whom it was seen with. Not to be changed."""
        if self._links is None:
            self._links = super().links()
        return self._links

    def may_turn(self, before: Links, after: Links) -> bool:
        """Whether with other trusted links some claim may carry it that did not, or no longer."""
        for kind, claimed in self.claimed.items():
            old, new = before.get(kind, []), after.get(kind, [])
            if claimed == SEVERAL and old != new:
                return True
            if (bool(old) and claimed not in old) != (bool(new) and claimed not in new):
                return True
        return False


def _json(value: dict[str, dict[str, int]] | dict[str, str]) -> str | None:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value else None
