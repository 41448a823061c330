"""Identities: their kinds, their canonical form, and which of a set names a person or a trail."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

KINDS: Final = ("user_id", "email", "phone", "anonymous_id")
"""Highest first: the higher kind names the person."""

RANK: Final = {kind: rank for rank, kind in enumerate(KINDS)}

VALUE_LIMIT: Final = 512
"""Longest identity value, in characters."""

_NOBODY: Final = frozenset(
    {"", "0", "-1", "null", "nil", "none", "undefined", "nan", "false", "true", "anonymous", "guest",
     "unknown", "n/a", "na", "[object object]", "{}", "[]", "00000000-0000-0000-0000-000000000000"}
)  # fmt: skip

_PHONE_NOISE: Final = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]")
_PHONE: Final = re.compile(r"\+?[0-9]{5,20}\Z")
_EMAIL: Final = re.compile(r"[^\s@,;<>]{1,254}@[^\s@,;<>]{1,254}\Z")


class Identity(NamedTuple):
    """One name under which a source knows a person: `kind` is one of `KINDS`, `value` is canonical."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


def canonical(kind: str, value: object) -> Identity | None:
    """The identity in its canonical form, or None where the value names nobody (`null`, `0`, `[object Object]`...).

    Values are trimmed; e-mails are in lower case; phones are `+` and digits (`00` in front becomes `+`; a national
    number keeps its digits). Raises ValueError for an unknown kind.
    """
    if kind not in RANK:
        raise ValueError(f"identity kind {kind!r}: allowed are {', '.join(KINDS)}")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    if text.casefold() in _NOBODY or len(text) > VALUE_LIMIT or "\x00" in text:
        return None
    if kind == "email":
        text = text.lower()
        return Identity(kind, text) if _EMAIL.match(text) else None
    if kind == "phone":
        text = _PHONE_NOISE.sub("", text)
        if text.startswith("00"):
            text = "+" + text[2:]
        return Identity(kind, text) if _PHONE.match(text) else None
    return Identity(kind, text)


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
