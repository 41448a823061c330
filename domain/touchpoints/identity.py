"""Identities: their kinds, their canonical form, and which of a set names a person or a trail."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from domain.errors import Reject
from domain.phrases import phrase, phrased
from domain.touchpoints.email import email
from domain.touchpoints.nobody import is_word, names_nobody
from domain.touchpoints.phone import phone
from domain.touchpoints.text import REPLACED, as_text, bare, shortened, storable

KINDS: Final = ("user_id", "email", "phone", "anonymous_id")
"""Highest first: the higher kind names the person."""

RANK: Final = {kind: rank for rank, kind in enumerate(KINDS)}

VALUE_LIMIT: Final = 512
"""Longest identity value, in characters."""

_ORDINARY: Final = re.compile(rf"[A-Za-z1-9][!-~]{{,{VALUE_LIMIT - 2}}}[A-Za-z0-9]\Z")
"""Nearly every id there is: it can be nothing but itself, or a word for nobody."""


class Identity(NamedTuple):
    """One name under which a source knows a person: `kind` is one of `KINDS`, `value` is canonical."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


class NoIdentity(Reject, ValueError):
    """A value that names nobody. Reject: the message says why."""


def canonical(kind: str, value: object, region: str = "") -> Identity | None:
    """The identity in its canonical form, or None where the value names nobody (`null`, `0`, `[object Object]`...).

    It is its own canonical form. `region` ("DE") reads national phone numbers; producers give it, so that what
    is recorded does not depend on it. Raises ValueError for an unknown kind.
    """
    if isinstance(value, str) and len(value) <= _SHORT and not region:
        return _remembered(kind, value)
    return _canonical(kind, value, region)


_SHORT: Final = 64
"""Characters of nearly every identity."""


@lru_cache(20_000)
def _remembered(kind: str, value: str) -> Identity | None:
    """Who comes, comes again, and what one door made of it the next one looks at."""
    return _canonical(kind, value, "")


def _canonical(kind: str, value: object, region: str) -> Identity | None:
    try:
        return named(kind, value, region)
    except NoIdentity:
        return None


def named(kind: str, value: object, region: str = "") -> Identity:
    """The identity in its canonical form. Raises NoIdentity with the reason, ValueError for an unknown kind.

    Texts are in NFC and without invisible characters; a whole number is its digits; e-mails and phones have one
    spelling (`domain.touchpoints.email`, `.phone`); another value longer than `VALUE_LIMIT` counts whole, as its hash.
    """
    if kind not in RANK:
        raise ValueError(f"identity kind {kind!r}: allowed are {', '.join(KINDS)}")
    try:
        match kind:
            case "email":
                return Identity(kind, email(value if isinstance(value, str) else _text(value)))
            case "phone":
                return Identity(kind, phone(_text(value), region))
            case _ if isinstance(value, str) and _ORDINARY.match(value) and not is_word(value):
                return Identity(kind, value)
            case _:
                return Identity(kind, shortened(_text(value), VALUE_LIMIT))
    except ValueError as error:
        raise NoIdentity(phrased(error)) from None


def _text(value: object) -> str:
    text = as_text(value)
    if text is None:
        raise NoIdentity(phrase("it is no text and no whole number"))
    text = bare(text)
    if not text or names_nobody(text):
        raise NoIdentity(phrase("it is a spelling of null") if text else phrase("it is empty"))
    if REPLACED in storable(text):
        raise NoIdentity(phrase("a character of it was damaged"))
    return text


def ordered(identities: Iterable[Identity]) -> tuple[Identity, ...]:
    """The identities without repeats, by kind (highest first), then value."""
    identities = tuple(identities)
    if len(identities) < 2:
        return identities
    return tuple(sorted(set(identities), key=_order))


def _order(identity: Identity) -> tuple[int, str]:
    return RANK[identity.kind], identity.value


def trail_of(identities: tuple[Identity, ...]) -> Identity:
    """The identity nearest to the device: the trail in which a touchpoint is recorded.

    `identities` is not empty and in canonical order; anonymous_id first, else user_id, email, phone.
    """
    for identity in identities:
        if identity.kind == "anonymous_id":
            return identity
    return identities[0]
