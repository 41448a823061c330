"""Links in mails: what an open or a click says is sealed into the link, so that nobody can make or read one. Pure.

A token is the id of its key (three bytes) and what AES-SIV sealed, in URL-safe base64. The same link gives the same
token, always.
"""

import base64
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant

LONGEST_TOKEN: Final = 4_000
"""Characters of a token; a longer one is none."""

_PURPOSE: Final = b"leadline mail link 1"
_KEY: Final = 64
_ID: Final = 3
_DAMAGED: Final = (ValueError, InvalidTag, msgspec.DecodeError)


class MailDoor(StrEnum):
    """Which path of the collector a link leads to, and so what it says."""

    OPEN = "o"
    CLICK = "c"


class MailLink(msgspec.Struct, array_like=True, frozen=True):
    """What a link bears. `target`: where a click goes on to; "" in the link of an open.

    `ends`: from when on it is none. `message`: the id of the mail at whoever sends it. What is "" was not said.
    """

    campaign: str
    kind: str
    value: str
    ends: Instant
    variant: str = ""
    message: str = ""
    target: str = ""

    @property
    def door(self) -> MailDoor:
        """Where it leads to."""
        return MailDoor.CLICK if self.target else MailDoor.OPEN

    @property
    def identity(self) -> Identity:
        """Whom it was sent to."""
        return Identity(self.kind, self.value)


class MailLinkKeys:
    """The keys of an installation. The first seals, all open."""

    def __init__(self, secrets: Sequence[str]) -> None:
        derived = [HKDF(SHA256(), _KEY + _ID, None, _PURPOSE).derive(secret.encode()) for secret in secrets]
        self._keys = [(each[_KEY:], AESSIV(each[:_KEY])) for each in derived]

    def seal(self, link: MailLink) -> str:
        """The token."""
        id, key = self._keys[0]
        return _written(id + key.encrypt(msgspec.msgpack.encode(link), _bound(link.door, id)))

    def opened(self, token: str, door: MailDoor) -> MailLink | None:
        """What a token bears; None: it is none of ours, or not for this door. Whether it has ended the caller says."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
        except ValueError:
            return None
        if _written(raw) != token:
            return None  # bits behind the last byte: another spelling, which would be another click
        for id, key in self._keys:
            if raw[:_ID] == id:
                try:
                    return msgspec.msgpack.decode(key.decrypt(raw[_ID:], _bound(door, id)), type=MailLink)
                except _DAMAGED:
                    continue
        return None


def _bound(door: MailDoor, id: bytes) -> list[bytes]:
    """What is sealed with a token and not in it."""
    return [_PURPOSE, door.encode(), id]


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
