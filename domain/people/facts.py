"""What all that was recorded says of identities, beyond one cluster: which are shared, and which links are trusted.

A claim (of a public key, a form, the pixel) binds nothing that the trusted links of an e-mail or phone contradict.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from domain.people.constraints import BY_HAND, other_side
from domain.touchpoints.identity import RANK, Identity
from domain.touchpoints.touchpoint import Touchpoint

Hashed = Callable[[Identity], str]
"""The hash under which an identity stands among trusted links."""

Links = dict[str, list[str]]
"""Trusted links of an e-mail or phone: by kind, the hashes of the higher identities that trusted sources reported."""

Disputes = list[tuple[int, Identity]]
"""With whom claims named an e-mail or phone though its trusted links say otherwise: the first instant of each."""


class Facts:
    """What is known of some identities. Of those that are missing here nothing is."""

    __slots__ = ("disputed", "hashed", "overclaimed", "shared", "trusted")

    def __init__(
        self,
        hashed: Hashed,
        shared: Mapping[Identity, int] | None = None,
        trusted: Mapping[Identity, Links] | None = None,
        overclaimed: Mapping[Identity, int] | None = None,
        disputed: Mapping[Identity, Disputes] | None = None,
    ) -> None:
        self.hashed = hashed
        self.shared: dict[Identity, int] = dict(shared or {})
        """From which instant an identity is shared."""
        self.trusted: dict[Identity, Links] = dict(trusted or {})
        self.overclaimed: dict[Identity, int] = dict(overclaimed or {})
        """From which instant claims have named an e-mail or phone with too many different higher identities."""
        self.disputed: dict[Identity, Disputes] = dict(disputed or {})
        """Claims that trusted links contradict. They bind nothing: whoever owns the e-mail or phone is told of them."""

    def copy(self) -> "Facts":
        """An independent copy."""
        return Facts(self.hashed, self.shared, self.trusted, self.overclaimed, self.disputed)

    def add(self, other: "Facts") -> None:
        """Take over what others are known by."""
        self.shared.update(other.shared)
        self.trusted.update(other.trusted)
        self.overclaimed.update(other.overclaimed)
        self.disputed.update(other.disputed)

    def with_others(self, other: "Facts") -> "Facts":
        """What both know, `other` where they differ; this one, which several walks may share, stays as it is."""
        both = self.copy()
        both.add(other)
        return both

    def has(self, other: "Facts") -> bool:
        """Whether all that others are known by is known here."""
        return (
            self.shared.items() >= other.shared.items()
            and self.overclaimed.items() >= other.overclaimed.items()
            and all(self.trusted.get(identity) == links for identity, links in other.trusted.items())
            and all(self.disputed.get(identity, []) == claims for identity, claims in other.disputed.items())
        )

    def of(self, identities: Iterable[Identity]) -> "Facts":
        """What is known of these identities."""
        names = list(identities)
        return Facts(
            self.hashed,
            {name: self.shared[name] for name in names if name in self.shared},
            {name: self.trusted[name] for name in names if name in self.trusted},
            {name: self.overclaimed[name] for name in names if name in self.overclaimed},
            {name: self.disputed[name] for name in names if name in self.disputed},
        )

    def is_shared(self, identity: Identity, instant: int) -> bool:
        """Whether an identity is shared at an instant."""
        return self.shared.get(identity, instant + 1) <= instant

    def bound(self, touchpoint: Touchpoint) -> tuple[Identity, ...]:
        """The identities that bind: not those shared by its instant, and of a claim none that it cannot have."""
        identities = touchpoint.identities
        if touchpoint.by_machine:
            return ()
        if self.shared:
            instant = touchpoint.instant
            identities = tuple(identity for identity in identities if not self.is_shared(identity, instant))
        if (self.trusted or self.overclaimed) and len(identities) > 1 and touchpoint.claims:
            kept: list[Identity] = []
            for identity in identities:
                if not (self.contradicted(identity, kept) or self._too_many(identity, kept, touchpoint.instant)):
                    kept.append(identity)
            return identities if len(kept) == len(identities) else tuple(kept)
        return identities

    def _too_many(self, identity: Identity, named: Sequence[Identity], instant: int) -> bool:
        """Whether too many have claimed an e-mail or phone by then: one more claim counts only if it is trusted."""
        if self.overclaimed.get(identity, instant + 1) > instant:
            return False
        higher = [each for each in named if RANK[each.kind] < RANK[identity.kind]]
        links = self.trusted.get(identity, {})
        return bool(higher) and not any(self.hashed(each) in links.get(each.kind, ()) for each in higher)

    def links(self, touchpoint: Touchpoint) -> tuple[Identity, ...]:
        """The identities whose clusters this touchpoint makes one; the first is its home. Never empty."""
        bound = self.bound(touchpoint) or touchpoint.identities[:1]
        other = other_side(touchpoint)
        if not other:
            return bound
        if touchpoint.type in BY_HAND:
            return (*bound, *touchpoint.identities, *other)
        if touchpoint.claims:
            other = tuple(cookie for cookie in other if not self.is_shared(cookie, touchpoint.instant))
        return bound + other

    def contradicted(self, identity: Identity, names: Iterable[Identity]) -> set[str]:
        """The kinds of which its trusted links name others than `names` do, and none of these."""
        links = self.trusted.get(identity)
        if links is None:
            return set()
        agrees: dict[str, bool] = {}
        for name in names:
            linked = links.get(name.kind)
            if linked is not None and not agrees.get(name.kind):
                agrees[name.kind] = self.hashed(name) in linked
        return {kind for kind, agreed in agrees.items() if not agreed}

    def contradict(self, owned: Sequence[Identity], others: Sequence[Identity]) -> bool:
        """Whether what two people own would, as one person's, be against trusted links, and is not already.

        Against them is an e-mail or phone together with identities of a kind of its trusted links, but with none of
        these; or with another e-mail or phone whose trusted links of that kind are all others.
        """
        if not self.trusted:
            return False
        both = (*owned, *others)
        for side in (owned, others):
            for identity in side:
                if self.contradicted(identity, both) - self.contradicted(identity, side):
                    return True
        linked = [(self.trusted[first], self.trusted[second]) for first in owned if first in self.trusted
                  for second in others if second in self.trusted]  # fmt: skip
        return any(self._apart(first, second, both) for first, second in linked)

    def _apart(self, first: Links, second: Links, owned: Sequence[Identity]) -> bool:
        for kind in first.keys() & second.keys():
            if set(first[kind]).isdisjoint(second[kind]):
                names = {self.hashed(identity) for identity in owned if identity.kind == kind}
                if names.isdisjoint(first[kind]) or names.isdisjoint(second[kind]):
                    return True
        return False

    def saved(self) -> tuple[dict[Identity, int], dict[Identity, Links], dict[Identity, int], dict[Identity, Disputes]]:
        """What is shared, trusted, overclaimed and disputed, in an order that does not depend on arrival."""
        return (
            dict(sorted(self.shared.items())),
            dict(sorted(self.trusted.items())),
            dict(sorted(self.overclaimed.items())),
            dict(sorted((identity, claims) for identity, claims in self.disputed.items() if claims)),
        )
