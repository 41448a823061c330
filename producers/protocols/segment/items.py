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

_NOT_KEPT: Final = frozenset({"traits", "machine", "said_at", OWN_REFERRER})
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
    context = _table(item, "context")
    if arrival.context:
        context = {**arrival.context, **context}
    type_ = _type(call, item, arrival.source)
    page_fields = _table(context, "page")
    properties = _properties(call, type_, item, page_fields)
    said = [_table(context, "traits"), _table(item, "traits") if call != "group" else {}]
    if type_ == "form_submitted":
        fields, known = (_table(item, "properties"), person.FORM) if "form" in item else (properties, person.SUBMITTED)
        said.insert(0, person.of_form(fields, known, properties.get("form"), arrival.conventions))
    said = [traits for traits in said if traits]
    claimed, region = _claimed(item), arrival.conventions.region
    sent = instants.sent(arrival.sent_at, claimed, arrival.received_at)
    said_at = instants.occurred(claimed, sent, arrival.received_at)
    believed = arrival.believed(said_at)
    kept = _context(context, page_fields, properties, type_, arrival)
    if believed != said_at:
        kept["said_at"] = rfc3339(said_at)
    return Touchpoint(
        _id(item, _item_id(arrival, place), repeat),
        arrival.source,
        type_,
        believed,
        arrival.received_at,
        _identities(call, item, said, region),
        sent,
        place,
        _profile(call, item, said, region),
        properties,
        kept,
    )


def _profile(call: str, item: Item, said: list[Item], region: str) -> dict[str, Any]:
    """What the call says of the person. Of what is said twice the last holds: form, context, own traits."""
    fields: dict[str, Any] = {}
    for traits in said:
        fields |= person.profile(traits, region)
    if call == "group":
        fields |= person.company(item.get("groupId"), _table(item, "traits"))
    return fields


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
        page.describe(properties, page_fields)
    if type_ == "form_submitted" and (tracked := item.get("form")):
        properties["form"] = tracked
    if type_ == "form_submitted" and properties.get("form") in (None, ""):
        form = next((properties[key] for key in _FORM_NAMES if properties.get(key)), None)
        if form is not None:
            properties["form"] = form
    return properties


def _identities(call: str, item: Item, said: list[Item], region: str) -> tuple[Identity, ...]:
    user, device = _named("user_id", item.get("userId")), _named("anonymous_id", item.get("anonymousId"))
    if call == "alias":
        if user is None and device is None:
            raise Unusable("userId: an alias call names who the person is now")
        return ordered(each for each in (user, device) if each)
    identities = [each for each in (user, device) if each]
    if said:
        identities += person.reachable(reversed(said), region)
    if not identities:
        ids = {"user_id": item.get("userId"), "anonymous_id": item.get("anonymousId")}
        raise Unusable(
            "no usable identity: a call carries anonymousId or userId, or an e-mail or phone in traits "
            f"or in the properties of Form Submitted{person.why_nobody([ids, *reversed(said)], region)}"
        )
    return ordered(identities)


def _named(kind: str, value: object) -> Identity | None:
    """The identity of an id, which most calls have one of."""
    return None if value is None else canonical(kind, value)


def _context(context: Item, page_fields: Item, properties: Item, type_: str, arrival: Arrival) -> dict[str, Any]:
    """The context as sent, without the traits (they are the profile's) and with the door's own verdict alone."""
    kept = {key: value for key, value in context.items() if key not in _NOT_KEPT}
    asks = arrival.user_agent if arrival.source.kind == "browser" else ""
    kept |= bots.machine(context.get("userAgent"), asks)
    if _flagged(context) or _flagged(properties):
        kept["machine"] = "reported"
    if not kept.get("campaign"):
        campaign = page.campaign_at(page_fields.get("url") or properties.get("url"))
        if not campaign and type_ == "form_submitted":
            campaign = page.campaign_of(properties.items())
        if campaign:
            kept["campaign"] = campaign
    kept |= page.own_referrer(properties, page_fields, arrival.conventions.sites)
    if asks:
        kept.setdefault("userAgent", asks)
    return kept


def _flagged(said: Item) -> bool:
    """Whether it says of itself that a machine did it."""
    for name in ("machine", "bot"):
        if name in said:
            flag = said[name]
            if flag is True or (isinstance(flag, str) and flag.casefold() == "true"):
                return True
    return False


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
    return str(value)[:60] if isinstance(value, (str, int, float)) else f"a {type(value).__name__}"
