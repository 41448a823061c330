"""What is said of two people by hand: merged, unmerged and aliased. It holds for the whole history."""

from collections.abc import Iterable

from domain.touchpoints.identity import RANK, Identity, canonical, ordered
from domain.touchpoints.touchpoint import Touchpoint

Pair = frozenset[Identity]


def other_side(touchpoint: Touchpoint) -> tuple[Identity, ...]:
    """The second side of a `merged`, `unmerged` or `aliased` touchpoint; of `previous` both kinds that it may be of."""
    if touchpoint.type == "aliased":
        previous = touchpoint.properties.get("previous")
        found = (canonical("user_id", previous), canonical("anonymous_id", previous))
        return tuple(identity for identity in found if identity is not None)
    if touchpoint.type in ("merged", "unmerged"):
        pairs = touchpoint.properties.get("with")
        if not isinstance(pairs, list):
            return ()
        sides = [
            canonical(pair["kind"], pair.get("value"))
            for pair in pairs
            if isinstance(pair, dict) and pair.get("kind") in RANK
        ]
        return ordered(identity for identity in sides if identity is not None)
    return ()


def looks_back(touchpoint: Touchpoint) -> bool:
    """Whether it holds for the whole history, so that its cluster must be walked again."""
    return touchpoint.type in ("merged", "unmerged", "aliased")


def constraints(touchpoint: Touchpoint, seen: set[Identity]) -> Iterable[tuple[Pair, bool]]:
    """The pairs that a touchpoint says are one person (True) or two (False); `seen` are identities of earlier ones."""
    if touchpoint.type == "aliased":
        previous = canonical("user_id", touchpoint.properties.get("previous"))
        new = touchpoint.identities[0]
        if previous is None or new.kind != "user_id" or previous == new:
            return
        known = previous in seen
        if not known and Identity("anonymous_id", previous.value) in seen:
            return  # a cookie: `take` binds it
        if known and touchpoint.source.kind == "browser":
            return  # a public key joins no two people who are known
        yield Pair((new, previous)), True
    elif touchpoint.type in ("merged", "unmerged"):
        for one in touchpoint.identities:
            for two in other_side(touchpoint):
                if one != two:
                    yield Pair((one, two)), touchpoint.type == "merged"
