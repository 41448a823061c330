"""What is handed to a destination, a typed view of the ledger's row; and what may become of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, Protocol, TypeAlias

import orjson

from consumers.notify.labels import UNNAMED, Labels
from domain.model.definition import Destination
from domain.model.destinations import PERSON
from domain.model.sales import Sales
from domain.signals.answer_link import NO_LINKS, Links
from domain.signals.kinds import SignalKind
from domain.touchpoints.text import in_a_line
from domain.touchpoints.touchpoint import Instant, moment, rfc3339
from store.ledger import Signal


@dataclass(frozen=True, slots=True)
class Note:
    """One signal as a destination may show it. `data` is the row's, without what of the person may not leave.

    Everything that a row may lack is None, "" or empty here: a note fills as the ledger's rows do.
    """

    signal: Signal
    data: Mapping[str, Any]
    first: "Note | None" = None
    """What it ends, where this destination was told of that."""

    @property
    def kind(self) -> SignalKind:
        """What is announced."""
        return self.signal.kind

    @property
    def at(self) -> datetime:
        """When it was decided, in UTC."""
        return moment(self.signal.at)

    def text(self, name: str) -> str:
        """A datum as text; "" where there is none."""
        value = self.data.get(name)
        return "" if value is None else str(value)

    def who(self, name: str) -> str:
        """What is known of the person and may leave, one of `PERSON`, in one line: visitors write it, and may write
        what looks like a line of ours; "" where there is nothing."""
        value = self.data.get("person", {}).get(name)
        return "" if value is None else in_a_line(str(value))

    def number(self, name: str) -> float | None:
        """A datum that is a number."""
        value = self.data.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def reasons(self) -> Sequence[Mapping[str, Any]]:
        """What made the lead hot, the most first."""
        reasons = self.data.get("reasons")
        return [each for each in reasons if isinstance(each, Mapping)] if isinstance(reasons, list) else []

    def message(self) -> dict[str, Any]:
        """The signal as the topics carry it, without what of the person may not leave."""
        return {
            **self.data,
            "id": self.signal.id,
            "kind": self.kind.value,
            "lead": str(self.signal.lead),
            "lead_now": str(self.signal.lead_now),
            "at": rfc3339(self.signal.at),
            "subject": self.signal.subject,
            "closes": self.signal.closes,
        }


_WITH: Final = {name: name for name in PERSON} | {"unsubscribed": "email"}
"""With which of `PERSON` a field may leave."""


def note_of(signal: Signal, may_leave: frozenset[str], first: Signal | None = None, links: Links = NO_LINKS) -> Note:
    """A signal as a destination may show it."""
    data = data_of(signal)
    person = data.get("person")
    if person is not None:
        known = person if isinstance(person, Mapping) else {}
        data["person"] = {key: value for key, value in known.items() if _WITH.get(key, key) in may_leave}
    linked = {"link": links.lead(signal.lead_now), "answer_link": links.answer(signal.asked(data), data.get("person"))}
    return Note(signal, linked | data, None if first is None else note_of(first, may_leave))


def data_of(signal: Signal) -> dict[str, Any]:
    """The row's data."""
    data = orjson.loads(signal.data)
    return data if isinstance(data, dict) else {}


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is handed over at once. `key` is the same at every attempt: a receiver that knows it drops repeats.

    Several notes are a digest, newest first. `is_test`: somebody only looks whether it arrives.
    """

    key: str
    notes: tuple[Note, ...]
    now: Instant
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived. `outcome` is what was answered."""

    outcome: str


@dataclass(frozen=True, slots=True)
class Later:
    """It did not, or nobody knows (`in_doubt`); time, or a person, mends it. `after`: seconds, where it was said."""

    outcome: str
    in_doubt: bool = False
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """This message is not taken, however often it is tried."""

    outcome: str


Outcome: TypeAlias = Delivered | Later | Undeliverable

LONGEST: Final = 300
"""Characters that are kept of an answer."""


class Messenger(Protocol):
    """Speaks to one destination. One thread uses it."""

    interval: float
    """Least seconds between two messages: the destination's rate."""
    digests: bool
    """Whether people read it: what waits together goes as one message."""

    def send(self, parcel: Parcel) -> Outcome:
        """Hand over. Raises nothing that is expected; what it raises is a fault, and the message's end."""
        ...


NO_SALES: Final = Sales()
"""Of a model without owners."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a sender is made of: the destination, its secrets in the clear, and what people read times and names in."""

    destination: Destination
    url: str
    keys: tuple[str, ...]
    zone: tzinfo
    labels: Labels = UNNAMED
    sales: Sales = NO_SALES
    """Whom a chat mentions, and a mail to the owner is sent to."""
