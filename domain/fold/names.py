"""What people call somebody, by what is known of them; and by what a list of names is sorted."""

from collections.abc import Mapping
from typing import Any, Final
from unicodedata import category, normalize

from domain.touchpoints.text import storable

SORTED_BY: Final = 60
"""Characters of a name that count where names are sorted."""


def full_name(profile: Mapping[str, Any]) -> str | None:
    """The name: whole where somebody said it so, else put together, the family name first where it is Han or Hangul."""
    for field in ("name", "full_name"):
        if name := _text(profile, field):
            return name
    first, last = _text(profile, "first_name"), _text(profile, "last_name")
    if first and last:
        return f"{last}{first}" if _family_name_first(first) and _family_name_first(last) else f"{first} {last}"
    return first or last


def sorted_by(name: str) -> str | None:
    """What a name is sorted by: letters alone, no case, no width; None where nothing is left of it."""
    folded = normalize("NFKC", normalize("NFKC", storable(name[: 4 * SORTED_BY])).casefold())
    begin = next((place for place, each in enumerate(folded) if category(each)[0] in "LN"), len(folded))
    return folded[begin : begin + SORTED_BY].rstrip() or None


def _text(profile: Mapping[str, Any], field: str) -> str | None:
    text = profile.get(field)
    return text if isinstance(text, str) and text else None


def _family_name_first(text: str) -> bool:
    return "\u2e80" <= text[0] <= "\u9fff" or "\uac00" <= text[0] <= "\ud7ff" or text[0] >= "\U00020000"
