"""A fingerprint of a lead's history: whose is equal need not be folded anew."""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from domain.touchpoints.touchpoint import Touchpoint
from store.events.ids import Ids

_MASK: Final = 2**63 - 1


def fingerprint(ids: Ids, history: Iterable[Touchpoint], before: int = 0) -> int:
    """Of a set of touchpoints as the fold sees them; `before` is that of others which are of the same history.

    It takes in which touchpoints these are, and all of them that the walk decides: which identities bind, and with them
    which fields of the profile count. 63 bits, under the installation's key: nobody can make two that are alike.
    """
    for touchpoint in history:
        names = touchpoint.identities
        key = f"{touchpoint.source.name}\0{touchpoint.id}"
        if len(names) > 1:  # of a single one it says enough whether it binds
            key = "\0".join((key, *chain.from_iterable(names)))
        before += hash((ids.number(key), len(names), len(touchpoint.profile)))
    return before & _MASK
