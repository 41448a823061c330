"""Finds a sentence that was written out again among its templates, by what it says: for what is stored, or is the
API's, in English."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

_PLACE: Final = re.compile(r"\\\{(\w+)\\\}")


class Templates:
    """Sentences with {names} of what varies in them; of two that fit the first is meant."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._patterns = [(text, _pattern(text)) for text in texts]

    def found(self, said: str) -> tuple[str, Mapping[str, str]] | None:
        """The template that a sentence was made of, with its values; None: of none."""
        for text, pattern in self._patterns:
            if (match := pattern.fullmatch(said)) is not None:
                return text, match.groupdict()
        return None


def _pattern(template: str) -> re.Pattern[str]:
    """What the sentence looks like with its values; a value that stands twice is the same twice."""
    seen: set[str] = set()

    def group(place: re.Match[str]) -> str:
        name = place[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>.+?)"

    return re.compile(_PLACE.sub(group, re.escape(template)), re.DOTALL)
