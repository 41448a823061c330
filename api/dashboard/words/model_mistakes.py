"""What is wrong with a model file, in the reader's language: the file's readers say it in English, and it is found
again by what it says. What a file says stays as it is; a part that nobody knows is marked as English."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup, escape

from api.dashboard.words.templated import Templates
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording

PLACED: Final[Sequence[str]] = (
    N_("line {line}, {place}: {mistake}"),
    N_("{place}: {mistake}"),
)
"""Where it is, before what is wrong."""
MISTAKES: Final[Sequence[str]] = (
    N_("found {found}, allowed is {allowed}"),
    N_("found {found}, allowed are {allowed}"),
    N_("found {found}; allowed is {allowed}"),
    N_("unknown {kind} {found} (did you mean {name}?); allowed: {names}"),
    N_("unknown {kind} {found}; allowed: {names}"),
    N_("missing, required is {allowed}"),
    N_("missing, required in {names}"),
    N_("the file has {count} characters, allowed are {most}"),
    N_("the file is no TOML that can be read: {fault}"),
    N_("the file is no TOML: {fault}"),
    N_("all of them are retired, allowed is at least one that is in use"),
)
ALLOWED: Final[Sequence[str]] = (
    N_("a number"),
    N_("a number from 0"),
    N_("a number above 0"),
    N_("a number above 0, at most {most}"),
    N_("a number above 0, below hot_at ({least})"),
    N_("a number, such as points = 10"),
    N_("points above 0"),
    N_("a number above 0, or a table of such by grade"),
    N_("less than the {points} of {grade}"),
    N_("a number or a text"),
    N_("a whole number from {least} to {most}"),
    N_('a whole number of s, m, h or d up to {most}, such as "90s", "15m", "24h" or "14d"'),
    N_(
        '"once", "once per 24h" or "3 per 24h" (1 to {most} times per duration), or'
        ' { count = 1, within = "24h", per = "path" }'
    ),
    N_("true or false"),
    N_("a text"),
    N_("a text of {limits}"),
    N_("a text that is not empty"),
    N_("a text that is not empty, or a number"),
    N_("a text, a finite number, true or false"),
    N_('a text, or a table from language to text such as { en = "Lead", zh = "线索" }'),
    N_("a list of texts, numbers, true or false"),
    N_('a language such as "en" or "zh-Hant"'),
    N_("a name"),
    N_("a name of {limits}"),
    N_("a name without a slash (it stands in the addresses of the API)"),
    N_("a name of its own ({other} has this one)"),
    N_("any other name: visitor is the stage of whom nothing identifies yet"),
    N_("the name of a stage"),
    N_("the name of a stage after the first that is no detour"),
    N_("a stage that is no detour first: there an identified person begins"),
    N_("a touchpoint type in snake_case such as page_viewed"),
    N_("a touchpoint type such as page_viewed, or a list of such"),
    N_('a property of the touchpoint such as "path"'),
    N_('a field of the person such as "profile.company"'),
    N_("a table"),
    N_("a list of one or more tables, each written as {written}"),
    N_("a condition: a table such as {example}"),
    N_("a list of conditions such as {example}"),
    N_("the name of a {what} or a list of names"),
    N_("a table of least points such as { A = 20, B = 10, C = 0 }"),
    N_("an owner who is not retired"),
    N_("a person: a team has no teams in it"),
    N_('a day such as "2026-12-21"'),
    N_('a time of day such as "09:00"'),
    N_('an e-mail address such as "sales@example.com"'),
)
"""What may stand there."""
KINDS: Final[Mapping[str, str]] = {
    "key": N_("key"),
    "operator": N_("operator"),
    "field": N_("field"),
    "stage": N_("stage"),
    "stage after the first (or a detour, or retired)": N_("stage after the first (or a detour, or retired)"),
    "segment": N_("segment"),
    "channel": N_("channel"),
    "owner": N_("owner"),
    "grade": N_("grade"),
    "rule": N_("rule"),
    "day": N_("day"),
    "type": N_("type"),
    "chat": N_("chat"),
}
"""Of words that are unknown."""
_PLACED: Final = Templates(PLACED)
_MISTAKES: Final = Templates(MISTAKES)
_ALLOWED: Final = Templates(ALLOWED)
_PLACES: Final = re.compile(r"\{(\w+)\}")


def mistake_text(wording: PageWording, text: str) -> Markup:
    """What is wrong, as people read it; of several lines each."""
    return Markup("\n").join(_placed(wording, line) for line in text.split("\n"))


def _placed(wording: PageWording, line: str) -> Markup:
    if _MISTAKES.found(line) is None and (found := _PLACED.found(line)) is not None:
        template, values = found
        if _MISTAKES.found(values["mistake"]) is not None:
            said = {name: escape(value) for name, value in values.items()}
            return _filled(wording, template, {**said, "mistake": _said(wording, _MISTAKES, values["mistake"])})
    return _said(wording, _MISTAKES, line)


def _said(wording: PageWording, templates: Templates, text: str) -> Markup:
    found = templates.found(text)
    if found is None:
        return wording.say(text)
    template, values = found
    return _filled(wording, template, {name: _value(wording, name, value) for name, value in values.items()})


def _value(wording: PageWording, name: str, value: str) -> Markup:
    match name:
        case "allowed":
            return _said(wording, _ALLOWED, value)
        case "kind":
            return escape(wording.known(KINDS, value))
        case "fault":
            return wording.say(value)
        case _:
            return escape(value)


def _filled(wording: PageWording, template: str, values: Mapping[str, Markup]) -> Markup:
    """The translated template, in which braces that name no value are those of a file."""
    parts = _PLACES.split(wording.translated(template))
    return Markup("").join(values.get(part, escape(part)) if place % 2 else escape(part)
                           for place, part in enumerate(parts))  # fmt: skip
