"""Phrases in the language of a reader: their template is translated, and their values are said as people call them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from babel.dates import format_skeleton
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from api.dashboard.texts import Language
from api.dashboard.words.lead_texts import INPUTS, KINDS, PROFILE, ROLES
from api.dashboard.words.well_known import N_, REJECTIONS, STAGES, TOUCHPOINTS
from domain.phrases import INSTANT, Phrase
from domain.touchpoints.touchpoint import moment

Names = Mapping[str, Callable[[Any], str]]
"""How a value is said, by what its template says that it is."""
NO_NAMES: Final[Names] = {}
_KNOWN: Final[Mapping[str, Mapping[str, str]]] = {
    "input": {**PROFILE, **INPUTS},
    "field": PROFILE,
    "role": ROLES,
    "identity": KINDS,
    "type": TOUCHPOINTS,
    "stage": STAGES,
    "reason": REJECTIONS,
}
"""What every model's names are called, by what a template says that they are."""
_FOREIGN: Final = N_("it is not written as such things are")
"""What is said in place of another program's English."""


def say(text: str, language: Language, names: Names = NO_NAMES) -> Markup:
    """A text for a page; what is no phrase, or is not translated, is marked as English."""
    if (
        isinstance(text, Phrase)
        and text.template
        and (language.tag == "en" or _template(text, language) != text.template)
    ):
        return escape(spoken(text, language, names))
    return escape(text) if language.tag == "en" else Markup('<span lang="en">{}</span>').format(text)


def spoken(text: str, language: Language, names: Names = NO_NAMES) -> str:
    """The same without markup."""
    if not isinstance(text, Phrase):
        return str(text)
    if not text.template:
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
    if what == "foreign" and language.tag != "en":
        return language.translations.ugettext(_FOREIGN)
    if what in names:
        return names[what](value)
    if str(value) in _KNOWN.get(what, NO_NAMES):
        return language.translations.ugettext(_KNOWN[what][str(value)])
    if what == INSTANT:  # on a page of an error, which knows no model and no zone of its
        at = moment(value)
        shown = (format_skeleton(skeleton, at, locale=language.locale) for skeleton in ("yMMMd", "Hms"))
        return f"{' '.join(shown)} UTC"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format_decimal(value, locale=language.locale)
    return str(value)
