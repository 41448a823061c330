"""Ids that sources give to what they send, whole however long they are."""

from typing import Final

from domain.touchpoints.text import shortened, storable, tidy

LIMIT: Final = 200
"""Longest id of an envelope, in characters."""


def given_id(value: object) -> str:
    """The id that a text or whole number is ("": none). One longer than the envelope allows is its hash."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return shortened(tidy(storable(str(value))), LIMIT)
