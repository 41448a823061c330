"""The order in which a cluster's touchpoints are walked."""

from domain.touchpoints.touchpoint import Touchpoint

WalkKey = tuple[int, int, int, str, str]


def walk_key(touchpoint: Touchpoint) -> WalkKey:
    """The order of the walk: that of the fold, but within an instant who carries more identities goes first.

    What a machine did comes after all that people did in that instant.
    """
    return (
        touchpoint.instant,
        1 if touchpoint.by_machine else -len(touchpoint.identities),
        touchpoint.seq,
        touchpoint.id,
        touchpoint.source.name,
    )


def fold_order(touchpoint: Touchpoint) -> tuple[int, int, str, str]:
    """The order of the fold, as a key to sort by."""
    return touchpoint.order
