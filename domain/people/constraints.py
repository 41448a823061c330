"""What is said of two people by hand: merged, unmerged and aliased. It holds for the whole history."""

from collections.abc import Iterable, Sequence
from typing import Final

from domain.touchpoints.identity import RANK, Identity, canonical, ordered
from domain.touchpoints.touchpoint import Touchpoint

Pair = frozenset[Identity]
Order = tuple[int, int, str, str]

BY_HAND: Final = ("merged", "unmerged")
NAMES_OTHERS: Final = frozenset((*BY_HAND, "aliased"))
"""Types whose touchpoints link more than the identities that they carry."""


def other_side(touchpoint: Touchpoint) -> tuple[Identity, ...]:
    """The second side of a `merged`, `unmerged` or `aliased` touchpoint.

    Of an alias's `previous` both kinds that it may be of; in a claim it can only be a cookie.
    """
    if touchpoint.by_machine:
        return ()
    if touchpoint.type == "aliased":
        previous = touchpoint.properties.get("previous")
        kinds = ("anonymous_id",) if touchpoint.claims else ("user_id", "anonymous_id")
        possible = [canonical(kind, previous) for kind in kinds]
        return tuple(identity for identity in possible if identity is not None)
    if touchpoint.type in BY_HAND:
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
    if touchpoint.type == "aliased":
        return not (touchpoint.claims or touchpoint.by_machine)
    return touchpoint.type in BY_HAND and not touchpoint.by_machine


def constraints(touchpoint: Touchpoint, seen: set[Identity]) -> Iterable[tuple[Pair, bool]]:
    """The pairs that a touchpoint says are one person (True) or two (False); `seen` bound at earlier ones."""
    if not looks_back(touchpoint):
        return
    if touchpoint.type == "aliased":
        previous = canonical("user_id", touchpoint.properties.get("previous"))
        new = touchpoint.identities[0]
        if previous is None or new.kind != "user_id" or previous == new:
            return
        if previous not in seen and Identity("anonymous_id", previous.value) in seen:
            return  # a cookie: the walk binds it
        yield Pair((new, previous)), True
        return
    for own in touchpoint.identities:
        for other in other_side(touchpoint):
            if own != other:
                yield Pair((own, other)), touchpoint.type == "merged"


def standing(
    touchpoints: Sequence[tuple[Touchpoint, Iterable[Identity]]],
) -> tuple[dict[Pair, int], list[tuple[Order, Pair]]]:
    """Who is kept apart since when it was said, and who is joined and by what, in order: of what was said about a pair
    the last holds.

    `touchpoints` are in the order of the walk, each with the identities that bind at it.
    """
    last: dict[Pair, tuple[Order, bool]] = {}
    seen: set[Identity] = set()
    for touchpoint, bound in touchpoints:
        for pair, together in constraints(touchpoint, seen):
            if pair not in last or last[pair][0] <= touchpoint.order:
                last[pair] = (touchpoint.order, together)
        seen.update(bound)
    apart = {pair: order[0] for pair, (order, together) in last.items() if not together}
    merges = [(order, sorted(pair), pair) for pair, (order, together) in last.items() if together]
    return apart, [(order, pair) for order, _, pair in sorted(merges, key=lambda merge: merge[:2])]
