"""What came in, and what became of it: plain values, so that translation is pure and can be done again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from domain.errors import Reject
from domain.touchpoints.envelope import decode, explain, validated
from domain.touchpoints.touchpoint import Instant, Source, Touchpoint
from producers.reading.conventions import NONE, Conventions
from store.log.cloudevents import touchpoint_record
from store.log.port import Record
from store.log.rejection import rejection_record

ITEM_LIMIT: Final = 32_768
"""Largest item of a batch or form, in bytes of JSON."""


class Unusable(Reject, ValueError):
    """This input is no touchpoint, or not this source's to send. Keep it with this reason; a resend would not help."""


class Arrival(NamedTuple):
    """One request as far as translation depends on it. The same arrival and body give the same touchpoints.

    `door` is the path without its first slash. `made_id` is the id of what brings none. `places` are those that the
    items of a batch had in their request, where only these were kept and are tried again. `sent_at` and `context` are
    what the body says of the whole request. `conventions` are the installation's as they are now: after a mend, others.
    """

    door: str
    source: Source
    received_at: Instant
    made_id: str
    query: str = ""
    content_type: str = ""
    referer: str = ""
    user_agent: str = ""
    places: tuple[int, ...] = ()
    sent_at: str | int | float | None = None
    context: Mapping[str, Any] = MappingProxyType({})
    conventions: Conventions = NONE

    @property
    def query_bytes(self) -> bytes:
        """The query as it stood in the request line (`query` is its Latin-1 text, which JSON can hold)."""
        return self.query.encode("latin-1", "replace")

    def believed(self, said_at: Instant) -> Instant:
        """When it happened: a claim is not believed that it was long ago, and gets its receipt as instant."""
        return self.received_at if self.source.kind == "browser" and said_at < self.earliest else said_at

    @property
    def earliest(self) -> Instant:
        """The first instant that a browser is believed."""
        return Instant(self.received_at - self.conventions.claims_back)

    def meta(self) -> dict[str, Any]:
        """What `again` needs, as JSON values. Without what is empty."""
        return {name: value for name in _META if (value := getattr(self, name))}


_UNKEPT: Final = ("door", "source", "sent_at", "context", "conventions")
_META: Final = tuple(name for name in Arrival._fields if name not in _UNKEPT)


@dataclass(frozen=True, slots=True)
class RefusedPart:
    """What of a request was refused, kept once a request, with the arrival under which it can be tried again."""

    arrival: Arrival
    reason: str
    raw: bytes
    items: tuple[tuple[int, str], ...] = ()
    """Of a batch of which some items were refused: their places from 0, and why each was. `raw` holds these alone."""

    def reasons(self) -> tuple[tuple[int, str], ...]:
        """The places of what was refused, and why."""
        return self.items or ((0, self.reason),)

    def record(self, raw: bytes | None = None) -> Record:
        """What keeps it, or other bytes in its place (without what must not be kept)."""
        arrival = self.arrival
        source = f"{arrival.source.kind}:{arrival.source.name}"
        return rejection_record(
            door=arrival.door,
            reason=self.reason,
            source=source,
            meta=arrival.meta(),
            raw=self.raw if raw is None else raw,
            at=arrival.received_at,
        )


class Taken(NamedTuple):
    """What a request became. `malformed` where the client must learn of it: the request as a whole was no good."""

    records: tuple[Record, ...] = ()
    """Its touchpoints, in their order."""
    refused: RefusedPart | None = None
    malformed: bool = False

    @property
    def touchpoints(self) -> tuple[Touchpoint, ...]:
        """What the records hold."""
        return tuple(decode(record.value) for record in self.records)


def sealed(touchpoint: Touchpoint) -> Record:
    """The touchpoint as a record under its trail's plain identity, its envelope validated. Raises Unusable."""
    try:
        value = validated(touchpoint)
    except TypeError as error:  # what JSON cannot carry: nested too deeply, numbers too large
        raise Unusable(f"no valid envelope: {error}") from error
    except ValueError as error:
        raise Unusable(f"no valid envelope: {explain(error)}") from error
    return touchpoint_record(touchpoint, value)


def take_one(arrival: Arrival, raw: bytes, translate: Callable[[], Touchpoint]) -> Taken:
    """What a request that holds one touchpoint became. `raw` is kept if it is refused."""
    try:
        return Taken((sealed(translate()),))
    except ValueError as error:
        return Taken(refused=RefusedPart(arrival, str(error), raw))
