"""The pixel: one image request is one touchpoint, for places where no script and no form can be."""

from collections.abc import Mapping
from typing import Any, Final

from domain.touchpoints.claims import refusal, snake_case
from domain.touchpoints.identity import canonical, ordered
from domain.touchpoints.touchpoint import Touchpoint
from producers.reading import body, bots, page, person
from producers.reading.arrival import ITEM_LIMIT, Arrival, RefusedPart, Taken, Unusable, take_one
from producers.reading.body import Body
from producers.reading.ids import given_id
from producers.reading.protocol import Image, Path, Protocol, Sender

GIF: Final = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
"""A transparent dot of 43 bytes."""

_OWN: Final = ("e", "aid", "t", "url", "id")


def read(arrival: Arrival, data: bytes) -> Body:
    """The parameters of `GET /p.gif?...`, or of its query where only that was kept. Raises Malformed."""
    return Body("form", body.table(body.fields(arrival.query_bytes or data)))


def taken(arrival: Arrival, message: Body, raw: bytes) -> Taken:
    """What the parameters became. If they are refused, `raw`, or else the query, is kept, and once."""
    raw, bare = raw or arrival.query_bytes, arrival._replace(query="")
    if len(raw) > ITEM_LIMIT:
        return Taken(refused=RefusedPart(bare, f"the query is larger than {ITEM_LIMIT} bytes", raw), malformed=True)
    return take_one(bare, raw, lambda: touchpoint(message.value, arrival))


def touchpoint(sent: Mapping[str, Any], arrival: Arrival) -> Touchpoint:
    """`e` is the type, `aid` who, `t` the title, `url` (else the Referer) the page; the rest are properties, `uid` too.

    Raises Unusable.
    """
    type_ = snake_case(_first_value(sent.get("e"))) or "page_viewed"
    if fault := refusal(arrival.source.kind, type_):
        raise Unusable(f"e: {fault}")
    properties = {key: value for key, value in sent.items() if key not in _OWN and not key.startswith("utm_")}
    url, region = _first_value(sent.get("url")) or arrival.referer, arrival.conventions.region
    submitted: Mapping[str, Any] = {}
    if type_ == "form_submitted":
        submitted = person.of_form(properties, person.SUBMITTED, properties.get("form"), arrival.conventions)
    cookie = canonical("anonymous_id", _first_value(sent.get("aid")))
    identities = person.reachable([submitted], region) + ([cookie] if cookie else [])
    if not identities:
        raise Unusable(
            "no usable identity: a pixel carries aid (a cookie's id); uid is a property"
            + person.why_nobody([{"aid": _first_value(sent.get("aid"))}, submitted], region)
        )
    return Touchpoint(
        id=given_id(_first_value(sent.get("id"))) or arrival.made_id,
        source=arrival.source,
        type=type_,
        occurred_at=arrival.received_at,
        received_at=arrival.received_at,
        identities=ordered(identities),
        profile=person.profile(submitted, region),
        properties=page.describe(properties, {"url": url, "title": _first_value(sent.get("t"))}),
        context=_context(sent, arrival, url) | page.own_referrer(properties, {}, arrival.conventions.sites),
    )


def _context(sent: Mapping[str, Any], arrival: Arrival, url: str) -> dict[str, Any]:
    context: dict[str, Any] = bots.machine(arrival.user_agent)
    if campaign := page.campaign_of(sent.items()) or page.campaign(page.query_of(url)):
        context["campaign"] = campaign
    if arrival.user_agent:
        context["userAgent"] = arrival.user_agent
    return context


def _first_value(value: Any) -> str:
    """The first of a parameter's values, trimmed; "" for none."""
    first = value[0] if isinstance(value, list) else value
    return str(first).strip() if first is not None else ""


PROTOCOL: Final = Protocol(
    name="pixel",
    prefix="p.gif",
    paths=(Path("/p.gif", "p.gif", ("GET",)),),
    sender=Sender.SITE,
    reply=Image(GIF, "image/gif"),
    read=read,
    taken=taken,
)
