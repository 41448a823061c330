"""Phrases in the language of a reader: their template is translated, and their values are said as people call them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from babel.numbers import format_decimal
from markupsafe import Markup, escape

from api.dashboard.texts import Language
from domain.phrases import Phrase

Names = Mapping[str, Callable[[Any], str]]
"""How a value is said, by what its template says that it is."""
NO_NAMES: Final[Names] = {}


def say(text: str, language: Language, names: Names = NO_NAMES) -> Markup:
    """A text for a page; what is no phrase, or is not translated, is marked as English."""
    if isinstance(text, Phrase) and (language.tag == "en" or _template(text, language) != text.template):
        return escape(spoken(text, language, names))
    return escape(text) if language.tag == "en" else Markup('<span lang="en">{}</span>').format(text)


def spoken(text: str, language: Language, names: Names = NO_NAMES) -> str:
    """The same without markup."""
    if not isinstance(text, Phrase):
        return str(text)
    return text.said(_template(text, language), partial(_said, language=language, names=names))


def _template(text: Phrase, language: Language) -> str:
    return language.translations.ugettext(text.template)


def _said(value: Any, what: str, language: Language, names: Names) -> str:
    if isinstance(value, Phrase):
        return spoken(value, language, names)
    if isinstance(value, tuple | list):
        comma = language.translations.ugettext(", ")
        return comma.join(_said(each, what, language, names) for each in value)
    if what in names:
        return names[what](value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format_decimal(value, locale=language.locale)
    return str(value)
