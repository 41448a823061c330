"""What a condition depends on beside the lead: other segments, and where a day begins."""

from domain.conditions.tree import Condition, DateField, DidDistinct, DidWhen, InSegment, leaves


def segments_of(condition: Condition) -> frozenset[str]:
    """The segments that a condition asks for."""
    return frozenset(name for leaf in leaves(condition) if isinstance(leaf, InSegment) for name in leaf.names)


def reads_days(condition: Condition) -> bool:
    """Whether it depends on where a day begins: on the model's time zone."""
    return any(_reads_days(leaf) for leaf in leaves(condition))


def _reads_days(leaf: Condition) -> bool:
    match leaf:
        case DateField():
            return True
        case DidDistinct(path=path):
            return not path
        case DidWhen(operand=operand):
            return isinstance(operand, str) and is_day(operand)
        case _:
            return False


def is_day(date: str) -> bool:
    """Whether the operand of a date is a day: that one is shorter than a time."""
    return len(date) == len("2026-12-01")
