"""One person of a walk."""

from domain.people.order import WalkKey
from domain.touchpoints.identity import RANK, Identity


class Person:
    """One person of a walk: what they own, and the first walk key of each identity that named them."""

    __slots__ = ("heads", "into", "number", "owned", "root")

    def __init__(self, number: int) -> None:
        self.number = number
        self.owned: list[Identity] = []
        self.heads: dict[Identity, WalkKey] = {}
        """Empty while no touchpoint named them: then they are no lead."""
        self.root: Identity | None = None
        self.into: Person | None = None
        """Whom this person became one with."""

    def survivor(self) -> "Person":
        """The person that this one is now, after all unions."""
        person = self
        while person.into is not None:
            person = person.into
        return person

    def differs(self, other: "Person", rank: int) -> bool:
        """Whether both own identities of one kind higher than `rank`: other ones, since each has one owner."""
        mine = {RANK[identity.kind] for identity in self.owned}
        return any(RANK[identity.kind] in mine for identity in other.owned if RANK[identity.kind] < rank)

    def name(self) -> Identity:
        """The identity that the lead's id is made of: of the earliest touchpoint that has one above a cookie."""
        if self.root is None:
            above = [(key, head) for head, key in self.heads.items() if head.kind != "anonymous_id"]
            self.root = min(above or [(key, head) for head, key in self.heads.items()])[1]
        return self.root
