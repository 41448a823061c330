"""Paths as one text: their steps in order, so written that it is read back as just these steps."""

from collections.abc import Sequence
from typing import Final

import orjson

NOTHING: Final = "nothing"
"""The path of those who did nothing."""
_APART: Final = " > "


def path_text(steps: Sequence[str]) -> str:
    """The steps of a path as people read them; one that would be read as something else stands in quotes."""
    return _APART.join(map(_written, steps)) or NOTHING


def steps_of(path: str) -> list[str]:
    """The steps of such a text. Raises ValueError where it is none."""
    if path == NOTHING:
        return []
    steps, rest = list[str](), path
    while True:
        quoted = rest.startswith('"')
        end = _end_of_quotes(rest) if quoted else rest.find(_APART) % (len(rest) + 1)
        step = orjson.loads(rest[:end]) if quoted else rest[:end]
        if not isinstance(step, str) or (_written(step) != rest[:end]):
            raise ValueError("not written as paths are")
        steps.append(step)
        if end == len(rest):
            return steps
        if not rest.startswith(_APART, end):
            raise ValueError("no end of a step")
        rest = rest[end + len(_APART) :]


def _end_of_quotes(text: str) -> int:
    """Where the text in quotes ends that begins it. Raises ValueError."""
    place = 1
    while text[place : place + 1] != '"':
        if place >= len(text):
            raise ValueError("no end of quotes")
        place += 2 if text[place] == "\\" else 1
    return place + 1


def _written(step: str) -> str:
    plain = step not in ("", NOTHING) and not step.startswith('"') and ">" not in step and step == step.strip()
    return step if plain else orjson.dumps(step).decode()
