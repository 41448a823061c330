"""Which identities too many people use: with whom one was seen, and from which instant it is shared."""

from collections.abc import Iterable, Mapping
from typing import Final

from domain.touchpoints.identity import RANK, Identity
from domain.touchpoints.touchpoint import Touchpoint

Limits = Mapping[str, int]
LIMITS: Final[Limits] = {"anonymous_id": 5, "phone": 20, "email": 20}
"""By kind, with how many different higher identities of one kind one may be seen; from the next on it is shared."""


def sightings(touchpoint: Touchpoint) -> Iterable[tuple[Identity, Identity]]:
    """Each (identity, higher identity) that counts for whether the first is shared.

    A cookie is seen with the highest identity only: of one person's user_id, e-mail and phone that is one. Of an
    e-mail or phone a claim is no sighting, and nothing is of a machine's touchpoint.
    """
    identities = touchpoint.identities
    if len(identities) < 2 or touchpoint.by_machine:
        return
    highest, trusted = identities[0], not touchpoint.claims
    for low in identities[1:]:
        if low.kind == "anonymous_id":
            if highest.kind != "anonymous_id":
                yield low, highest
        elif trusted:
            for high in identities:
                if RANK[high.kind] < RANK[low.kind]:
                    yield low, high


def claimings(touchpoint: Touchpoint) -> Iterable[tuple[Identity, Identity]]:
    """Each (e-mail or phone, higher identity) that a claim names together."""
    identities = touchpoint.identities
    if len(identities) < 2 or not touchpoint.claims or touchpoint.by_machine:
        return
    for low in identities[1:]:
        if low.kind != "anonymous_id":
            for high in identities:
                if RANK[high.kind] < RANK[low.kind]:
                    yield low, high


class Seen:
    """Of one identity: the higher ones it was seen with, by kind and hash, each with its first instant.

    Of each kind only the earliest count, one more than the limit; which these are does not depend on the order of
    arrival. Of an e-mail or phone they are its trusted links.
    """

    __slots__ = ("kinds",)

    def __init__(self, kinds: dict[str, dict[str, int]] | None = None) -> None:
        self.kinds = kinds or {}

    def knows(self, kind: str, higher: str, instant: int) -> bool:
        """Whether a sighting is known, or an earlier one of the same."""
        seen = self.kinds.get(kind)
        return seen is not None and seen.get(higher, instant + 1) <= instant

    def see(self, kind: str, higher: str, instant: int, limit: int) -> bool:
        """Take note of a sighting; whether anything changed."""
        seen = self.kinds.get(kind)
        if seen is None:
            self.kinds[kind] = {higher: instant}
            return True
        first_seen = seen.get(higher)
        if first_seen is not None:
            if instant >= first_seen:
                return False
        elif len(seen) > limit:
            latest = max(seen, key=lambda each: (seen[each], each))
            if (instant, higher) >= (seen[latest], latest):
                return False
            del seen[latest]
        seen[higher] = instant
        return True

    def crowded_from(self, limit: int) -> int | None:
        """The instant of the one higher identity of a kind too many."""
        crowded = None
        for seen in self.kinds.values():
            if len(seen) > limit:
                since = sorted(seen.values())[limit]
                crowded = since if crowded is None else min(crowded, since)
        return crowded

    def links(self) -> dict[str, list[str]]:
        """The hashes by kind, in order."""
        return {kind: sorted(seen) for kind, seen in sorted(self.kinds.items())}
