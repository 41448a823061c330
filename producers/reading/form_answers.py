"""What was answered to the questions of a form builder: by readable names, with what each says of the person."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from domain.touchpoints.claims import snake_case
from producers.reading.names import OTHERS

KINDS: Final = {
    "email": "email", "input_email": "email",
    "phone": "phone", "phone_number": "phone", "input_phone_number": "phone", "tel": "phone",
    "name": "name",
}  # fmt: skip
"""Types of fields that say something of the person, in snake_case, and what."""

_WORDS: Final = 4
"""A name of more words is a question in a sentence."""
_OTHERS_IN_SENTENCES: Final = OTHERS - {"to", "from", "reply", "support", "sales"}
"""Of the words that name somebody else, those that do in a sentence too, as `to` does not: where may we reply to?"""
_DEPTH: Final = 8
_BLANK: Final[tuple[Any, ...]] = (None, "", [], {})
_ASKING: Final = re.compile(
    r"(?:(?:hi|hello|and|first|please)_)*(?:what_?i?s_(?:your|the)|(?:please_)?(?:enter|tell_us|give_us)_your|your)_"
)
_ASKING_ZH: Final = re.compile(
    r"(?:请问|请输入|请填写|请留下|请提供)?(?:[您你]的)?(?P<subject>.+?)(?:是什么|是多少|是)?"
)
_GENERATED: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-HJKMNP-TV-Z]{26}|field_[0-9a-f]{7}|[0-9.]+", re.ASCII
)
"""A field's name that its builder made: a UUID, a ULID, Elementor's `field_6f8642e`, a number."""


class FormAnswer(NamedTuple):
    """One answer. `kind` is what its field's type says of the person ("": nothing), of `KINDS`."""

    name: str
    """As the owner of the form called the field."""
    value: Any
    kind: str = ""
    question: str = ""
    """As the person read it, where that is known too."""
    parts: Mapping[str, Any] = MappingProxyType({})
    """Of a name."""


def answer(name: object, value: object, type_: object = "", question: object = "") -> FormAnswer | None:
    """The answer in a field of a builder. None: it is blank, or nothing names it."""
    name, question, type_ = (text if isinstance(text, str) else "" for text in (name, question, type_))
    if not name or (question and _GENERATED.fullmatch(name)):
        name = question or name
    kind, plain = KINDS.get(snake_case(type_), ""), _plain(value)
    if isinstance(plain, dict) and (called := _full_name(plain)):
        return FormAnswer(name, called, "name", question, plain)
    if isinstance(plain, dict) and (number := _number(plain)):
        return FormAnswer(name, number, "phone", question)
    return FormAnswer(name, plain, kind, question) if name and plain not in _BLANK else None


def table(answers: Iterable[FormAnswer]) -> dict[str, Any]:
    """The answers by their names in snake_case; several of one name are a list. What begins with `_` is our own."""
    values: dict[str, list[Any]] = {}
    for each in answers:
        several = values.setdefault(_key(each.name), [])
        if isinstance(each.value, list):
            several += each.value
        elif each.value not in several:
            several.append(each.value)
    return {name: several[0] if len(several) == 1 else several for name, several in values.items()}


def of_person(answers: list[FormAnswer]) -> dict[str, Any]:
    """The answers as fields of a form about the person: first what types say for certain, then names, then questions.

    A type says it for certain where one value alone is of that type; of two addresses the names must tell.
    """
    fields: dict[str, Any] = {}
    for kind in dict.fromkeys(KINDS.values()):
        said = {str(each.value).casefold(): each for each in answers if each.kind == kind and _of_the_sender(each)}
        if len(said) != 1:
            continue
        (only,) = said.values()
        fields[kind] = only.value
        fields |= {f"{part}_name": only.parts[part] for part in ("first", "last") if only.parts.get(part)}
    for name, value in table(answers).items():
        fields.setdefault(name, value)
        fields.setdefault(_subject(name), value)
    for each in answers:
        if each.question:
            fields.setdefault(_subject(_key(each.question)), each.value)
    return fields


def _of_the_sender(each: FormAnswer) -> bool:
    return not any(_names_another(snake_case(text)) for text in (each.name, each.question))


def _names_another(name: str) -> bool:
    words = name.split("_")
    return not (_OTHERS_IN_SENTENCES if len(words) > _WORDS else OTHERS).isdisjoint(words)


def _key(name: str) -> str:
    return name if name.startswith("_") else snake_case(name) or name


def _subject(name: str) -> str:
    """What a question asks for: `first_name` of `what_is_your_first_name`, `手机号` of `请输入您的手机号`."""
    if _ASKING.match(name):
        return _ASKING.sub("", name, count=1)
    asked = _ASKING_ZH.fullmatch(name)
    return asked["subject"] if asked else name


# ---- values ------------------------------------------------------------------------------------------------------


def _plain(value: Any, depth: int = 0) -> Any:
    """A value without what builders put around it: one of a list, the label of a choice, the name of a file."""
    if depth == _DEPTH or not isinstance(value, list | dict):
        return value
    if isinstance(value, list):
        parts = [part for part in (_plain(part, depth + 1) for part in value) if part not in _BLANK]
        return parts[0] if len(parts) == 1 else parts
    if "labels" in value or "label" in value or "other" in value:  # Typeform's choices
        chosen = value.get("labels") or ([value["label"]] if value.get("label") else [])
        return _plain([*(chosen if isinstance(chosen, list) else [chosen]), value.get("other")], depth + 1)
    if "url" in value and isinstance(value.get("name"), str):  # Tally's files
        return value["name"]
    if "value" in value:
        return _plain(value["value"], depth + 1)
    return {key: part for key, part in value.items() if part not in (None, "")}


def _full_name(value: Mapping[str, Any]) -> str:
    """A name in its parts, as Jotform and Formstack have it; "": it is none."""
    if not value.keys() & {"first", "last"} or not value.keys() <= {"prefix", "first", "middle", "last", "suffix"}:
        return ""
    return " ".join(str(value[part]) for part in ("prefix", "first", "middle", "last", "suffix") if value.get(part))


def _number(value: Mapping[str, Any]) -> str:
    """A phone number in its parts, as Jotform has it; "": it is none."""
    if "full" in value:
        return str(value["full"])
    if "phone" in value and value.keys() <= {"country", "area", "phone"}:
        return " ".join(str(value[part]) for part in ("country", "area", "phone") if value.get(part))
    return ""
