"""Destinations: who is told of which signals, where and when. No part of the fold, so no part of the model's hash.

Secrets stand in the environment alone: the file names the variables.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, ValidationInfo, model_validator

from domain.conditions.tree import SOURCE_FIELDS, Condition
from domain.files.problems import Mistake, ModelError, not_allowed, unknown
from domain.files.values import read_flag, read_name, read_text
from domain.model.asked import read_asked

SIGNALS: Final = (
    "lead.hot", "lead.hot.retracted", "lead.cooled", "stage.changed", "segment.entered", "segment.left",
    "lead.assigned", "sla.missed", "follow_up.due", "lead.active",
)  # fmt: skip
"""The kinds of signals that somebody may be told of: all of `domain/signals/kinds.py` but `lead.promotable`."""
CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
"""A time of day."""
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LANGUAGES: Final = ("en", "zh")
"""Those in which messages are written, and a label may always be given."""
PERSON: Final = ("name", "company", "title", "email", "phone")
"""What a signal may say of the person."""
OWNER: Final = "owner"
"""What `to` of a mail has in place of an address: whoever has the lead."""
ASKED: Final = ("grade", "stage", "heat", "segment", "owner", *(f"source.{field}" for field in SOURCE_FIELDS))
"""What a destination's `where` may ask of a signal."""

_HOLD: Final = ("days", "from", "to")
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,99}\Z")
_ADDRESS: Final = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\Z")
_TRAVELS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@\w(?:[\w.-]*\w)?\Z")
"""An address that every mail server knows as one, and no other: before the @ ASCII without anything that quotes."""


class DestinationType(StrEnum):
    """What a destination speaks."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    MAIL = "mail"

    @property
    def is_chat(self) -> bool:
        """Whether a group reads it, of whom not everybody needs a person's e-mail and phone."""
        return self not in (DestinationType.WEBHOOK, DestinationType.MAIL)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment that holds a secret."""

    env: str


@dataclass(frozen=True, slots=True)
class Hold:
    """When nothing is sent: the whole of these days (0: Monday), and every day from `start` to `end`, over midnight
    where it ends earlier than it starts. In the model's time zone."""

    days: frozenset[int] = field(default_factory=frozenset)
    start: time | None = None
    end: time | None = None


def _read_type(raw: Any) -> DestinationType:
    try:
        return DestinationType(raw)
    except ValueError:
        text = unknown(raw, DestinationType, "type") if isinstance(raw, str) else _allowed_words(raw, DestinationType)
        raise ValueError(text) from None


def _allowed_words(raw: Any, words: Any) -> str:
    return not_allowed(raw, ", ".join(words))


def _read_variable(raw: Any) -> Variable:
    if isinstance(raw, Variable):
        return raw
    name = raw.get("env") if isinstance(raw, dict) and set(raw) == {"env"} else None
    if not isinstance(name, str) or not _VARIABLE.match(name):
        raise ValueError(not_allowed(raw, 'a variable of the environment such as { env = "LEADLINE_BERLIN_URL" }'))
    if name.startswith("LEADLINE_") and not name.endswith(("_URL", "_KEY")):
        raise ValueError(not_allowed(name, "a variable that ends with _URL or _KEY: others of LEADLINE_ are settings"))
    return Variable(name)


def _read_url(raw: Any, info: ValidationInfo) -> Variable | str:
    if not isinstance(raw, str) or info.data.get("type") != DestinationType.MAIL:
        return _read_variable(raw)
    url = read_text(raw, "a mail server such as smtp://user@mail.example.com:587")
    if not url.startswith(("smtp://", "smtps://")) or ":" in url.partition("://")[2].rpartition("@")[0]:
        raise ValueError(not_allowed(raw, "smtp://USER@HOST:PORT or smtps://...; the password is `secret`'s"))
    return url


def _each(allowed: tuple[str, ...], what: str, read: Callable[[str], Any] = str) -> Callable[[Any], tuple[Any, ...]]:
    """A reader of a list of some of the allowed words."""

    def words(raw: Any) -> tuple[Any, ...]:
        if not isinstance(raw, list | tuple) or not raw or not all(isinstance(word, str) for word in raw):
            raise ValueError(not_allowed(raw, f"a list of {what}s: {', '.join(allowed)}"))
        problems = [
            Mistake((place,), unknown(word, allowed, what)) for place, word in enumerate(raw) if word not in allowed
        ]
        if problems:
            raise ModelError(problems)
        return tuple(dict.fromkeys(map(read, raw)))

    return words


def _read_to(raw: Any, info: ValidationInfo) -> tuple[str, ...]:
    addresses = (raw,) if isinstance(raw, str) else tuple(raw) if isinstance(raw, list | tuple) else ()
    if not addresses or not all(
        isinstance(each, str) and (each == OWNER or _is_address(each, info)) for each in addresses
    ):
        allowed = 'an e-mail address or a list of such, as "sales@example.com", or "owner"'
        raise ValueError(not_allowed(raw, allowed))
    return addresses


