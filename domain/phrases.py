"""Texts for people, in English, with what they are made of: so a page says them in the language of its reader.

A template names its values and, behind a colon, what each is: `phrase("it is in stage {to:stage} already", to=to)`.
Of an `instant` English says the RFC 3339 text, of several names all of them; a page says a label, or a local time.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from string import Formatter
from types import MappingProxyType
from typing import Any, Final

_EPOCH: Final = datetime(1970, 1, 1)
INSTANT: Final = "instant"
NAMES: Final = frozenset(
    ("stage", "owner", "field", "reason", "tag", "segment", "type", "input", "role", "identity", "foreign")
)
"""What a value may be the name of, or several values the names; `foreign` is what another program says in English."""


class Phrase(str):
    """An English text; `template` and `values` are what it is made of. A value may be a phrase, too."""

    template: str = ""
    values: Mapping[str, Any] = MappingProxyType({})

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy has the parts, too."""
        return _made, (self.template, dict(self.values))

    def said(self, template: str, say: Callable[[Any, str], str]) -> str:
        """The same by another template; `say` writes a value out, of which the template says what it is."""
        return _Said(say).vformat(template, (), self.values)


def phrase(template: str, /, **values: Any) -> Phrase:
    """A text of a template, which is marked for translation by being given here."""
    return _made(template, values)


def _made(template: str, values: Mapping[str, Any]) -> Phrase:
    made = Phrase(_Said(_in_english).vformat(template, (), values) if values else template)
    made.template, made.values = template, values
    return made


def phrased(error: BaseException) -> str:
    """What an error says: the phrase that it was raised with, where it was."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Phrase) else str(error)


def fields_of(template: str) -> Iterator[tuple[str, str]]:
    """The values that a template names, and what it says that each is."""
    for _, name, what, _ in Formatter().parse(template):
        if name is not None:
            yield name, what or ""


class _Said(Formatter):
    def __init__(self, say: Callable[[Any, str], str]) -> None:
        self._say = say

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._say(value, format_spec)


def _in_english(value: Any, what: str) -> str:
    if what == INSTANT:
        return (_EPOCH + timedelta(microseconds=value)).isoformat(timespec="microseconds") + "Z"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return str(value) if what in NAMES else format(value, what)
