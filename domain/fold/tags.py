"""Tags of a lead: words that people put on it, and take away."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.touchpoints.text import storable

TAGGED: Final = "tagged"
"""The touchpoint by which they do: its `set` and `unset` are lists of names."""
MOST: Final = 100
"""Tags of one lead."""


def tags_after(tags: Sequence[str] | None, said: Mapping[str, Any]) -> list[str] | None:
    """The tags of a lead after what a touchpoint says of them, in the order in which they were put on it."""
    gone = _names(said.get("unset"))
    kept = dict.fromkeys([*(tags or ()), *_names(said.get("set"))])
    return [name for name in kept if name not in gone][:MOST] or None


def _names(value: object) -> list[str]:
    """Names among what is said; anything else is none."""
    return [storable(each) for each in value if isinstance(each, str) and each] if isinstance(value, list) else []