def _is_address(text: str, info: ValidationInfo) -> bool:
    is_new = bool(info.context and info.context.get("is_new"))
    return (_TRAVELS if is_new else _ADDRESS).match(text) is not None


def read_address(raw: Any, info: ValidationInfo) -> str:
    """One e-mail address."""
    if not isinstance(raw, str) or not _is_address(raw, info):
        raise ValueError(not_allowed(raw, 'an e-mail address such as "sales@example.com"'))
    return raw


def _read_language(raw: Any) -> str:
    if raw not in LANGUAGES:
        raise ValueError(not_allowed(raw, " or ".join(f'"{language}"' for language in LANGUAGES)))
    return str(raw)


def _read_hold(raw: Any) -> Hold:
    if isinstance(raw, Hold):
        return raw
    example = '{ days = ["Sat", "Sun"], from = "20:00", to = "08:00" }'
    if not isinstance(raw, dict) or not raw:
        raise ValueError(not_allowed(raw, f"a table such as {example}"))
    problems = [Mistake((key,), unknown(key, _HOLD)) for key in raw if key not in _HOLD]
    days: frozenset[int] = frozenset()
    if "days" in raw:
        try:
            days = frozenset(_each(DAYS, "day", DAYS.index)(raw["days"]))
        except ModelError as error:
            problems += error.under(("days",))
        except ValueError as error:
            problems.append(Mistake(("days",), str(error)))
    for key in _HOLD[1:]:
        if key in raw and not (isinstance(raw[key], str) and CLOCK.match(raw[key])):
            problems.append(Mistake((key,), not_allowed(raw[key], 'a time of day such as "20:00"')))
    if ("from" in raw) != ("to" in raw) or ("from" in raw and raw.get("from") == raw.get("to")):
        problems.append(Mistake((), "found from without another to, allowed are both, which differ, or none"))
    if problems:
        raise ModelError(problems)
    if len(days) == len(DAYS):
        raise ValueError("found all days of the week, allowed are fewer: nothing would ever be sent")
    clock = {key: time.fromisoformat(raw[key]) for key in ("from", "to") if key in raw}
    return Hold(days, clock.get("from"), clock.get("to"))


class Destination(BaseModel):
    """Who is told of the signals of the kinds `on` for which `where` holds. `secret` signs, or logs in (mail).

    `fields` is what of the person may leave; `model_changes` also takes what only another model brought about.
    `allow_private` lets its address be one of a private network.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, BeforeValidator(read_name)]
    type: Annotated[DestinationType, PlainValidator(_read_type)]
    url: Annotated[Variable | str, PlainValidator(_read_url)]
    on: Annotated[tuple[str, ...], PlainValidator(_each(SIGNALS, "kind"))] = ("lead.hot", "lead.hot.retracted")
    where: Annotated[Condition | None, PlainValidator(read_asked(ASKED))] = None
    secret: Annotated[Variable | None, PlainValidator(_read_variable)] = None
    to: Annotated[tuple[str, ...], PlainValidator(_read_to)] = ()
    sender: Annotated[str | None, PlainValidator(read_address)] = None
    keyword: Annotated[str | None, BeforeValidator(read_text)] = None
    fields: Annotated[tuple[str, ...] | None, PlainValidator(_each(PERSON, "field"))] = None
    language: Annotated[str, PlainValidator(_read_language)] = "en"
    hold: Annotated[Hold | None, PlainValidator(_read_hold)] = None
    model_changes: Annotated[bool, BeforeValidator(read_flag)] = False
    allow_private: Annotated[bool, BeforeValidator(read_flag)] = False

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        mail = self.type == DestinationType.MAIL
        given = {"to": self.to, "sender": self.sender}
        text = f'found beside type = "{self.type}"; allowed only of mail'
        problems = [Mistake((key,), text) for key, value in given.items() if value and not mail]
        if mail and not self.to:
            problems.append(Mistake(("to",), 'missing, required is an e-mail address such as to = "sales@example.com"'))
        if self.type == DestinationType.WEBHOOK and self.secret is None:
            text = 'missing, required is the signing key: secret = { env = "LEADLINE_BERLIN_KEY" }'
            problems.append(Mistake(("secret",), text))
        if problems:
            raise ModelError(problems)
        return self

    @property
    def may_leave(self) -> frozenset[str]:
        """What of the person may leave: all, but e-mail and phone never to a chat, where the file names nothing."""
        if self.fields is not None:
            return frozenset(self.fields)
        return frozenset(PERSON[:3] if self.type.is_chat else PERSON)

    def variables(self) -> Mapping[str, str]:
        """The variables of the environment that it needs, by the key that names them."""
        given = {"url": self.url, "secret": self.secret}
        return {key: value.env for key, value in given.items() if isinstance(value, Variable)}
