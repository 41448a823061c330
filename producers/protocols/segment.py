"""The Segment HTTP API's calls as touchpoints: pure, item by item, so that a bad item never costs its neighbours."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from domain.touchpoints.claims import refusal, snake_case
from domain.touchpoints.identity import Identity, canonical, ordered
from domain.touchpoints.touchpoint import Instant, Source, Touchpoint, rfc3339
from producers.reading import body, instants, page, person
from producers.reading.arrival import ITEM_LIMIT, Arrival, RefusedPart, Taken, Unusable, one, sealed
from producers.reading.body import LIMIT, Body
from producers.reading.ids import given_id
from producers.reading.protocol import Outcome, Path, Protocol, Sender
from store.log.port import Record

ITEMS: Final = 2_500
"""Most items of a batch."""

CALLS: Final = ("identify", "track", "page", "screen", "group", "alias")
SHORT: Final = {call[0]: call for call in (*CALLS, "batch")}
"""The paths that browsers use: `/v1/t` is `/v1/track`."""

_NAMES: Final = {
    "identify": "identified",
    "page": "page_viewed",
    "screen": "screen_viewed",
    "group": "grouped",
    "alias": "aliased",
}
_ENVELOPE: Final = frozenset(
    {"type", "event", "name", "category", "userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp",
     "originalTimestamp", "sentAt", "writeKey"}
)  # fmt: skip

_AROUND: Final = ("sentAt", "context")
"""What a batch says around its items, of all of them."""

_TOLD: Final = 5
"""Places of refused items that are told beside a reason."""

_FORM_NAMES: Final = ("form_id", "formId", "form_name", "formName")

Item = Mapping[str, Any]


# ---- requests ----------------------------------------------------------------------------------------------------


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
        return _one(arrival, call, value, raw)
    fault = _batch_fault(value)
    if fault:
        return Taken(refused=RefusedPart(arrival, fault, raw), malformed=True)
    if isinstance(value, list):
        return _several(arrival, value, {}, raw)
    context = value.get("context")
    around = context if isinstance(context, dict) else {}
    arrival = replace(arrival, sent_at=_scalar(value.get("sentAt")), context=around)
    return _several(arrival, value["batch"], {key: value[key] for key in _AROUND if key in value}, raw)


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


def _one(arrival: Arrival, call: str, item: Any, raw: bytes) -> Taken:
    if not isinstance(item, dict):
        return Taken(refused=RefusedPart(arrival, f"a {call} call is a JSON object", raw), malformed=True)
    if len(raw) > ITEM_LIMIT and _size(item) > ITEM_LIMIT:
        reason = f"the item is larger than {ITEM_LIMIT} bytes"
        return Taken(refused=RefusedPart(arrival, reason, raw), malformed=True)
    arrival = replace(arrival, sent_at=_scalar(item.get("sentAt")) if arrival.sent_at is None else arrival.sent_at)
    return one(arrival, raw, lambda: touchpoint(call, item, arrival))


def _several(arrival: Arrival, items: list[Any], around: Mapping[str, Any], raw: bytes) -> Taken:
    """The items one by one. Those that are refused are kept in one batch, with what the request said `around` them."""
    good: list[Touchpoint] = []
    records: list[Record] = []
    bad: list[tuple[int, str]] = []
    kept: list[Any] = []
    repeats: Counter[bytes] = Counter()
    heavy = len(raw) > ITEM_LIMIT
    lent = replace(arrival, user_agent=arrival.user_agent[: LIMIT // max(1, len(items))])
    for place, item in _placed(arrival.places, items):
        try:
            if not isinstance(item, dict):
                raise Unusable("an item of a batch is a JSON object")
            if heavy and _size(item) > ITEM_LIMIT:
                raise Unusable(f"the item is larger than {ITEM_LIMIT} bytes")
            found = touchpoint(_word(item.get("type")), item, lent, place, _repeat(item, repeats))
            records.append(sealed(found))
            good.append(found)
        except Unusable as error:
            bad.append((place, str(error)))
            kept.append(item)
    if not bad:
        return Taken(tuple(good), tuple(records))
    arrival = replace(arrival, places=tuple(place for place, _ in bad))
    return Taken(tuple(good), tuple(records), RefusedPart(arrival, _told(bad), _batch(around, kept, raw), tuple(bad)))


def _told(bad: list[tuple[int, str]]) -> str:
    """Why items were refused, each reason once with the first places."""
    places: dict[str, list[int]] = {}
    for place, reason in bad:
        places.setdefault(reason, []).append(place)
    told = []
    for reason, items in places.items():
        more = f" and {len(items) - _TOLD} more" if len(items) > _TOLD else ""
        told.append(f"item {', '.join(map(str, items[:_TOLD]))}{more}: {reason}")
    return "; ".join(told)


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


def _made(arrival: Arrival, place: int) -> str:
    return f"{arrival.made_id}-{place}" if place else arrival.made_id


def _repeat(item: Item, repeats: Counter[bytes]) -> int:
    """Which occurrence in its batch this is of an item that has no id of its own, from 0."""
    if given_id(item.get("messageId")):
        return 0
    key = _fingerprint(item)
    repeats[key] += 1
    return repeats[key] - 1


def _size(value: Any) -> int:
    try:
        return len(orjson.dumps(value))
    except TypeError:
        return ITEM_LIMIT + 1  # nested too deeply to be written again


# ---- items -------------------------------------------------------------------------------------------------------


def touchpoint(call: str, item: Item, arrival: Arrival, place: int = 0, repeat: int = 0) -> Touchpoint:
    """One item as a touchpoint. `place` is its own in the batch, `repeat` counts equal items without an id before it.

    Raises Unusable.

    Nothing of the connection is recorded besides what the client says: no address of the caller.
    """
    if call not in CALLS:
        raise Unusable(f"found type {call!r}: allowed are {', '.join(CALLS)}")
    context = {**arrival.context, **_table(item, "context")}
    type_ = _type(call, item, arrival.source)
    properties = _properties(call, type_, item, _table(context, "page"))
    about = [_table(item, "traits") if call != "group" else {}, _table(context, "traits")]
    submitted: Mapping[str, Any] = {}
    if type_ == "form_submitted":
        submitted = person.of_form(properties, person.SUBMITTED, properties.get("form"), arrival.conventions)
    claimed, region = _claimed(item), arrival.conventions.region
    sent = instants.sent(arrival.sent_at, claimed, arrival.received_at)
    said_at = instants.occurred(claimed, sent, arrival.received_at)
    believed = _believed(said_at, arrival)
    return Touchpoint(
        id=_id(item, _made(arrival, place), repeat),
        source=arrival.source,
        type=type_,
        occurred_at=believed,
        received_at=arrival.received_at,
        sent_at=sent,
        seq=place,
        identities=_identities(call, item, [*about, submitted], region),
        profile={
            **person.profile(submitted, region),
            **person.profile(about[1], region),
            **person.profile(about[0], region),
            **(person.company(item.get("groupId"), _table(item, "traits")) if call == "group" else {}),
        },
        properties=properties,
        context=_context(context, properties, arrival) | ({} if believed == said_at else {"said_at": rfc3339(said_at)}),
    )


def _believed(said_at: Instant, arrival: Arrival) -> Instant:
    """When something happened: a claim is not believed that it was long ago, and gets its receipt as instant."""
    if arrival.source.kind == "browser" and said_at < arrival.received_at - arrival.conventions.claims_back:
        return arrival.received_at
    return said_at


def _type(call: str, item: Item, source: Source) -> str:
    if call != "track":
        return _NAMES[call]
    event = item.get("event")
    name = snake_case(event) if isinstance(event, str) else ""
    if not name:
        raise Unusable("event: a track call names its event in letters or digits")
    if fault := refusal(source.kind, name):
        raise Unusable(f"event: {fault}")
    return name


def _properties(call: str, type_: str, item: Item, where: Item) -> dict[str, Any]:
    properties = dict(_table(item, "properties"))
    match call:
        case "page" | "screen":
            for name in ("name", "category"):
                if item.get(name) is not None:
                    properties.setdefault(name, item[name])
        case "group":
            properties["group_id"] = item.get("groupId")
        case "alias":
            previous = canonical("user_id", item.get("previousId"))
            if previous is None:
                raise Unusable("previousId: an alias call names who the person was known as before")
            properties["previous"] = previous.value
    if call in ("page", "screen", "track"):
        properties = page.described(properties, where)
    if type_ == "form_submitted" and properties.get("form") in (None, ""):
        form = next((properties[key] for key in _FORM_NAMES if properties.get(key)), None)
        if form is not None:
            properties["form"] = form
    return properties


def _identities(call: str, item: Item, about: list[Mapping[str, Any]], region: str) -> tuple[Identity, ...]:
    user = canonical("user_id", item.get("userId"))
    device = canonical("anonymous_id", item.get("anonymousId"))
    if call == "alias":
        if user is None and device is None:
            raise Unusable("userId: an alias call names who the person is now")
        return ordered(each for each in (user, device) if each)
    identities = [each for each in (user, device) if each] + person.reachable(about, region)
    if not identities:
        ids = {"user_id": item.get("userId"), "anonymous_id": item.get("anonymousId")}
        raise Unusable(
            "no usable identity: a call carries anonymousId or userId, or an e-mail or phone in traits "
            f"or in the properties of Form Submitted{person.why_nobody([ids, *about], region)}"
        )
    return ordered(identities)


def _context(context: Item, properties: Item, arrival: Arrival) -> dict[str, Any]:
    """The context as sent, without the traits (they are the profile's) and with the door's own verdict alone."""
    kept = {key: value for key, value in context.items() if key not in ("traits", "machine", "said_at")}
    flags = (context.get("machine"), context.get("bot"), properties.get("machine"), properties.get("bot"))
    if any(flag is True or (isinstance(flag, str) and flag.casefold() == "true") for flag in flags):
        kept["machine"] = "reported"
    if not kept.get("campaign"):
        where = _table(context, "page").get("url") or properties.get("url")
        if found := page.campaign(page.query_of(where)):
            kept["campaign"] = found
    if arrival.user_agent and arrival.source.kind == "browser":
        kept.setdefault("userAgent", arrival.user_agent)
    return kept


# ---- times and ids -----------------------------------------------------------------------------------------------


def _claimed(item: Item) -> Instant | None:
    """When the client says it happened: `timestamp`, which its user may set, else RudderStack's `originalTimestamp`."""
    for name in ("timestamp", "originalTimestamp"):
        value = item.get(name)
        if instants.is_unset(value):
            continue
        claimed = instants.instant(value)
        if claimed is None:
            raise Unusable(f"{name}: found {_word(value)!r}, allowed is an ISO 8601 time or a number since 1970")
        return claimed
    return None


def _id(item: Item, made_id: str, repeat: int) -> str:
    """The id under which a resend is known.

    Without a messageId: a hash of the item, if it bears a time (the same item is then the same touchpoint); else the
    request's made id, for nothing tells a resend from a second visit.
    """
    if given := given_id(item.get("messageId")):
        return given
    if item.get("timestamp") or item.get("originalTimestamp"):
        return f"item-{_fingerprint(item).hex()}" + (f"-{repeat}" if repeat else "")
    return made_id


def _fingerprint(item: Item) -> bytes:
    """A hash of what the item says, whenever it was sent."""
    told = {key: value for key, value in item.items() if key not in ("sentAt", "writeKey")}
    try:
        return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).digest()
    except TypeError as error:
        raise Unusable(f"the item is no plain JSON: {error}") from error


def _table(item: Item, name: str) -> Mapping[str, Any]:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str:
    """A value in a message: short, whatever it is."""
    return str(value)[:60] if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def _scalar(value: Any) -> str | int | float | None:
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


PROTOCOL: Final = Protocol(
    name="segment",
    prefix="v1/",
    paths=tuple(Path(f"/v1/{name}", f"v1/{name}") for name in (*CALLS, "batch", *SHORT)),
    sender=Sender.WRITE_KEY,
    reply=Outcome(),
    read=read,
    taken=taken,
)
