"""Ids that sources give to what they send, whole however long they are."""

from typing import Final

from domain.touchpoints.text import as_text, is_plain, shortened, storable, tidy

LIMIT: Final = 200
"""Longest id of an envelope, in characters."""


def given_id(value: object) -> str:
    """The id that a text or whole number is ("": none). One longer than the envelope allows is its hash."""
    if isinstance(value, str) and 0 < len(value) <= LIMIT and is_plain(value):
        return value
    return shortened(tidy(storable(as_text(value) or "")), LIMIT)
