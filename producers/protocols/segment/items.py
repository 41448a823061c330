"""An item of the Segment HTTP API as a touchpoint: who, what, when, and the id under which a resend is known. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from domain.touchpoints.claims import refusal, snake_case
from domain.touchpoints.identity import Identity, canonical, ordered
from domain.touchpoints.touchpoint import OWN_REFERRER, Instant, Source, Touchpoint, rfc3339
from producers.reading import bots, instants, page, person
from producers.reading.arrival import Arrival, Unusable
from producers.reading.ids import given_id

CALLS: Final = ("identify", "track", "page", "screen", "group", "alias")

_NOT_KEPT: Final = ("traits", "machine", "said_at", OWN_REFERRER)
"""Of a context, what the door says itself, and the traits, which are the profile's."""

_NAMES: Final = {
    "identify": "identified",
    "page": "page_viewed",
    "screen": "screen_viewed",
    "group": "grouped",
    "alias": "aliased",
}
_FORM_NAMES: Final = ("form_id", "formId", "form_name", "formName")

Item = Mapping[str, Any]


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
    traits = [_table(item, "traits") if call != "group" else {}, _table(context, "traits")]
    submitted: Mapping[str, Any] = {}
    if type_ == "form_submitted":
        submitted = person.of_form(properties, person.SUBMITTED, properties.get("form"), arrival.conventions)
    claimed, region = _claimed(item), arrival.conventions.region
    sent = instants.sent(arrival.sent_at, claimed, arrival.received_at)
    said_at = instants.occurred(claimed, sent, arrival.received_at)
    believed = _believed(said_at, arrival)
    return Touchpoint(
        id=_id(item, _item_id(arrival, place), repeat),
        source=arrival.source,
        type=type_,
        occurred_at=believed,
        received_at=arrival.received_at,
        sent_at=sent,
        seq=place,
        identities=_identities(call, item, [*traits, submitted], region),
        profile={
            **person.profile(submitted, region),
            **person.profile(traits[1], region),
            **person.profile(traits[0], region),
            **(person.company(item.get("groupId"), _table(item, "traits")) if call == "group" else {}),
        },
        properties=properties,
        context=_context(context, properties, properties if type_ == "form_submitted" else {}, arrival)
        | ({} if believed == said_at else {"said_at": rfc3339(said_at)}),
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


def _properties(call: str, type_: str, item: Item, page_fields: Item) -> dict[str, Any]:
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
        properties = page.described(properties, page_fields)
    if type_ == "form_submitted" and properties.get("form") in (None, ""):
        form = next((properties[key] for key in _FORM_NAMES if properties.get(key)), None)
        if form is not None:
            properties["form"] = form
    return properties


def _identities(call: str, item: Item, traits: list[Mapping[str, Any]], region: str) -> tuple[Identity, ...]:
    user = canonical("user_id", item.get("userId"))
    device = canonical("anonymous_id", item.get("anonymousId"))
    if call == "alias":
        if user is None and device is None:
            raise Unusable("userId: an alias call names who the person is now")
        return ordered(each for each in (user, device) if each)
    identities = [each for each in (user, device) if each] + person.reachable(traits, region)
    if not identities:
        ids = {"user_id": item.get("userId"), "anonymous_id": item.get("anonymousId")}
        raise Unusable(
            "no usable identity: a call carries anonymousId or userId, or an e-mail or phone in traits "
            f"or in the properties of Form Submitted{person.why_nobody([ids, *traits], region)}"
        )
    return ordered(identities)


def _context(context: Item, properties: Item, form: Item, arrival: Arrival) -> dict[str, Any]:
    """The context as sent, without the traits (they are the profile's) and with the door's own verdict alone."""
    kept = {key: value for key, value in context.items() if key not in _NOT_KEPT}
    asks = arrival.user_agent if arrival.source.kind == "browser" else ""
    kept |= bots.machine(context.get("userAgent"), asks)
    flags = (context.get("machine"), context.get("bot"), properties.get("machine"), properties.get("bot"))
    if any(flag is True or (isinstance(flag, str) and flag.casefold() == "true") for flag in flags):
        kept["machine"] = "reported"
    if not kept.get("campaign"):
        url = _table(context, "page").get("url") or properties.get("url")
        if campaign := page.campaign(page.query_of(url)) or page.campaign_of(form.items()):
            kept["campaign"] = campaign
    kept |= page.own_referrer(properties, _table(context, "page"), arrival.conventions.sites)
    if asks:
        kept.setdefault("userAgent", asks)
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
            raise Unusable(f"{name}: found {word(value)!r}, allowed is an ISO 8601 time or a number since 1970")
        return claimed
    return None


def _item_id(arrival: Arrival, place: int) -> str:
    return f"{arrival.made_id}-{place}" if place else arrival.made_id


def _id(item: Item, made_id: str, repeat: int) -> str:
    """The id under which a resend is known.

    Without a messageId: a hash of the item, if it bears a time (the same item is then the same touchpoint); else the
    request's made id, for nothing tells a resend from a second visit.
    """
    if message_id := given_id(item.get("messageId")):
        return message_id
    if item.get("timestamp") or item.get("originalTimestamp"):
        return f"item-{fingerprint(item).hex()}" + (f"-{repeat}" if repeat else "")
    return made_id


def fingerprint(item: Item) -> bytes:
    """A hash of what the item says, whenever it was sent."""
    content = {key: value for key, value in item.items() if key not in ("sentAt", "writeKey")}
    try:
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    except TypeError as error:
        raise Unusable(f"the item is no plain JSON: {error}") from error


def _table(item: Item, name: str) -> Mapping[str, Any]:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def word(value: object) -> str:
    """A value in a message: short, whatever it is."""
    return str(value)[:60] if isinstance(value, str | int | float) else f"a {type(value).__name__}"
