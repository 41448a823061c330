"""The order in which a cluster's touchpoints are walked."""

from domain.touchpoints.touchpoint import Touchpoint

WalkKey = tuple[int, int, int, str, str]


def walk_key(touchpoint: Touchpoint) -> WalkKey:
    """The order of the walk: that of the fold, but within an instant the touchpoint with more identities first."""
    return (
        touchpoint.instant,
        -len(touchpoint.identities),
        touchpoint.seq,
        touchpoint.id,
        touchpoint.source.name,
    )


def fold_order(touchpoint: Touchpoint) -> tuple[int, int, str, str]:
    """The order of the fold, as a key to sort by."""
    return touchpoint.order
