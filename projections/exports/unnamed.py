"""What is said of somebody, without what names them: identities become their keyed hashes, names are left out.

What somebody wrote in their own words stays but for e-mail addresses, phone numbers and what they are called beside it.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote

import orjson

from domain.touchpoints.identity import RANK, Identity, canonical
from domain.touchpoints.impersonal import reaches_somebody
from store.events.ids import Ids

_NAMES: Final = frozenset((
    "name", "first_name", "last_name", "middle_name", "full_name", "username", "birthday", "address", "street",
))  # fmt: skip
"""Fields of a profile whose values are left out wherever the touchpoint repeats them."""
_LEFT_OUT: Final = (_NAMES - {"name", "address"}) | {
    "firstname", "lastname", "surname", "password", "ip", "traits", "note", "notes",
    "participants",
}  # fmt: skip
"""Keys that are left out, whatever they hold; a `name` or an `address` may be a page's."""
_KINDS: Final = {
    "user_id": "user_id", "userid": "user_id", "uid": "user_id", "anonymous_id": "anonymous_id",
    "anonymousid": "anonymous_id", "aid": "anonymous_id",
}  # fmt: skip
"""Keys whose values are an identity, beside those of e-mails and phones in many languages (`reaches_somebody`)."""
_WITHIN: Final = 5
"""A shorter identity is looked for as a whole value only: in other texts it is a number like others."""
_AT: Final = r"(?:[@＠﹫]|%(?:25){0,3}40|%(?:25){0,3}EF%(?:25){0,3}BC%(?:25){0,3}A0)"
_PLUS: Final = r"(?:[+＋]|%(?:25){0,3}2B|(?<!\w)00(?=[1-9]))"
_PART: Final = r"[^\s\"'<>()\[\],;:=&?/\\@＠﹫%]"
_ESCAPED: Final = r"%(?:25){0,3}(?:2[BDE]|5F)"
"""Of what an e-mail address may hold before its @, in an address of a page: `+`, `-`, `.`, `_`."""
_ESCAPE: Final = re.compile(r"(?:25){0,3}[0-9A-F]{2}", re.IGNORECASE)
"""What stands behind a `%`: of an address of a page, not of the e-mail address that follows."""
_EMAIL: Final = re.compile(rf"(?:{_PART}|{_ESCAPED}){{1,64}}{_AT}{_PART}{{1,255}}\.[^\W\d_]{{2,63}}", re.IGNORECASE)
_PHONE: Final = re.compile(rf"{_PLUS}\d[\d ()/.%-]{{5,40}}\d", re.IGNORECASE)
_PLAIN: Final = str.maketrans("＠﹫＋", "@@+")
_LONGEST: Final = 60
"""Characters of a key that are looked at, from its end."""
_NAMES_IN_JSON: Final = re.compile(rf'([^"\\]{{1,{_LONGEST}}})":')
"""Like the others bounded, so that no text takes long to search."""
_SPACES: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|[\s.-]+")
_SUSPECT: Final = re.compile(rf"{_AT}|{_PLUS}", re.IGNORECASE)
_FEWEST: Final = 7
"""Digits of a phone number without its country by which it is found however it is written; fewer are no number."""
_BETWEEN: Final = r"[ ()/.\-\u00a0]{0,3}"


class _Says(StrEnum):
    """What a key says of its value, beside the kinds of identities."""

    NAME = "name"
    REACHES = "email or phone"


_REACHES: Final = ("email", "phone")


