"""What a condition depends on beside the lead: other segments."""

from domain.conditions.tree import Condition, InSegment, leaves


def segments_of(condition: Condition) -> frozenset[str]:
    """The segments that a condition asks for."""
    return frozenset(name for leaf in leaves(condition) if isinstance(leaf, InSegment) for name in leaf.names)
