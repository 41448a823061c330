"""A fingerprint of a lead's history: whose is equal need not be folded anew."""

from collections.abc import Iterable
from hashlib import blake2b
from itertools import chain
from typing import Final

from domain.touchpoints.touchpoint import Touchpoint

_MASK: Final = 2**63 - 1


def fingerprint(history: Iterable[Touchpoint], before: int = 0) -> int:
    """Of a set of touchpoints as the fold sees them; `before` is that of others which are of the same history.

    It takes in which touchpoints these are, and all of them that the walk decides: which identities bind, and with them
    which fields of the profile count. 63 bits.
    """
    for touchpoint in history:
        parts = [touchpoint.id, touchpoint.source.name, str(len(touchpoint.profile)), *chain(*touchpoint.identities)]
        data = "\0".join(parts).encode("utf-8", "surrogatepass")
        before += int.from_bytes(blake2b(data, digest_size=8).digest(), "big")
    return before & _MASK
