"""Which identities of a touchpoint bind and link, and which are shared by too many people to do so."""

from collections.abc import Iterable, Mapping
from typing import Final

from domain.people.constraints import other_side
from domain.touchpoints.identity import RANK, Identity
from domain.touchpoints.touchpoint import Touchpoint

LIMITS: Final = {"anonymous_id": 5, "phone": 20, "email": 20}
"""With how many different higher identities one may be seen; from that of the next it is shared: it binds nobody."""


Shared = Mapping[Identity, int]
"""From which instant an identity is shared."""


def bound(touchpoint: Touchpoint, shared: Shared) -> tuple[Identity, ...]:
    """The identities that bind at this touchpoint's instant: those that are not shared by then."""
    if not shared:
        return touchpoint.identities
    return tuple(i for i in touchpoint.identities if shared.get(i, touchpoint.instant + 1) > touchpoint.instant)


def links(touchpoint: Touchpoint, shared: Shared) -> tuple[Identity, ...]:
    """The identities whose clusters this touchpoint makes one; the first is its home. Never empty."""
    return (bound(touchpoint, shared) or touchpoint.identities[:1]) + other_side(touchpoint)


def sightings(touchpoint: Touchpoint) -> Iterable[tuple[Identity, Identity]]:
    """Each (identity, higher identity) that this touchpoint shows together."""
    identities = touchpoint.identities
    for low in identities[1:]:
        for high in identities:
            if RANK[high.kind] < RANK[low.kind]:
                yield low, high
