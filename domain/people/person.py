"""One person of a walk."""

from typing import Final

from domain.people.order import WalkKey
from domain.touchpoints.identity import RANK, Identity

Finding = tuple[str, str, int]
"""Kind, detail, instant."""

FINDINGS: Final = 20
"""Most findings that are kept of one person's claims: the first."""


def machines_visitor(highest: Identity) -> Identity:
    """By what the visitor is named with whom a machine's touchpoint lies while nobody owns its highest identity."""
    return Identity("machine " + highest.kind, highest.value)


class Person:
    """One person of a walk: what they own, and the first walk key of each identity that named them."""

    __slots__ = ("findings", "heads", "into", "number", "owned", "root")

    def __init__(self, number: int) -> None:
        self.number = number
        self.owned: list[Identity] = []
        self.heads: dict[Identity, WalkKey] = {}
        """Empty while no touchpoint named them: then they are no lead."""
        self.findings: list[Finding] = []
        """What claims could not do, or did, to this person: each (kind, detail) once."""
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

    def owns_above(self, rank: int) -> bool:
        """Whether they own an identity of a kind higher than `rank`."""
        return any(RANK[identity.kind] < rank for identity in self.owned)

    def identified(self) -> bool:
        """Whether a touchpoint named them by more than a cookie."""
        return any(head.kind != "anonymous_id" for head in self.heads)

    def find(self, finding: Finding) -> bool:
        """Keep a finding, unless it is known or there are too many; whether it was kept."""
        if len(self.findings) >= FINDINGS or any(kept[:2] == finding[:2] for kept in self.findings):
            return False
        self.findings.append(finding)
        return True

    def name_at(self, instant: int) -> Identity | None:
        """What the name was after all that happened until an instant; None: no touchpoint had named them."""
        heads = [(key, head) for head, key in self.heads.items() if key[0] <= instant]
        return min([each for each in heads if each[1].kind != "anonymous_id"] or heads)[1] if heads else None

    def name(self) -> Identity:
        """The identity that the lead's id is made of: of the earliest touchpoint that has one above a cookie."""
        if self.root is None:
            above = [(key, head) for head, key in self.heads.items() if head.kind != "anonymous_id"]
            self.root = min(above or [(key, head) for head, key in self.heads.items()])[1]
        return self.root
