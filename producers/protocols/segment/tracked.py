"""What our tracker sends all day, as records: pages and events that say nothing of the person.

`items` asks an item for what any SDK may put into it: traits, flags, names of ids, times in a dozen forms. Of an item
of the tracker one look at its keys answers most of that. Where anything in it is not as usual, `items` is asked; where
not, the record is the one that comes of its touchpoint, byte for byte (a test compares). Pure.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson

from domain.touchpoints.claims import NAME_LIMIT, refusal, snake_case
from domain.touchpoints.envelope import NESTS, source_holds, type_holds
from domain.touchpoints.identity import canonical
from domain.touchpoints.touchpoint import rfc3339
from producers.reading import bots, instants, page
from producers.reading.arrival import Arrival
from store.log.cloudevents import sealed_record, source_header
from store.log.port import Record

_PAGE: Final = frozenset({"type", "messageId", "timestamp", "anonymousId", "context"})
_EVENT: Final = _PAGE | {"event", "properties"}
_ID: Final = re.compile(r"[0-9a-f]{32}\Z")
_FLAGS: Final = frozenset({"machine", "bot"})


class Tracked:
    """What all items of a request have in common."""

    def __init__(self, arrival: Arrival) -> None:
        """`arrival` is one of which `is_tracked`."""
        source = arrival.source
        self._arrival = arrival
        self._source = {"kind": source.kind, "name": source.name}
        self._source_header = source_header(source)
        self._received = rfc3339(arrival.received_at)
        self._sent = instants.sent(arrival.sent_at, None, arrival.received_at)
        """None: it is not said, or so odd that it depends on the item."""
        self._earliest = arrival.received_at - arrival.conventions.claims_back

    def record(self, item: Mapping[str, Any], place: int) -> Record | None:
        """The item's record; None: `items` has to look."""
        keys, context = item.keys(), item.get("context")
        fields = context["page"] if type(context) is dict and context.keys() == {"page"} else None
        if type(fields) is not dict or tuple(fields) != page.FIELDS:
            return None
        for value in fields.values():
            if type(value) is not str:
                return None
        id, url, time = item.get("messageId"), fields["url"], item.get("timestamp")
        if not url or not fields["path"] or type(id) is not str or _ID.match(id) is None:
            return None
        if keys == _PAGE and item["type"] == "page":
            type_, given = "page_viewed", {}
        elif keys == _EVENT and item["type"] == "track":
            type_, given = _type(item["event"]), item["properties"]
        else:
            return None
        known = item["anonymousId"]
        if type(known) is not str or type(time) is not str:
            return None
        if not type_ or type(given) is not dict or not _FLAGS.isdisjoint(given):
            return None
        return self._sealed(id, type_, known, time, given, fields, place)

    def _sealed(
        self, id: str, type_: str, known: str, time: str, given: dict[str, Any], fields: dict[str, Any], place: int
    ) -> Record | None:
        arrival, identity, claimed = self._arrival, canonical("anonymous_id", known), instants.of_browser(time)
        if identity is None or claimed is None:
            return None
        sent = self._sent
        if sent is None:
            sent = instants.sent(arrival.sent_at, claimed, arrival.received_at)
        occurred = instants.occurred(claimed, sent, arrival.received_at)
        if occurred < self._earliest:
            return None
        at = f"{time[:-1]}000Z" if occurred == claimed else rfc3339(occurred)
        wire: dict[str, Any] = {
            "v": 1,
            "id": id,
            "source": self._source,
            "type": type_,
            "occurred_at": at,
            "received_at": self._received,
            "identities": [{"kind": "anonymous_id", "value": identity.value}],
        }
        if sent is not None:
            wire["sent_at"] = rfc3339(sent)
        if place:
            wire["seq"] = place
        properties = (
            page.describe(dict(given), fields) if given else {name: fields[name] for name in fields if fields[name]}
        )
        wire["properties"] = properties
        context: dict[str, Any] = {"page": fields}
        wire["context"] = context
        if campaign := page.campaign_at(fields["url"]):
            context["campaign"] = campaign
        context |= page.own_referrer(properties, fields, arrival.conventions.sites)
        if arrival.user_agent:
            context["userAgent"] = arrival.user_agent
        try:
            value = orjson.dumps(wire)
        except TypeError:
            return None
        if given and value.count(b"{") + value.count(b"[") >= NESTS:
            return None
        return sealed_record(f"anonymous_id:{identity.value}", value, id, type_, self._source_header, at)


def is_tracked(arrival: Arrival) -> bool:
    """Whether items of this request may be the tracker's, and nothing around them says more of them."""
    source = arrival.source
    return (
        source.kind == "browser"
        and not arrival.context
        and source_holds(source.kind, source.name)
        and not bots.machine(arrival.user_agent)
    )


def _type(event: object) -> str:
    return _named(event) if type(event) is str and len(event) <= NAME_LIMIT else ""


@lru_cache(1_000)
def _named(event: str) -> str:
    """The type of an event that says nothing of the person, and that a browser may report; "" of others."""
    name = snake_case(event)
    return "" if name == "form_submitted" or refusal("browser", name) or not type_holds(name) else name
