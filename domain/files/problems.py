"""What is wrong with a file that a person wrote: where, what was found, what is allowed; all of it at once."""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from domain.errors import Problems
from domain.phrases import phrase

Path = tuple[str | int, ...]
"""Keys and places (counted from 0) from the file's root to the value."""

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_SHOWN: Final = 80
"""Longest text of a found value that a message repeats, in characters."""


class Mistake(NamedTuple):
    """One thing that is wrong. `text` says what was found and what is allowed."""

    path: Path
    text: str

    def __str__(self) -> str:
        return f"{show_path(self.path)}: {self.text}" if self.path else self.text


class ModelError(Problems, ValueError):
    """A file of rules that cannot be used: misconfigured, its author mends it. Nothing was changed.

    `mistakes` holds the problems, `problems` the same as lines `key: found X, allowed Y`. A text is a problem too.
    `lines` are for the file's author: with line numbers and the names of entries, where the file is known.
    """

    def __init__(self, mistakes: Iterable[Mistake | str], lines: Iterable[str] = ()) -> None:
        self.mistakes = tuple(Mistake((), mistake) if isinstance(mistake, str) else mistake for mistake in mistakes)
        super().__init__(map(str, self.mistakes))
        self._lines = tuple(lines) or tuple(self.problems)

    @property
    def lines(self) -> Sequence[str]:
        """The problems as the file's author looks for them."""
        return self._lines

    def under(self, path: Path) -> tuple[Mistake, ...]:
        """The same problems, seen from further outside."""
        return tuple(Mistake(path + problem.path, problem.text) for problem in self.mistakes)


def show_path(path: Path) -> str:
    """A path as a TOML reader would write it: `score.rules[2].where."profile.title"`."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            shown += ("." if shown else "") + show_key(part)
    return shown


def show_key(key: str) -> str:
    """A key as TOML writes it: in quotes where it needs them."""
    return key if _BARE.match(key) else json.dumps(key, ensure_ascii=False)


def show(value: Any) -> str:
    """A found value in a message: short, in TOML's words, and safe for any value that TOML can hold."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "...", ensure_ascii=False)
        case int() if abs(value) >= 10**_SHOWN:
            return "a very large number"
        case list() | tuple():
            return "a list" if value else "an empty list"
        case dict():
            return "a table" if value else "an empty table"
        case None:
            return "nothing"
        case _:
            return str(value)


def not_allowed(value: Any, allowed: str) -> str:
    """The text of most problems."""
    return f"found {show(value)}, allowed is {allowed}"


def unknown(word: str, allowed: Iterable[str], kind: str = "key") -> str:
    """The text for a word that is none of the allowed ones, with the likeliest of them where one is near."""
    words = list(allowed)
    return f"unknown {kind} {show(word)}{meant(word, words)}; allowed: {', '.join(words)}"


def meant(word: str, words: Iterable[str]) -> str:
    """The end of a message that names the word nearest in spelling; "" where none is near."""
    lowered = {candidate.lower(): candidate for candidate in words}
    near = difflib.get_close_matches(word[:_SHOWN].lower(), lowered, n=1, cutoff=0.6)
    return phrase(" (did you mean {name}?)", name=lowered[near[0]]) if near else ""


def among(word: str, allowed: Iterable[str]) -> dict[str, Any]:
    """The values of a phrase about a word that is none of the allowed ones: `found`, `hint` and `allowed`."""
    words = tuple(allowed)
    return {"found": show(word), "hint": meant(word, words), "allowed": words}
