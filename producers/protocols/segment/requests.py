"""The Segment HTTP API's calls and batches: taken item by item, so that a bad item never costs its neighbours. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from producers.protocols.segment.items import CALLS, Item, fingerprint, touchpoint, word
from producers.reading import body
from producers.reading.arrival import ITEM_LIMIT, Arrival, RefusedPart, Taken, Unusable, sealed, take_one
from producers.reading.body import LIMIT, Body
from producers.reading.ids import given_id
from store.log.port import Record

ITEMS: Final = 2_500
"""Most items of a batch."""

SHORT: Final = {call[0]: call for call in (*CALLS, "batch")}
"""The paths that browsers use: `/v1/t` is `/v1/track`."""

_ENVELOPE: Final = frozenset(
    {"type", "event", "name", "category", "userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp",
     "originalTimestamp", "sentAt", "writeKey"}
)  # fmt: skip

_AROUND: Final = ("sentAt", "context")
"""What a batch says around its items, of all of them."""

_SHOWN: Final = 5
"""Places of refused items that stand beside a reason."""


def read(arrival: Arrival, data: bytes) -> Body:
    """The call or batch in an unpacked body of `POST /v1/...`. Raises Malformed."""
    message = body.parsed(data, arrival.content_type)
    match message.format:
        case "empty":
            raise body.Malformed("the body is empty: send the call as JSON")
        case "json":
            return message
        case "form":
            return Body("form", form_item(call_of(arrival.door), body.table(message.value)))


def taken(arrival: Arrival, message: Body, raw: bytes) -> Taken:
    """What a call or batch became. `raw` is kept where the request as a whole is no good."""
    value = message.value
    call = call_of(arrival.door)
    if call != "batch":
        return _take_call(arrival, call, value, raw)
    fault = _batch_fault(value)
    if fault:
        return Taken(refused=RefusedPart(arrival, fault, raw), malformed=True)
    if isinstance(value, list):
        return _take_batch(arrival, value, {}, raw)
    context = value.get("context")
    around = context if isinstance(context, dict) else {}
    arrival = arrival._replace(sent_at=_scalar(value.get("sentAt")), context=around)
    return _take_batch(arrival, value["batch"], {key: value[key] for key in _AROUND if key in value}, raw)


def call_of(door: str) -> str:
    """The call that a door (`v1/t`, `v1/track`) stands for."""
    name = door.rpartition("/")[2]
    return SHORT.get(name, name)


def form_item(call: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """An item from a form's fields (a beacon's URLSearchParams): those that are not Segment's own are properties."""
    inner = "traits" if call in ("identify", "group") else "properties"
    own = {key: value for key, value in fields.items() if key in _ENVELOPE}
    return {**own, inner: {key: value for key, value in fields.items() if key not in _ENVELOPE}}


def _batch_fault(value: Any) -> str:
    items = value.get("batch") if isinstance(value, dict) else value
    if not isinstance(items, list):
        return "a batch is a JSON object with a list `batch` of items"
    if len(items) > ITEMS:
        return f"the batch has {len(items)} items: allowed are {ITEMS}"
    context = value.get("context") if isinstance(value, dict) else None
    if isinstance(context, dict) and context:
        size = _size({"context": {"context": context}})  # in its item, and that in what keeps it: JSON has a depth
        if size > ITEM_LIMIT or size * len(items) > 4 * LIMIT:
            return f"the batch's context is nested too deeply, or too large for {len(items)} items"
    return ""


def _take_call(arrival: Arrival, call: str, item: Any, raw: bytes) -> Taken:
    if not isinstance(item, dict):
        return Taken(refused=RefusedPart(arrival, f"a {call} call is a JSON object", raw), malformed=True)
    if len(raw) > ITEM_LIMIT and _size(item) > ITEM_LIMIT:
        reason = f"the item is larger than {ITEM_LIMIT} bytes"
        return Taken(refused=RefusedPart(arrival, reason, raw), malformed=True)
    arrival = arrival._replace(sent_at=_scalar(item.get("sentAt")) if arrival.sent_at is None else arrival.sent_at)
    return take_one(arrival, raw, lambda: touchpoint(call, item, arrival))


def _take_batch(arrival: Arrival, items: list[Any], around: Mapping[str, Any], raw: bytes) -> Taken:
    """The items one by one. Those that are refused are kept in one batch, with what the request said `around` them."""
    records: list[Record] = []
    bad: list[tuple[int, str]] = []
    kept: list[Any] = []
    repeats: dict[bytes, int] = {}
    heavy = len(raw) > ITEM_LIMIT
    most = LIMIT // max(1, len(items))
    lent = arrival if len(arrival.user_agent) <= most else arrival._replace(user_agent=arrival.user_agent[:most])
    for place, item in _placed(arrival.places, items):
        try:
            if not isinstance(item, dict):
                raise Unusable("an item of a batch is a JSON object")
            if heavy and _size(item) > ITEM_LIMIT:
                raise Unusable(f"the item is larger than {ITEM_LIMIT} bytes")
            records.append(sealed(touchpoint(word(item.get("type")), item, lent, place, _repeat(item, repeats))))
        except Unusable as error:
            bad.append((place, str(error)))
            kept.append(item)
    if not bad:
        return Taken(tuple(records))
    arrival = arrival._replace(places=tuple(place for place, _ in bad))
    return Taken(tuple(records), RefusedPart(arrival, _reasons_text(bad), _batch(around, kept, raw), tuple(bad)))


def _reasons_text(bad: list[tuple[int, str]]) -> str:
    """Why items were refused, each reason once with the first places."""
    places: dict[str, list[int]] = {}
    for place, reason in bad:
        places.setdefault(reason, []).append(place)
    sentences = []
    for reason, items in places.items():
        and_more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
        sentences.append(f"item {', '.join(map(str, items[:_SHOWN]))}{and_more}: {reason}")
    return "; ".join(sentences)


def _placed(places: tuple[int, ...], items: list[Any]) -> Iterable[tuple[int, Any]]:
    """The items with their places in their request. Of one that was kept, `items` are those of `places`, or all."""
    if not places:
        return enumerate(items)
    if len(places) == len(items):
        return zip(places, items, strict=True)
    return ((place, items[place]) for place in places if place < len(items))


def _batch(around: Mapping[str, Any], items: list[Any], raw: bytes) -> bytes:
    """A batch of these items alone; the request's bytes where they are nested too deeply to be written again."""
    try:
        return orjson.dumps({**around, "batch": items})
    except TypeError:
        return raw


def _repeat(item: Item, repeats: dict[bytes, int]) -> int:
    """Which occurrence in its batch this is of an item that has no id of its own, from 0."""
    if given_id(item.get("messageId")):
        return 0
    key = fingerprint(item)
    repeats[key] = repeats.get(key, -1) + 1
    return repeats[key]


def _size(value: Any) -> int:
    try:
        return len(orjson.dumps(value))
    except TypeError:
        return ITEM_LIMIT + 1  # nested too deeply to be written again


def _scalar(value: Any) -> str | int | float | None:
    if isinstance(value, str):
        return value
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
