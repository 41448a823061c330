"""What our tracker sends all day, as records: pages and events, by a schema that says just what it writes.

`items` asks an item for what any SDK may put into it: traits, flags, names of ids, times in a dozen forms. Of a body
that fits the schema, reading it has answered that. Where anything in an item is not as usual, `items` looks at it; of
all others the record is the one that `items` would come to, byte for byte (a test compares). Pure.
"""

from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec
import orjson
from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec.structs import asdict

from domain.touchpoints.claims import NAME_LIMIT, refusal, snake_case
from domain.touchpoints.envelope import NESTS, source_holds, type_holds, written
from domain.touchpoints.identity import canonical
from domain.touchpoints.text import is_plain
from domain.touchpoints.touchpoint import Instant, rfc3339
from producers.protocols.segment.items import touchpoint
from producers.reading import bots, instants, page
from producers.reading.arrival import ITEM_LIMIT, Arrival, Unusable, sealed
from producers.reading.body import LIMIT, is_tidy, parsed
from producers.reading.ids import LIMIT as ID_LIMIT
from store.log.cloudevents import sealed_record, source_header
from store.log.port import Record


class _Page(Struct, forbid_unknown_fields=True, gc=False):
    url: Annotated[str, Meta(min_length=1)]
    path: Annotated[str, Meta(min_length=1)]
    title: str
    referrer: str


class _Around(Struct, forbid_unknown_fields=True, gc=False):
    page: _Page


class _Item(Struct, forbid_unknown_fields=True, tag_field="type"):
    messageId: Annotated[str, Meta(min_length=1, max_length=ID_LIMIT)]
    timestamp: str
    anonymousId: str
    context: _Around


class PageView(_Item, tag="page"):
    """A page that was viewed."""


class Event(_Item, tag="track"):
    """What else happened."""

    event: Annotated[str, Meta(max_length=NAME_LIMIT)]
    properties: dict[str, Any]
    form: str | UnsetType = UNSET
    """The name of a form; beside it the properties are its fields."""


class Batch(Struct, forbid_unknown_fields=True):
    """The body of a request of the tracker's."""

    writeKey: str
    sentAt: str
    batch: list[PageView | Event]


class _Kept(Struct, omit_defaults=True, gc=False):
    """The context of an envelope."""

    page: _Page
    campaign: dict[str, Any] | None = None
    own_referrer: bool = False
    userAgent: str = ""


_READER: Final = msgspec.json.Decoder(Batch)
_FLAGS: Final = frozenset({"machine", "bot"})


def read(raw: bytes) -> Batch | None:
    """The batch in a body; None: it is another one than the tracker writes."""
    if raw[:1] != b"{" or len(raw) > ITEM_LIMIT:
        return None
    try:
        if is_tidy(raw):
            return _READER.decode(raw)
        batch = msgspec.convert(parsed(raw).value, Batch)
    except (ValueError, RecursionError):
        return None
    return batch if all(is_plain(item.messageId) for item in batch.batch) else None


def records(arrival: Arrival, batch: Batch) -> tuple[Record, ...] | None:
    """The touchpoints of a browser's batch; None: one of them is refused, or the request is not as usual."""
    source, agent, sent = arrival.source, arrival.user_agent, instants.of_browser(batch.sentAt)
    if (
        sent is None
        or not instants.is_near(sent, arrival.received_at)
        or not source_holds(source.kind, source.name)
        or bots.machine(agent)
        or len(agent) * len(batch.batch) > LIMIT
    ):
        return None
    request = _Request(arrival, batch, sent)
    try:
        return tuple([request.record(item, place) for place, item in enumerate(batch.batch)])
    except (Unusable, TypeError):  # such as numbers that are kept in another way
        return None


class _Request:
    """What all items of a request have in common."""

    def __init__(self, arrival: Arrival, batch: Batch, sent: Instant) -> None:
        self._arrival = arrival
        self._source_header = source_header(arrival.source)
        self._received = rfc3339(arrival.received_at)
        self._sent = sent
        self._sent_at = _spelt(batch.sentAt)

    def record(self, item: PageView | Event, place: int) -> Record:
        """The record of an item. Raises Unusable."""
        arrival, fields = self._arrival, item.context.page
        type_ = "page_viewed" if isinstance(item, PageView) else _usual(item)
        identity, claimed = canonical("anonymous_id", item.anonymousId), instants.of_browser(item.timestamp)
        if not type_ or identity is None or claimed is None:
            return self._looked_at(item, place)
        occurred = instants.occurred(claimed, self._sent, arrival.received_at)
        if arrival.believed(occurred) != occurred:
            return self._looked_at(item, place)
        at = _spelt(item.timestamp) if occurred == claimed else rfc3339(occurred)
        referrer: Any = fields.referrer
        properties: Any = fields
        if isinstance(item, Event):
            described = page.describe(dict(item.properties), asdict(fields))
            referrer = described.get("referrer")
            properties = Raw(orjson.dumps(described))
        elif not referrer or not fields.title:
            properties = {name: value for name, value in asdict(fields).items() if value}
        context = _Kept(
            fields,
            page.campaign_at(fields.url) or None,
            page.is_own(referrer, arrival.conventions.sites),
            arrival.user_agent,
        )
        value = written(
            item.messageId,
            arrival.source,
            type_,
            at,
            self._received,
            (identity,),
            self._sent_at,
            place,
            None,
            properties,
            context,
        )
        if isinstance(item, Event) and value.count(b"{") + value.count(b"[") >= NESTS:
            return self._looked_at(item, place)
        return sealed_record(f"anonymous_id:{identity.value}", value, item.messageId, type_, self._source_header, at)

    def _looked_at(self, item: PageView | Event, place: int) -> Record:
        fields = msgspec.to_builtins(item)
        return sealed(touchpoint(fields["type"], fields, self._arrival, place))


def _spelt(time: str) -> str:
    """A browser's time as `rfc3339` spells it."""
    return f"{time[:-1]}000Z"


def _usual(event: Event) -> str:
    """The type of an event that says nothing of the person; "" of others."""
    return _type(event.event) if event.form is UNSET and _FLAGS.isdisjoint(event.properties) else ""


@lru_cache(1_000)
def _type(event: str) -> str:
    name = snake_case(event)
    return "" if name == "form_submitted" or refusal("browser", name) or not type_holds(name) else name
