"""Keyed hashes: trail ids, lead ids, look-up values and dedupe keys, so that no identity stands in the clear."""

import hmac
from collections.abc import Iterable
from uuid import UUID

from domain.touchpoints.identity import Identity


class Ids:
    """HMAC-SHA256 under the installation's id key, cut to 16 bytes. Recorded for ever: never change these formulas.

    One hash H(identity) serves as trail id, lead id and look-up value.
    """

    __slots__ = ("_cache", "_keyed", "_modulus")

    LIMIT = 200_000
    """Hashes remembered before the memory is dropped (about 40 MB)."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("the id key must have at least 16 bytes")
        self._keyed = hmac.new(key, digestmod="sha256")
        self._cache: dict[Identity, UUID] = {}
        self._modulus = int.from_bytes(self._hash("modulus"), "big") | 1 << 127 | 1

    def of(self, identity: Identity) -> UUID:
        """H(identity)."""
        hashed = self._cache.get(identity)
        if hashed is None:
            text = f"identity\x00{identity.kind}\x00{identity.value}"
            hashed = UUID(bytes=self._hash(text))
            if len(self._cache) >= self.LIMIT:
                self._cache.clear()
            self._cache[identity] = hashed
        return hashed

    def hex(self, identity: Identity) -> str:
        """H(identity) as 32 hexadecimal digits."""
        return self.of(identity).hex

    def all(self, identities: Iterable[Identity]) -> list[UUID]:
        """H of each, in the given order."""
        return [self.of(identity) for identity in identities]

    def dedupe(self, source: str, id: str) -> bytes:
        """The key under which a touchpoint is known for ever: of (source name, id). 16 bytes."""
        text = f"touchpoint\x00{source}\x00{id}"
        return self._hash(text)

    def number(self, text: str) -> int:
        """A number for a text, as good as a hash to tell texts apart and much quicker. Derived, so it may change."""
        return int.from_bytes(text.encode("utf-8", "surrogatepass"), "big") % self._modulus

    def _hash(self, text: str) -> bytes:
        digest = self._keyed.copy()  # the key's part is hashed once for all
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.digest()[:16]
