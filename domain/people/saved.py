"""A walk's saved bytes."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, msgpack

from domain.people.constraints import Pair
from domain.people.facts import Disputes, Facts, Hashed, Links
from domain.people.order import WalkKey
from domain.people.person import Finding, Person
from domain.people.walk import Walk
from domain.touchpoints.identity import Identity


class SavedWalk(Struct, array_like=True):
    """The form of a walk's saved bytes."""

    people: list[tuple[int, list[Identity], dict[Identity, WalkKey], list[Finding]]]
    """Number, owned, heads, findings."""
    apart: list[tuple[list[Identity], int]]
    skipped: Sequence[tuple[int, Identity, Identity]]
    shared: dict[Identity, int]
    trusted: dict[Identity, Links]
    overclaimed: dict[Identity, int]
    disputed: dict[Identity, Disputes]
    decided: list[Identity]


_DECODER: Final = msgpack.Decoder(SavedWalk)


def dump_walk(walk: Walk) -> bytes:
    """The saved walk; `load_walk` gives the same."""
    people = [(person.number, person.owned, person.heads, person.findings) for person in walk.people.values()]
    apart = sorted((sorted(pair), instant) for pair, instant in walk.apart.items())
    return msgpack.encode(SavedWalk(people, apart, walk.skipped, *walk.facts.saved(), sorted(walk.decided)))


def load_walk(saved: bytes, hashed: Hashed) -> Walk:
    """The walk that was dumped. Raises msgspec.ValidationError."""
    state = _DECODER.decode(saved)
    walk = Walk(Facts(hashed, state.shared, state.trusted, state.overclaimed, state.disputed))
    for number, owned, heads, findings in state.people:
        person = walk.people[number] = Person(number)
        person.owned, person.heads, person.findings = owned, heads, findings
        walk.owner.update(dict.fromkeys(owned, person))
    walk.apart = {Pair(pair): instant for pair, instant in state.apart}
    walk.skipped, walk.decided = state.skipped, frozenset(state.decided)
    return walk
