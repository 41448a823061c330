"""What our tracker sends all day, as records: pages and events, by a schema that says just what it writes.

`items` asks an item for what any SDK may put into it: traits, flags, names of ids, times in a dozen forms. Of a body
that fits the schema, reading it has answered that. Where anything in an item is not as usual, `items` looks at it; of
all others the record is the one that `items` would come to, byte for byte (a test compares). Pure.
"""

from functools import lru_cache
from itertools import starmap
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec.structs import asdict

from domain.touchpoints.claims import NAME_LIMIT, refusal, snake_case
from domain.touchpoints.envelope import (
    NESTS,
    WrittenEnvelope,
    WrittenIdentity,
    json_of,
    source_holds,
    source_json,
    table_json,
    type_holds,
)
from domain.touchpoints.identity import canonical, ordered
from domain.touchpoints.text import is_plain
from domain.touchpoints.touchpoint import Instant, rfc3339
from producers.protocols.segment.items import touchpoint
from producers.reading import bots, instants, page, person
from producers.reading.arrival import ITEM_LIMIT, Arrival, Unusable, sealed
from producers.reading.body import LIMIT, clean, is_tidy
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
    form: str | UnsetType | None = UNSET
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
_SHORT: Final = 300
"""Characters of addresses that are remembered."""
_FLAGS: Final = frozenset({"machine", "bot"})


def read(raw: bytes) -> Batch | None:
    """The batch in a body; None: it is another one than the tracker writes."""
    if raw[:1] != b"{" or len(raw) > ITEM_LIMIT:
        return None
    try:
        batch = _READER.decode(raw)
        return batch if is_tidy(raw) or _tidied(batch) else None
    except (ValueError, RecursionError):
        return None


def _tidied(batch: Batch) -> bool:
    """Tidy every text of a batch. False: nothing is left of one that it needs."""
    batch.writeKey, batch.sentAt = clean(batch.writeKey), clean(batch.sentAt)
    for item in batch.batch:
        fields = item.context.page
        fields.url, fields.path = clean(fields.url), clean(fields.path)
        fields.title, fields.referrer = clean(fields.title), clean(fields.referrer)
        item.timestamp, item.anonymousId = clean(item.timestamp), clean(item.anonymousId)
        if isinstance(item, Event):
            item.event, item.properties = clean(item.event), clean(item.properties)
            item.form = clean(item.form)
        if not (fields.url and fields.path and is_plain(item.messageId)):
            return False
    return True


def records(arrival: Arrival, batch: Batch) -> tuple[Record, ...] | None:
    """The touchpoints of a browser's batch; None: one of them is refused, or the request is not as usual."""
    source, agent, received = arrival.source, arrival.user_agent, arrival.received_at
    sent = instants.of_browser(batch.sentAt)
    right = sent is not None and instants.is_right(sent, received)
    if (
        sent is None
        or not (right or instants.is_near(sent, received))
        or not source_holds(source.kind, source.name)
        or bots.known_bot(agent)
        or len(agent) * len(batch.batch) > LIMIT
    ):
        return None
    request = _Request(
        arrival, source_json(source), source_header(source), rfc3339(received), sent, f"{batch.sentAt[:-1]}000Z",
        right, arrival.earliest,
    )  # fmt: skip
    try:
        return tuple([_record(request, item, place) for place, item in enumerate(batch.batch)])
    except (Unusable, TypeError):  # such as numbers that are kept in another way
        return None


class _Request(Struct, gc=False):
    """What all items of a request have in common. `right`: its clock is. Before `earliest` nothing is believed."""

    arrival: Arrival
    source: Raw
    source_header: bytes
    received_at: str
    sent: Instant
    sent_at: str
    right: bool
    earliest: Instant


def _record(request: _Request, item: PageView | Event, place: int) -> Record:
    """The record of an item. Raises Unusable."""
    arrival, right = request.arrival, request.right
    device, claimed = canonical("anonymous_id", item.anonymousId), instants.of_browser(item.timestamp)
    event = item if isinstance(item, Event) else None
    type_ = "page_viewed" if event is None else _usual(event)
    if not type_ or device is None or claimed is None:
        return _looked_at(arrival, item, place)
    occurred = claimed if right else instants.occurred(claimed, request.sent, arrival.received_at)
    if occurred < request.earliest:
        return _looked_at(arrival, item, place)
    fields, conventions = item.context.page, arrival.conventions
    campaign, own = _led(fields.url, fields.referrer, conventions.sites)
    properties: Any = fields
    profile, identities = None, [WrittenIdentity("anonymous_id", device.value)]
    if event is not None:
        described = page.describe(dict(event.properties), asdict(fields))
        if event.properties.get("referrer"):
            own = page.is_own(event.properties["referrer"], conventions.sites)
        if event.form:
            described["form"] = event.form
            said = person.of_form(event.properties, person.FORM, event.form, conventions)
            campaign = campaign or page.campaign_of(described.items()) or None
            profile = table_json(person.profile(said, conventions.region))
            known = ordered((device, *person.reachable([said], conventions.region)))
            identities = list(starmap(WrittenIdentity, known))
        properties = table_json(described)
    elif not fields.referrer or not fields.title:
        properties = {name: value for name, value in asdict(fields).items() if value}
    at, id = f"{item.timestamp[:-1]}000Z" if right else rfc3339(occurred), item.messageId
    value = json_of(
        WrittenEnvelope(
            1, id, request.source, type_, at, request.received_at, identities, request.sent_at, place, profile,
            properties, _Kept(fields, campaign, own, arrival.user_agent),
        )
    )  # fmt: skip
    if event is not None and value.count(b"{") + value.count(b"[") >= NESTS:
        return _looked_at(arrival, item, place)
    return sealed_record(f"anonymous_id:{device.value}", value, id, type_, request.source_header, at)


def _led(url: str, referrer: str, sites: frozenset[str]) -> tuple[dict[str, Any] | None, bool]:
    """The campaign that led to a page, and whether it was a page of these sites that did."""
    if len(url) + len(referrer) > _SHORT:
        return _short_led.__wrapped__(url, referrer, sites)
    return _short_led(url, referrer, sites)


@lru_cache(4_000)
def _short_led(url: str, referrer: str, sites: frozenset[str]) -> tuple[dict[str, Any] | None, bool]:
    return page.campaign_at(url) or None, page.is_own(referrer, sites)


def _looked_at(arrival: Arrival, item: PageView | Event, place: int) -> Record:
    """The record of an item that is not as usual. Raises Unusable."""
    fields = msgspec.to_builtins(item)
    return sealed(touchpoint(fields["type"], fields, arrival, place))


def _usual(event: Event) -> str:
    """The type of an event that says nothing of the person, or of a form; "" of others."""
    type_ = _type(event.event) if _FLAGS.isdisjoint(event.properties) else ""
    is_form = type_ == "form_submitted"
    return type_ if (bool(event.form) if is_form else event.form is UNSET) else ""


@lru_cache(1_000)
def _type(event: str) -> str:
    name = snake_case(event)
    return "" if refusal("browser", name) or not type_holds(name) else name
