"""Who a cluster's touchpoints belong to: `Walk` takes them in order and keeps who owns which identity.

The rule: the highest identity of a touchpoint names the person. Two people linked by an identity on one touchpoint
become one, unless they differ in a higher kind; then that identity follows, from this instant, the person named. What
was merged and unmerged by hand is read before the walk and holds for the whole history.

A claim binds less: an e-mail or phone only where nobody owns it, or where its owner has nothing above it and the two
differ in nothing. Neither a claim nor a cookie makes one person of two where a trusted link says otherwise. What a
machine did binds nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from domain.people.constraints import Pair, standing
from domain.people.facts import Facts, Links
from domain.people.order import fold_order, walk_key
from domain.people.person import Finding, Person, machines_visitor
from domain.touchpoints.identity import RANK, Identity, canonical, ordered
from domain.touchpoints.touchpoint import Touchpoint

_COOKIE: Final = RANK["anonymous_id"]


class Claim(NamedTuple):
    """Under which identity a claim was made, and when."""

    head: Identity
    instant: int


class Walk:
    """The state of a walk: saved, it goes on with later touchpoints as if it had never stopped."""

    __slots__ = ("apart", "changed", "decided", "facts", "joined", "owner", "people", "skipped")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.people: dict[int, Person] = {}
        self.owner: dict[Identity, Person] = {}
        self.apart: Mapping[Pair, int] = {}
        self.skipped: Sequence[tuple[int, Identity, Identity]] = ()
        """Merges that a standing unmerge forbids, with their instants."""
        self.decided: frozenset[Identity] = frozenset()
        """E-mails and phones whose trusted links, or that there are none, decided something."""
        self.joined = False
        """Set when two people who both had touchpoints became one: who folds must then fold both histories anew."""
        self.changed: set[int] = set()
        """Numbers of the people of whom something changed that a saved walk says. Whoever saves it clears this."""

    def take(self, touchpoint: Touchpoint) -> tuple[Person, Touchpoint]:
        """The person to whom the next touchpoint (in the order of the walk) belongs, and it with what binds them only.

        What is shared, kept apart by hand, or could not be claimed says nothing about the person: the fold does not
        see it. Of a machine's touchpoint the fold sees no identity.
        """
        facts = self.facts
        if (
            len(touchpoint.identities) == 1
            and not facts.shared
            and touchpoint.type != "aliased"
            and "machine" not in touchpoint.context
        ):  # nearly always
            [head] = touchpoint.identities
            person = self.owner.get(head)
            if person is None or head not in person.heads:
                person = self._owner(head)
                self._name(person, head, touchpoint)
            return person, touchpoint
        if facts.shared:
            self._drop_shared(touchpoint.instant)
        if touchpoint.by_machine:
            return self._beside(touchpoint), touchpoint._replace(identities=())
        identities = facts.bound(touchpoint)
        if identities:
            head = identities[0]
            named = self._bind_all(identities, touchpoint)
        else:
            head = Identity("shared " + touchpoint.identities[0].kind, touchpoint.identities[0].value)
            named = self._owner(head)
        self._name(named, head, touchpoint)
        return named, self._as_bound(touchpoint, named)

    def constrain(self, touchpoints: Sequence[Touchpoint]) -> None:
        """Read what was merged and unmerged before the walk begins; `touchpoints` in the order of the walk."""
        self.apart, merges = standing([(touchpoint, self.facts.bound(touchpoint)) for touchpoint in touchpoints])
        for order, pair in merges:
            identity, other = sorted(pair)
            first, second = self._owner(identity), self._owner(other)
            if first is second:
                continue
            if self._kept_apart(first, second):
                self.skipped = (*self.skipped, (order[0], identity, other))
            else:
                self._unite(first, second)

    # ---- the rule ----

    def _bind_all(self, identities: tuple[Identity, ...], touchpoint: Touchpoint) -> Person:
        """Bind what a touchpoint carries to the person named, who is returned."""
        named = self._owner(identities[0])
        if len(touchpoint.identities) == 1 and touchpoint.type != "aliased":
            return named
        claim = Claim(identities[0], touchpoint.instant) if touchpoint.claims else None
        for identity in identities[1:]:
            named = self._bind(named, identity, claim)
        if touchpoint.type == "aliased":
            named = self._alias(named, touchpoint, claim)
        if claim is not None and len(identities) < len(touchpoint.identities):
            for identity in touchpoint.identities:
                if identity not in identities and not self.facts.is_shared(identity, claim.instant):
                    self._refuse(identity, claim, named)
        return named

    def _owner(self, identity: Identity) -> Person:
        person = self.owner.get(identity)
        if person is None:
            person = Person(max(self.people, default=0) + 1)
            self.people[person.number] = person
            self._give(person, identity)
        return person

    def _name(self, person: Person, head: Identity, touchpoint: Touchpoint) -> None:
        if head not in person.heads:
            person.heads[head] = walk_key(touchpoint)  # later than all before
            person.root = None
            self.changed.add(person.number)

    def _give(self, person: Person, identity: Identity) -> None:
        self.owner[identity] = person
        person.owned.append(identity)
        self.changed.add(person.number)

    def _take_away(self, identity: Identity) -> None:
        person = self.owner.pop(identity)
        person.owned.remove(identity)
        self.changed.add(person.number)

    def _bind(self, named: Person, identity: Identity, claim: Claim | None) -> Person:
        """Bind one more identity of a touchpoint to the person named; the person who is named afterwards."""
        other = self.owner.get(identity)
        if other is named:
            return named
        if self.apart and any(Pair((identity, own)) in self.apart for own in named.owned):
            self._owner(identity)
            return named
        cookie = identity.kind == "anonymous_id"
        if claim is not None and not cookie:
            return self._claim(named, other, identity, claim)
        if other is None:
            self._give(named, identity)
            return named
        parted = named.differs(other, RANK[identity.kind]) or self._kept_apart(named, other)
        if parted or (cookie and self._contradicted(named, other.owned)):
            self._take_away(identity)
            self._give(named, identity)
            return named
        return self._unite(named, other, claim)

    def _alias(self, named: Person, touchpoint: Touchpoint, claim: Claim | None) -> Person:
        """A previous id that is a known cookie is one more identity of the touchpoint."""
        previous = canonical("anonymous_id", touchpoint.properties.get("previous"))
        if previous is None:
            return named
        is_known = previous in self.owner and not self.facts.is_shared(previous, touchpoint.instant)
        if claim is None and Identity("user_id", previous.value) in self.owner:
            return named
        if is_known:
            return self._bind(named, previous, claim)
        if claim is not None:
            detail = f"{previous.value}: an alias that a public key sends adds a known cookie, and joins nobody"
            self._find(named, ("alias_skipped", detail, claim.instant))
        return named

    def _kept_apart(self, first: Person, second: Person) -> bool:
        if not self.apart:
            return False
        return any(Pair((a, b)) in self.apart for a in first.owned for b in second.owned)

    def _unite(self, first: Person, second: Person, claim: Claim | None = None) -> Person:
        if claim is not None and first.identified() and second.identified():
            self._joined(first, second, claim)
        keep, lose = sorted((first, second), key=lambda person: (not person.heads, person.number))
        if lose.heads:
            self.joined = True
        for identity in lose.owned:
            self._give(keep, identity)
        for head, key in lose.heads.items():
            earlier = keep.heads.get(head)
            keep.heads[head] = key if earlier is None else min(earlier, key)
        both = sorted({*keep.findings, *lose.findings}, key=lambda finding: (finding[2], finding))
        keep.findings = []
        for finding in both:
            keep.find(finding)
        keep.root = None
        lose.into = keep
        del self.people[lose.number]
        return keep

    # ---- claims ----

    def _claim(self, named: Person, other: Person | None, identity: Identity, claim: Claim) -> Person:
        """An e-mail or phone is claimed: only what nobody owns, or whose owner has nothing above it, can be had.

        A second user id cannot: a claim joins no user ids.
        """
        if identity.kind != "user_id":
            if other is not None and self._may_become_one(named, other, identity):
                return self._unite(named, other, claim)
            if other is None and not self._contradicted(named, [identity]):
                self._give(named, identity)
                return named
        self._refuse(identity, claim, named, other)
        return named

    def _may_become_one(self, named: Person, other: Person, identity: Identity) -> bool:
        """Whether a claim of an identity makes one person of who is named and its owner."""
        return not (
            other.owns_above(RANK[identity.kind])
            or named.differs(other, _COOKIE)
            or self._kept_apart(named, other)
            or self._contradicted(named, other.owned)
        )

    def _contradicted(self, person: Person, others: Sequence[Identity]) -> bool:
        """Whether trusted links are against one person who owns what the person does and what others own."""
        for mine, added in ((person.owned, others), (others, person.owned)):
            if all(identity.kind == "anonymous_id" for identity in added):
                continue
            for identity in mine:
                if identity.kind in ("email", "phone") and identity not in self.decided:
                    self.decided |= {identity}
                    self.changed.add(person.number)
        return self.facts.contradict(person.owned, others)

    def _refuse(self, identity: Identity, claim: Claim, *people: Person | None) -> None:
        """A claim could not bind an identity: a finding of both leads."""
        finding = ("claim_not_bound", f"{identity} with {claim.head}", claim.instant)
        for person in people:
            if person is not None:
                self._find(person, finding)

    def _joined(self, person: Person, other: Person, claim: Claim) -> None:
        first, second = sorted((person.name(), other.name()))
        self._find(person, ("claim_joined", f"{first} with {second}", claim.instant))

    def _find(self, person: Person, finding: Finding) -> None:
        if person.find(finding):
            self.changed.add(person.number)

    def _as_bound(self, touchpoint: Touchpoint, named: Person) -> Touchpoint:
        """The touchpoint with what is the person's only: an e-mail or phone that is not, its profile does not say."""
        owner = self.owner
        foreign = [identity for identity in touchpoint.identities if owner.get(identity) is not named]
        if not foreign:
            return touchpoint
        mine = tuple(identity for identity in touchpoint.identities if owner.get(identity) is named)
        theirs = {identity.value for identity in foreign if identity.kind in ("email", "phone")}
        profile = touchpoint.profile
        if theirs and not theirs.isdisjoint(value for value in profile.values() if isinstance(value, str)):
            profile = {key: value for key, value in profile.items() if not (isinstance(value, str) and value in theirs)}
        return touchpoint._replace(identities=mine, profile=profile)

    # ---- machines ----

    def _beside(self, touchpoint: Touchpoint) -> Person:
        """With whom a machine's touchpoint lies: the owner of its highest identity, else a visitor of its own."""
        highest = touchpoint.identities[0]
        person = self.owner.get(highest)
        if person is None or not person.heads:
            head = machines_visitor(highest)
            person = self._owner(head)
            self._name(person, head, touchpoint)
        return person

    # ---- shared identities and trusted links ----

    def learn(self, facts: Facts, last: int) -> bool:
        """Take note of what is known of identities; whether that touches what was taken, up to the instant `last`.

        Then all must be walked again.
        """
        current, again = self.facts, False
        for identity, since in facts.shared.items():
            before = current.shared.get(identity)
            if before != since:
                if identity in self.owner:
                    self.changed.add(self.owner[identity].number)  # what counts as theirs
                again = again or (since <= last and (before is not None or identity in self.owner))
        for identity, claims in facts.disputed.items():
            if identity in self.owner and current.disputed.get(identity, []) != claims:
                self.changed.add(self.owner[identity].number)  # whom it is a finding of
        self.facts = current.with_others(facts)  # of two links that come together each may decide against the other
        for identity, links in facts.trusted.items():
            again = again or self._depends(identity, current.trusted.get(identity, {}), links)
        return again

    def _depends(self, identity: Identity, before: Links, after: Links) -> bool:
        """Whether what was decided of an e-mail or phone may differ with other trusted links."""
        if before == after or identity not in self.decided:
            return False
        for kind in after:
            old, new = set(before.get(kind, ())), set(after[kind])
            if not old <= new:
                return True
            if old != new:
                names = self._names(kind, identity)
                if names & (new - old) if old else names - new:
                    return True
        return False

    def _names(self, kind: str, apart_from: Identity) -> set[str]:
        """Hashes of a kind that anything here goes by: its own identities, and the trusted links of all but one."""
        names = {self.facts.hashed(each) for each in (*self.owner, *self.facts.shared) if each.kind == kind}
        for identity, links in self.facts.trusted.items():
            if identity != apart_from:
                names.update(links.get(kind, ()))
        return names

    def _drop_shared(self, instant: int) -> None:
        for identity, since in self.facts.shared.items():
            if since <= instant and identity in self.owner:
                self._take_away(identity)

    # ---- what is known of a person ----

    def owned(self, person: Person, until: int) -> tuple[Identity, ...]:
        """The identities that count as the person's at an instant, in canonical order."""
        return ordered(i for i in person.owned if i.kind in RANK and not self.facts.is_shared(i, until))


def assign(touchpoints: Iterable[Touchpoint], facts: Facts | None = None) -> tuple[Walk, dict[int, list[Touchpoint]]]:
    """Walk a cluster's touchpoints: the walk, and by each person's number their history in the order of the fold.

    Pure: the order in which `touchpoints` are given does not matter. Repeats of one id are the caller's to drop.
    Without `facts` nothing is known of identities.
    """
    walk = Walk(Facts(str) if facts is None else facts.copy())
    walked = sorted(touchpoints, key=walk_key)
    walk.constrain(walked)
    histories: dict[int, list[Touchpoint]] = {}
    for person, touchpoint in [walk.take(each) for each in walked]:
        histories.setdefault(person.survivor().number, []).append(touchpoint)
    for history in histories.values():
        history.sort(key=fold_order)
    walk.joined = False
    return walk, histories
