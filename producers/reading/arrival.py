"""What came to a door, and what became of it: plain values, so that translation is pure and can be done again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from domain.touchpoints.envelope import ENVELOPES, encode, explain
from domain.touchpoints.touchpoint import Source, Touchpoint
from store.log.cloudevents import touchpoint_record
from store.log.port import Record
from store.log.rejection import rejection_record

ITEM_LIMIT: Final = 32_768
"""Largest item of a batch or form, in bytes of JSON."""


class Refusal(ValueError):
    """This input is no touchpoint, or not this source's to send. Keep it with this reason; a resend would not help."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as far as translation depends on it. The same arrival and body give the same touchpoints.

    `door` is the path without its first slash. `made_id` is the id of what brings none. `seq`, `sent_at` and `context`
    are those of the request around it, where an item of a batch was kept and is tried again alone.
    """

    door: str
    source: Source
    received_at: int
    made_id: str
    query: str = ""
    content_type: str = ""
    referer: str = ""
    user_agent: str = ""
    seq: int = 0
    sent_at: str | int | float | None = None
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def query_bytes(self) -> bytes:
        """The query as it stood in the request line (`query` is its Latin-1 text, which JSON can hold)."""
        return self.query.encode("latin-1", "replace")

    def meta(self) -> dict[str, Any]:
        """What `again` needs, as JSON values. Without what is empty."""
        return {name: value for name in _META if (value := getattr(self, name))}


_META: Final = tuple(each.name for each in fields(Arrival) if each.name not in ("door", "source"))


@dataclass(frozen=True, slots=True)
class Refused:
    """A part of a request that was refused, with the arrival under which it can be tried again."""

    arrival: Arrival
    reason: str
    raw: bytes

    def record(self) -> Record:
        """What keeps it."""
        arrival = self.arrival
        source = f"{arrival.source.kind}:{arrival.source.name}"
        return rejection_record(
            door=arrival.door,
            reason=self.reason,
            source=source,
            meta=arrival.meta(),
            raw=self.raw,
            at=arrival.received_at,
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """What a request became. `malformed` where the client must learn of it: the request as a whole was no good."""

    touchpoints: tuple[Touchpoint, ...] = ()
    records: tuple[Record, ...] = ()
    """The touchpoints' own, in their order."""
    refused: tuple[Refused, ...] = ()
    malformed: bool = False
    ordinals: tuple[int, ...] = ()
    """Places of the refused parts in their request, from 0."""


def sealed(touchpoint: Touchpoint) -> Record:
    """The touchpoint as a record under its trail's plain identity, its envelope validated. Raises Refusal."""
    try:
        value = encode(touchpoint)
        ENVELOPES.validate_json(b"[%b]" % value)
    except TypeError as error:  # what JSON cannot carry: nested too deeply, numbers too large
        raise Refusal(f"no valid envelope: {error}") from error
    except ValueError as error:
        raise Refusal(f"no valid envelope: {explain(error)}") from error
    return touchpoint_record(touchpoint, value)


def one(arrival: Arrival, raw: bytes, translate: Callable[[], Touchpoint]) -> Taken:
    """What a request that holds one touchpoint became. `raw` is kept if it is refused."""
    try:
        touchpoint = translate()
        return Taken((touchpoint,), (sealed(touchpoint),))
    except ValueError as error:
        return Taken(refused=(Refused(arrival, str(error), raw),), ordinals=(0,))
