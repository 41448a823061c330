"""Who a cluster's touchpoints belong to: `Walk` takes them in order and keeps who owns which identity.

The rule: the highest identity of a touchpoint names the person. Two people linked by an identity on one touchpoint
become one, unless they differ in a higher kind; then that identity follows, from this instant, the person named. What
was merged and unmerged by hand is read before the walk and holds for the whole history.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec import Struct, msgpack

from domain.people.constraints import Pair, constraints
from domain.people.links import Shared, bound
from domain.people.order import WalkKey, fold_order, walk_key
from domain.people.person import Person
from domain.touchpoints.identity import RANK, Identity, canonical, ordered
from domain.touchpoints.touchpoint import Touchpoint


class SavedWalk(Struct, array_like=True):
    """The form of a walk's saved bytes."""

    people: list[tuple[int, list[Identity], dict[Identity, WalkKey]]]
    """Number, owned, heads."""
    apart: list[tuple[Identity, ...]]
    skipped: list[tuple[int, Identity, Identity]]
    shared: dict[Identity, int]


_DECODER: Final = msgpack.Decoder(SavedWalk)


class Walk:
    """The state of a walk: saved, it goes on with later touchpoints as if it had never stopped."""

    __slots__ = ("apart", "changed", "joined", "owner", "people", "shared", "skipped")

    def __init__(self) -> None:
        self.people: dict[int, Person] = {}
        self.owner: dict[Identity, Person] = {}
        self.apart: set[Pair] = set()
        self.skipped: list[tuple[int, Identity, Identity]] = []
        """Merges that a standing unmerge forbids, with their instants."""
        self.shared: dict[Identity, int] = {}
        self.joined = False
        """Set when two people who both had touchpoints became one: who folds must then fold both histories anew."""
        self.changed: set[int] = set()
        """Numbers of the people of whom something changed that a saved walk says. Whoever saves it clears this."""

    def take(self, touchpoint: Touchpoint) -> tuple[Person, Touchpoint]:
        """The person to whom the next touchpoint (in the order of the walk) belongs, and it with what binds them only.

        What is shared, or kept apart by hand, says nothing about the person: the fold does not see it.
        """
        if not self.shared and len(touchpoint.identities) == 1:
            [head] = touchpoint.identities
            known = self.owner.get(head)
            if known is not None and head in known.heads and touchpoint.type != "aliased":  # nearly always
                return known, touchpoint
        if self.shared:
            self._drop_shared(touchpoint.instant)
        identities = bound(touchpoint, self.shared)
        if identities:
            named = self._owner(identities[0])
            for identity in identities[1:]:
                named = self._bind(named, identity)
            if touchpoint.type == "aliased":
                named = self._alias(named, touchpoint)
            head = identities[0]
        else:
            head = Identity("shared " + touchpoint.identities[0].kind, touchpoint.identities[0].value)
            named = self._owner(head)
        if head not in named.heads:
            named.heads[head] = walk_key(touchpoint)  # later than all before
            named.root = None
            self.changed.add(named.number)
        owner = self.owner
        for identity in touchpoint.identities:
            if owner.get(identity) is not named:
                mine = tuple(each for each in touchpoint.identities if owner.get(each) is named)
                return named, touchpoint._replace(identities=mine)
        return named, touchpoint

    def constrain(self, touchpoints: Sequence[Touchpoint]) -> None:
        """Read what was merged and unmerged before the walk begins; `touchpoints` in the order of the walk."""
        last: dict[Pair, tuple[tuple[Any, ...], bool]] = {}
        seen: set[Identity] = set()
        for touchpoint in touchpoints:
            for pair, together in constraints(touchpoint, seen):
                if pair not in last or last[pair][0] <= touchpoint.order:
                    last[pair] = (touchpoint.order, together)
            seen.update(touchpoint.identities)
        self.apart = {pair for pair, (_, together) in last.items() if not together}
        merges = [(order, sorted(pair), pair) for pair, (order, together) in last.items() if together]
        for order, (one, two), _ in sorted(merges):
            first, second = self._owner(one), self._owner(two)
            if first is second:
                continue
            if self._kept_apart(first, second):
                self.skipped.append((order[0], one, two))
            else:
                self._unite(first, second)

    # ---- the rule ----

    def _owner(self, identity: Identity) -> Person:
        person = self.owner.get(identity)
        if person is None:
            person = Person(max(self.people, default=0) + 1)
            self.people[person.number] = person
            self._give(person, identity)
        return person

    def _give(self, person: Person, identity: Identity) -> None:
        self.owner[identity] = person
        person.owned.append(identity)
        self.changed.add(person.number)

    def _take_away(self, identity: Identity) -> None:
        person = self.owner.pop(identity)
        person.owned.remove(identity)
        self.changed.add(person.number)

    def _bind(self, named: Person, identity: Identity) -> Person:
        """Bind one more identity of a touchpoint to the person named; the person who is named afterwards."""
        other = self.owner.get(identity)
        if other is named:
            return named
        if self.apart and any(Pair((identity, own)) in self.apart for own in named.owned):
            self._owner(identity)
            return named
        if other is None:
            self._give(named, identity)
            return named
        if named.differs(other, RANK[identity.kind]) or self._kept_apart(named, other):
            self._take_away(identity)
            self._give(named, identity)
            return named
        return self._unite(named, other)

    def _alias(self, named: Person, touchpoint: Touchpoint) -> Person:
        """A previous id that is a known cookie is one more identity of the touchpoint."""
        previous = canonical("anonymous_id", touchpoint.properties.get("previous"))
        if previous is None or previous not in self.owner or Identity("user_id", previous.value) in self.owner:
            return named
        return named if self._is_shared(previous, touchpoint.instant) else self._bind(named, previous)

    def _kept_apart(self, one: Person, two: Person) -> bool:
        if not self.apart:
            return False
        return any(Pair((a, b)) in self.apart for a in one.owned for b in two.owned)

    def _unite(self, one: Person, two: Person) -> Person:
        keep, lose = (one, two) if (bool(one.heads), -one.number) >= (bool(two.heads), -two.number) else (two, one)
        if lose.heads:
            self.joined = True
        for identity in lose.owned:
            self._give(keep, identity)
        for head, key in lose.heads.items():
            known = keep.heads.get(head)
            keep.heads[head] = key if known is None else min(known, key)
        keep.root = None
        lose.into = keep
        del self.people[lose.number]
        return keep

    # ---- shared identities ----

    def _is_shared(self, identity: Identity, instant: int) -> bool:
        return self.shared.get(identity, instant + 1) <= instant

    def _drop_shared(self, instant: int) -> None:
        for identity, since in self.shared.items():
            if since <= instant and identity in self.owner:
                self._take_away(identity)

    def owned(self, person: Person, until: int) -> tuple[Identity, ...]:
        """The identities that count as the person's at an instant, in canonical order."""
        return ordered(i for i in person.owned if i.kind in RANK and not self._is_shared(i, until))

    def findings(self, person: Person) -> list[list[Any]]:
        """What a data steward should know of how this person was put together: [kind, detail, instant]."""
        return [
            ["merge_skipped", f"{one} with {two}: they were unmerged", instant]
            for instant, one, two in self.skipped
            if person in (self.owner.get(one), self.owner.get(two))
        ]

    # ---- saved state ----

    def dump(self) -> bytes:
        """The saved walk; `load` gives the same walk."""
        people = [(person.number, person.owned, person.heads) for person in self.people.values()]
        apart = sorted(tuple(sorted(pair)) for pair in self.apart)
        return msgpack.encode(SavedWalk(people, apart, self.skipped, self.shared))

    @classmethod
    def load(cls, saved: bytes) -> "Walk":
        """The walk that was dumped. Raises msgspec.ValidationError."""
        walk, state = cls(), _DECODER.decode(saved)
        for number, owned, heads in state.people:
            person = walk.people[number] = Person(number)
            person.owned, person.heads = owned, heads
            walk.owner.update(dict.fromkeys(owned, person))
        walk.apart = {Pair(pair) for pair in state.apart}
        walk.skipped, walk.shared = state.skipped, state.shared
        return walk


def assign(touchpoints: Iterable[Touchpoint], shared: Shared | None = None) -> tuple[Walk, dict[int, list[Touchpoint]]]:
    """Walk a cluster's touchpoints: the walk, and by each person's number their history in the order of the fold.

    Pure: the order in which `touchpoints` are given does not matter. Repeats of one id are the caller's to drop.
    """
    walk = Walk()
    walk.shared = dict(shared or {})
    walked = sorted(touchpoints, key=walk_key)
    walk.constrain(walked)
    histories: dict[int, list[Touchpoint]] = {}
    for person, touchpoint in [walk.take(each) for each in walked]:
        histories.setdefault(person.survivor().number, []).append(touchpoint)
    for history in histories.values():
        history.sort(key=fold_order)
    walk.joined = False
    return walk, histories
