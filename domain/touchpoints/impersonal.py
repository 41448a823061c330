"""What a touchpoint says of what happened, without what names the person: that stays in the lead card."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import orjson

from domain.touchpoints.text import storable
from domain.touchpoints.touchpoint import Touchpoint

_ADDRESSES: Final = (
    "mail", "mailaddress", "mailadresse", "courriel", "correo", "correoelectronico", "posta", "postaelettronica",
    "邮箱", "邮箱地址", "电子邮件", "电邮", "邮件", "電子郵件", "信箱", "電郵", "メール",
    "メールアドレス", "이메일", "почта",
)  # fmt: skip
_NUMBERS: Final = (
    "phone", "phonenumber", "tel", "telephone", "mobile", "mobilenumber", "cell", "cellphone", "whatsapp", "telefon",
    "telefonnummer", "mobiltelefon", "handy", "handynummer", "telefono", "teléfono", "telefone", "movil", "móvil",
    "celular", "téléphone", "portable", "手机", "手机号", "手机号码", "电话", "电话号码", "联系电话", "手機", "電話",
    "電話番号", "携帯電話", "전화번호", "휴대폰", "телефон",
)  # fmt: skip
_WORDS_OF_STAFF: Final = frozenset({"note", "participants"})
"""Names of what staff writes down with a command: what was said, and by whom."""
_JOINS: Final = re.compile(r"[\s_.:\-]+|[0-9]+\Z")
_LEFT_OUT: Final = object()
_REACHES: Final = ("email", "phone")
_CUT: Final = "***"


class _Named(NamedTuple):
    """What names the person of a touchpoint, without case."""

    whole: frozenset[str]
    """As a whole value."""
    within: tuple[str, ...]
    """Also within a text: their e-mails and phones, as they are, in an address, and in one within another."""


def impersonal(touchpoint: Touchpoint) -> str:
    """The properties as a JSON object, in the order in which they were said.

    Left out, at any depth, are texts that are (trimmed, without case) one of the touchpoint's identities or of the
    profile that it says, and texts and numbers whose name is that of an e-mail or a phone; and what staff wrote down.
    Within a longer text, such as the address of a page, an e-mail or phone of theirs is `***`. A NUL is U+FFFD.
    """
    properties = touchpoint.properties
    if not properties:
        return "{}"
    text = orjson.dumps(properties).decode()
    named = [value.casefold() for _, value in touchpoint.identities]
    if touchpoint.profile:
        said = (value.strip().casefold() for value in touchpoint.profile.values() if isinstance(value, str))
        named += filter(None, said)
    within = _within(touchpoint)
    if _is_flat(text) and not _any_is_private(tuple(properties)):
        folded = text.casefold()
        for value in (*named, *within):
            if value in folded:
                break
        else:  # nearly always: nothing is said in these words
            return text
    person = _Named(frozenset(named), within)
    words = _WORDS_OF_STAFF if touchpoint.source.kind == "api" else ()
    kept = {name: _kept(name, value, person) for name, value in properties.items() if name not in words}
    text = orjson.dumps({name: value for name, value in kept.items() if value is not _LEFT_OUT}).decode()
    return text if "\\u0000" not in text else orjson.dumps(_storable(orjson.loads(text))).decode()


def without_reach(touchpoint: Touchpoint, text: str) -> str:
    """A text with `***` for each e-mail and phone of the touchpoint's own in it."""
    return _cut(text, _within(touchpoint))


def _within(touchpoint: Touchpoint) -> tuple[str, ...]:
    reached = [value for kind, value in touchpoint.identities if kind in _REACHES]
    return tuple(form for value in reached for form in _forms(value)) if reached else ()


@lru_cache(4_096)
def _forms(value: str) -> tuple[str, ...]:
    quoted = quote(value, "")
    return tuple(dict.fromkeys((value.casefold(), quoted.casefold(), quote(quoted, "").casefold())))


def _cut(text: str, within: tuple[str, ...]) -> str:
    folded = text.casefold() if within else ""
    for form in within:
        if form in folded:
            text = re.sub(rf"(?:(?<!\w)|(?<=%[0-9a-f]{{2}})){re.escape(form)}(?!\w)", _CUT, text, flags=re.IGNORECASE)
    return text


def _is_flat(text: str) -> bool:
    """Whether nothing in it is nested or written otherwise than it was said."""
    return "\\" not in text and "[" not in text and text.find("{", 1) < 0


@lru_cache(4_096)
def _any_is_private(names: tuple[str, ...]) -> bool:
    return not _WORDS_OF_STAFF.isdisjoint(names) or any(map(reaches_somebody, names))


def _kept(name: str, value: Any, person: _Named) -> Any:
    """What stays of a value."""
    match value:
        case bool() | None:
            return value
        case str() if value.strip().casefold() in person.whole:
            return _LEFT_OUT
        case str() | int() | float() if reaches_somebody(name):
            return _LEFT_OUT
        case str():
            return _cut(value, person.within)
        case int() | float():
            return value
        case Mapping():
            inner = ((key, _kept(key, each, person)) for key, each in value.items())
            return {key: kept for key, kept in inner if kept is not _LEFT_OUT}
        case _:
            return [kept for each in value if (kept := _kept(name, each, person)) is not _LEFT_OUT]


@lru_cache(4_096)
def reaches_somebody(name: str) -> bool:
    """Whether what bears this name is an e-mail address or a phone number: `workEmail`, `contact-phone`, `tel_2`."""
    return _JOINS.sub("", name.casefold()).endswith(_ADDRESSES + _NUMBERS)


def _storable(value: Any) -> Any:
    """With U+FFFD for each NUL: no database reads that out of JSON."""
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(key): _storable(each) for key, each in value.items()}
        case list():
            return [_storable(each) for each in value]
        case _:
            return value
