"""Segments that ask for other segments: none for itself, and no chain too long to follow."""

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Final

from domain.files.problems import Mistake, ModelError

LONGEST: Final = 16
"""Most segments in a row of which each asks for the next."""


def check_chains(asks: Mapping[str, Collection[str]]) -> None:
    """Refuse a segment that asks for itself, also through others, and chains longer than `LONGEST`.

    `asks` says, in the file's order, for which others each segment asks. Raises ModelError.
    """
    places = {name: place for place, name in enumerate(asks)}
    try:
        order = tuple(TopologicalSorter(asks).static_order())
    except CycleError as error:
        cycle = list(reversed(error.args[1]))[:-1]  # from who asks to who is asked
        first = cycle.index(min(cycle, key=lambda name: places[name]))
        chain = " -> ".join([*cycle[first:], *cycle[:first], cycle[first]])
        text = f"found a segment that asks for itself: {chain}; allowed are segments that ask for others"
        raise ModelError([Mistake((places[cycle[first]], "when"), text)]) from None
    lengths: dict[str, int] = {}
    for name in order:  # who is asked comes first
        lengths[name] = 1 + max((lengths[other] for other in asks.get(name, ())), default=0)
    text = (
        f"found the first of a chain of {LONGEST + 1} segments of which each asks for the next, allowed are {LONGEST}"
    )
    too_long = [Mistake((places[name], "when"), text) for name, length in lengths.items() if length == LONGEST + 1]
    if too_long:
        raise ModelError(too_long)
