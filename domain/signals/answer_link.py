"""Links by which an owner answers: sealed with a key of the installation, so that nobody can make or read one. Pure.

The same signal gives the same link, always (AES-SIV needs no chance), so a message that is sent again says the same.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.files.durations import DAY
from domain.model.definition import Model
from domain.signals.kinds import SignalKind
from domain.touchpoints.text import in_a_line
from domain.touchpoints.touchpoint import Instant

LASTS: Final = 7 * DAY
"""Microseconds after its signal that a link holds."""
REASONS: Final = 12
"""Most reasons that a link offers beside "not ready", the first of the model file."""
LONGEST: Final = 4_000
"""Characters of a token; a longer one is none."""

_PURPOSE: Final = b"leadline answer link 1"
_SHOWN: Final = 100
_DAMAGED: Final = (ValueError, InvalidTag, msgspec.DecodeError)


class Invitation(msgspec.Struct, array_like=True, frozen=True):
    """What a link bears. `shown`: what the message called the lead; "" where it did not say. `asked`: when.

    `members` may answer for the owner; `reasons` are names with what people call them (a text, or texts by language).
    `language`: of the message; "" where programs read it. `zone`: the company's.
    """

    signal: str
    lead: UUID
    kind: str
    value: str
    owner: str
    shown: str
    asked: Instant
    zone: str = "UTC"
    language: str = ""
    members: tuple[str, ...] = ()
    reasons: tuple[tuple[str, str | dict[str, str]], ...] = ()

    @property
    def ends(self) -> Instant:
        """From when on it takes no answer."""
        return Instant(self.asked + LASTS)

    @property
    def touchpoint(self) -> str:
        """The id of its answer: of several the log's first is recorded."""
        return f"answer-{self.signal}"


class Standing(StrEnum):
    """What became of a lead that an owner was asked to take."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EARLIER = "earlier"
    """Who has it now has answered by this link before it came back to them: they have a newer message."""
    GIVEN = "given"
    """Another has it."""
    ENDED = "ended"
    """Nobody has it, and nobody is asked."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Where it stands; of what somebody answered who, and when."""

    standing: Standing
    by: str = ""
    at: Instant | None = None


class LinkKeys:
    """The keys of an installation. The first seals; with two, while one is rotated, both open."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [AESSIV(_derived(secret)) for secret in secrets]

    def seal(self, invitation: Invitation) -> str:
        """The token."""
        sealed = self._keys[0].encrypt(msgspec.msgpack.encode(invitation), [_PURPOSE])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def opened(self, token: str) -> Invitation | None:
        """What a token bears; None: it is none of ours. Whether it has ended is for the caller to say."""
        if len(token) > LONGEST or not token.isascii():
            return None
        for key in self._keys:
            try:
                sealed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
                return msgspec.msgpack.decode(key.decrypt(sealed, [_PURPOSE]), type=Invitation)
            except _DAMAGED:
                continue
        return None


def _derived(secret: str) -> bytes:
    return HKDF(SHA256(), length=64, salt=None, info=_PURPOSE).derive(secret.encode())


@dataclass(frozen=True, slots=True)
class Links:
    """Where people read about leads, and how their owners answer. Without an address there are no links.

    `model` says who answers for whom and why a lead is given back; `language` is that of the message, "" where programs
    read it.
    """

    public_url: str | None = None
    keys: LinkKeys | None = None
    model: Model | None = None
    language: str = ""

    def by(self, model: Model | None, language: str = "") -> "Links":
        """The links of messages in a language, by the model that is active."""
        return replace(self, model=model, language=language)

    def lead(self, lead_now: object) -> str | None:
        """Where people read about a lead. No part of a signal as it is kept: the address of a server may change."""
        return None if self.public_url is None else f"{self.public_url}/leads/{lead_now}"

    def answer(self, asked: "Asked", person: Mapping[str, Any] | None) -> str | None:
        """Where the owner whom a signal asks answers; None: it asks nobody, or there are no keys.

        `person` is what the message says of the lead.
        """
        if self.public_url is None or self.keys is None or self.model is None:
            return None
        signal, owner = _asks(asked)
        if not signal or not owner or asked.identity is None:
            return None
        kind, value = orjson.loads(asked.identity)
        known = self.model.sales.owner(owner)
        invitation = Invitation(
            signal,
            asked.lead_now,
            kind,
            value,
            owner,
            _called(person or {}),
            asked.at,
            self.model.timezone,
            self.language,
            known.members if known else (),
            tuple((reason.name, _label(reason.label, self.language)) for reason in self.model.sales.reasons[:REASONS]),
        )
        token = self._fitting(self.keys, invitation)
        return token and f"{self.public_url}/a/{token}"

    @staticmethod
    def _fitting(keys: LinkKeys, invitation: Invitation) -> str | None:
        """A token that opens: without labels, then the last reasons, then the last members where it would be too long.

        None: it is too long without all of them.
        """
        shorter: Invitation | None = invitation
        while shorter is not None:
            if len(token := keys.seal(shorter)) <= LONGEST:
                return token
            shorter = _shorter(shorter)
        return None


NO_LINKS: Final = Links()


@dataclass(frozen=True, slots=True)
class Asked:
    """A row of the ledger as far as a link depends on it. `identity` is JSON [kind, value]; None: there is none."""

    id: str
    kind: SignalKind
    lead_now: UUID
    at: Instant
    data: Mapping[str, Any]
    identity: str | None


def _asks(asked: Asked) -> tuple[str, str]:
    """The id of the `lead.assigned` that asks, and the owner; "" where nobody is asked."""
    owner = asked.data.get("owner") or ""
    match asked.kind:
        case SignalKind.ASSIGNED:
            return asked.id, owner
        case SignalKind.HOT:
            return asked.data.get("assigned") or "", owner
        case _:
            return "", ""


def _called(person: Mapping[str, Any]) -> str:
    """What a message calls the lead, of what it says of the person."""
    says = {key: in_a_line(str(person.get(key) or "")) for key in ("name", "company", "email", "phone")}
    known = [says[key] for key in ("name", "company") if says[key]]
    return ", ".join(known or [says[key] for key in ("email", "phone") if says[key]][:1])[:_SHOWN]


def _shorter(invitation: Invitation) -> Invitation | None:
    """One that says less; None: there is nothing to leave out."""
    if any(label for _, label in invitation.reasons):
        return msgspec.structs.replace(invitation, reasons=tuple((name, "") for name, _ in invitation.reasons))
    if invitation.reasons:
        return msgspec.structs.replace(invitation, reasons=invitation.reasons[:-1])
    return msgspec.structs.replace(invitation, members=invitation.members[:-1]) if invitation.members else None


def _label(label: Any, language: str) -> str | dict[str, str]:
    """What people call a reason: in the language of the message, or where programs read it in all; "" by its name."""
    if not isinstance(label, Mapping):
        return label or ""
    return (label.get(language) or label.get("en") or "") if language else dict(label)