class Unnamed:
    """Takes what names one person out of what is said; `profile` is what is said of them beside it."""

    def __init__(self, identities: Sequence[Identity], profile: Mapping[str, Any], ids: Ids) -> None:
        self._ids = ids
        self._identities = {identity.value: str(ids.of(identity)) for identity in reversed(identities)}
        self._hashes = {form: hash for value, hash in self._identities.items() for form in _forms(value)}
        self._phones = {
            digits: str(ids.of(identity))
            for identity in identities
            if identity.kind == "phone" and len(digits := _national(identity.value)) >= _FEWEST
        }
        self._whole = {value.casefold(): hash for value, hash in self._identities.items()}
        self._names = {
            value.strip().casefold() for key, value in profile.items()
            if key in _NAMES and isinstance(value, str) and len(value.strip()) > 1
        }  # fmt: skip

    def json(self, said: Mapping[str, Any]) -> str:
        """What it says, as JSON."""
        text = orjson.dumps(said).decode()
        return orjson.dumps(self._table(said)).decode() if self._may_name(text) else text

    def text(self, text: str) -> str:
        """A text in which every identity is its hash."""
        if (whole := self._whole.get(text.strip().casefold())) is not None:
            return whole
        for form, hash in self._hashes.items():
            if len(form) >= _WITHIN and form in text:
                text = re.sub(rf"(?:(?<!\w)|(?<=%[0-9A-Fa-f]{{2}})){re.escape(form)}(?!\w)", hash, text)
        for digits, hash in self._phones_in(text):
            written = _BETWEEN.join(digits)
            text = re.sub(rf"(?<!\w)[+＋(]?(?:\d{_BETWEEN}){{0,5}}{written}(?!\w)", hash, text)
        if _SUSPECT.search(text):
            text = _EMAIL.sub(self._email, text)
            text = _PHONE.sub(self._phone, text)
        return text

    def _may_name(self, text: str) -> bool:
        folded = text.casefold()
        return (
            any(form.casefold() in folded for form in self._hashes)
            or _SUSPECT.search(text) is not None
            or bool(self._phones_in(text))
            or any(name == "kind" or _says(name) for name in _NAMES_IN_JSON.findall(text))
            or any(name in folded for name in self._names)
        )

    def _phones_in(self, text: str) -> list[tuple[str, str]]:
        """The digits of their phone numbers, without the country, that a text holds, with the hash of each."""
        if not self._phones:
            return []
        written = "".join(filter(str.isdigit, text))
        return [(digits, hash) for digits, hash in self._phones.items() if digits in written]

    def _table(self, table: Mapping[str, Any]) -> dict[str, Any]:
        kind = table.get("kind")
        if isinstance(kind, str) and kind in RANK and "value" in table:  # an identity, as touchpoints of merges say it
            table = {**table, "value": self._identity(kind, table["value"])}
        kept: dict[str, Any] = {}
        for name, value in table.items():
            says = _says(name[-_LONGEST:])
            if says is _Says.NAME or (isinstance(value, str) and value.strip().casefold() in self._names):
                continue
            kept[self.text(name)] = self._value(value) if says is None else self._identity(says, value)
        return kept

    def _identity(self, kind: str, value: Any) -> Any:
        """The hash of a value that is an identity of a kind; None where it is none."""
        match value:
            case dict():
                return self._table(value)
            case list():
                return [self._identity(kind, each) for each in value]
        for possible in _REACHES if kind == _Says.REACHES else (kind,):
            if (identity := canonical(possible, value)) is not None:
                return str(self._ids.of(identity))
        return None

    def _value(self, value: Any) -> Any:
        match value:
            case dict():
                return self._table(value)
            case list():
                return [self._value(each) for each in value]
            case str():
                return None if value.strip().casefold() in self._names else self.text(value)
            case bool() | None:
                return value
            case _:
                return self._identities.get(str(value), value)

    def _email(self, match: re.Match[str]) -> str:
        found = match[0]
        escape = _ESCAPE.match(found) if match.string[match.start() - 1 : match.start()] == "%" else None
        before = "" if escape is None else escape[0]
        return before + self._hash_of(canonical("email", _unquoted(found.removeprefix(before))))

    def _phone(self, match: re.Match[str]) -> str:
        identity = canonical("phone", _unquoted(match[0]))
        return match[0] if identity is None else self._hash_of(identity)

    def _hash_of(self, identity: Identity | None) -> str:
        return "" if identity is None else str(self._ids.of(identity))


def _forms(value: str) -> Sequence[str]:
    """How a value is written: as it is, in an address of a page, and in one within another."""
    quoted = quote(value, "")
    return value, quoted, quote(quoted, "")


@lru_cache(10_000)
def _national(phone: str) -> str:
    """The digits of a phone number without its country; "": it is none."""
    import phonenumbers  # late: it takes 100 ms

    try:
        return str(phonenumbers.parse(phone).national_number)
    except phonenumbers.NumberParseException:
        return ""


def _unquoted(text: str) -> str:
    """A text as it was before it was put into addresses of pages."""
    for _ in range(4):
        text = unquote(text)
    return text.translate(_PLAIN)


def kind_said(name: str) -> str | None:
    """The kind of identity that bears this name, `email or phone` where it may be either; None: no identity does."""
    says = _says(name[-_LONGEST:])
    return None if says is _Says.NAME else says


@lru_cache(10_000)
def _says(name: str) -> str | None:
    """What bears this name: the kind of an identity, or one of `_Says`; None: it says nothing of who it is."""
    key = _SPACES.sub("_", name).lower().strip("_")
    if key in _LEFT_OUT:
        return _Says.NAME
    return _KINDS.get(key) or (_Says.REACHES if reaches_somebody(name) else None)
