"""The touchpoint, its source and its instants."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, NewType

from msgspec import Struct

from domain.touchpoints.identity import Identity, trail_of

Instant = NewType("Instant", int)
"""Microseconds since 1970-01-01 UTC. A duration is a plain int of microseconds."""

Position = NewType("Position", int)
"""The place of an event among all that are recorded: from 1, without gaps, in the order of their commits."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST: Final = 0
"""The least instant, 1970: what claims to be older is a broken clock."""
_MICROSECOND: Final = timedelta(microseconds=1)
LATEST: Final = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
"""The first instant that is too late: every one before it has a date in every time zone."""
NEVER: Final = Instant(2**62)
"""An instant after all others."""


class Source(Struct, frozen=True, gc=False):
    """Who reports: the kind says what it may claim, the name scopes the ids it gives."""

    kind: str
    name: str


FOR_A_PERSON: Final = frozenset({"email_unsubscribed", "email_complained", "email_bounced", "consent_changed"})
"""Types that are said for a person and count whoever delivered them: a mail program unsubscribes by POST."""

REFUSES_MAIL: Final = frozenset({"email_unsubscribed", "email_complained"})
"""Types by which a person says that they want no more mail."""


OWN_REFERRER: Final = "own_referrer"
"""In a context: the door found that the page before is on one of the installation's own sites."""

_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


class Touchpoint(NamedTuple):
    """One thing a person did, or that was done to or about them, as a source reports it.

    Times are integer microseconds since 1970-01-01 UTC. `identities` is not empty and in canonical order.
    """

    id: str
    source: Source
    type: str
    occurred_at: Instant
    received_at: Instant
    identities: tuple[Identity, ...]
    sent_at: Instant | None = None
    seq: int = 0
    profile: Mapping[str, Any] = _NONE
    properties: Mapping[str, Any] = _NONE
    context: Mapping[str, Any] = _NONE

    @property
    def instant(self) -> Instant:
        """When it happened, as far as we believe it: never later than its receipt."""
        occurred, received = self.occurred_at, self.received_at
        return occurred if occurred < received else received

    @property
    def by_machine(self) -> bool:
        """Whether a machine did this: it stays in the timeline, with its reason, and counts nowhere."""
        return "machine" in self.context and self.type not in FOR_A_PERSON

    @property
    def claims(self) -> bool:
        """Whether who this says somebody is, is a claim: reported with a public key, by a form or by the pixel."""
        return self.source.kind == "browser"

    @property
    def order(self) -> tuple[int, int, str, str]:
        """The order of the fold."""
        return self.instant, self.seq, self.id, self.source.name

    @property
    def key(self) -> tuple[str, str]:
        """What it is recorded under once: its source's name and its id."""
        return self.source.name, self.id

    @property
    def trail(self) -> Identity:
        """The identity in whose trail this is recorded."""
        return trail_of(self.identities)


def microseconds(when: datetime) -> Instant:
    """Integer microseconds since 1970 UTC; a naive time is taken as UTC."""
    return Instant(((when if when.tzinfo else when.replace(tzinfo=UTC)) - EPOCH) // _MICROSECOND)


def instant_of(value: Any) -> Instant | None:
    """The instant of an RFC 3339 text; None: it is none."""
    try:
        return microseconds(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return None


def moment(instant: int) -> datetime:
    """The UTC datetime of an instant in microseconds."""
    return EPOCH + timedelta(microseconds=instant)


@lru_cache(4_096)
def rfc3339(instant: int) -> str:
    """An instant as `2026-11-21T19:27:11.397000Z`: always six digits, always Z, so texts sort as instants do.

    Remembered: what a request brings has its receipt in common, and an answer says an instant twice.
    """
    second, micro = divmod(instant, 1_000_000)
    return f"{_second(second)}.{micro:06d}Z"


@lru_cache(4_096)
def _second(number: int) -> str:
    """A second since 1970; many instants are of one."""
    day, second = divmod(number, 86_400)
    return "%sT%02d:%02d:%02d" % (_date(day), second // 3_600, second // 60 % 60, second % 60)  # noqa: UP031


@lru_cache(4_096)
def _date(day: int) -> str:
    """The date of a day since 1970; an answer has many instants of few days."""
    return (EPOCH + timedelta(days=day)).date().isoformat()
