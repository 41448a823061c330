"""Refused input, tried again as if it came now: after a mend it becomes the touchpoint that it would have been."""

from collections.abc import Mapping
from typing import Any

from domain.touchpoints.claims import SOURCE_KINDS
from domain.touchpoints.touchpoint import Source
from producers.protocols.registry import protocol_of
from producers.reading import body
from producers.reading.arrival import Arrival, RefusedPart, Taken, Unusable
from producers.reading.conventions import NONE, Conventions


def again(door: str, source: str, raw: bytes, meta: Mapping[str, Any], conventions: Conventions = NONE) -> Taken:
    """What refused input becomes now. The arguments are what `rejection` kept (`source` as `kind:name`).

    Its receipt is the one of then, and so is the id made for it: trying twice gives one touchpoint. Raises Unusable for
    what no door of the collector kept.
    """
    kind, _, name = source.partition(":")
    protocol = protocol_of(door)
    if protocol is None or kind not in SOURCE_KINDS or not {"received_at", "made_id"} <= set(meta):
        raise Unusable(f"door {door!r} of {source!r} is none of the collector's: it cannot be tried again here")
    kept = {**meta, "places": tuple(meta.get("places", ())), "conventions": conventions}
    arrival = Arrival(door, Source(kind, name), **kept)
    try:
        message = protocol.read(arrival, body.unpacked(raw))
        return protocol.taken(arrival, message, raw)
    except (body.Malformed, body.TooLarge, Unusable) as error:
        return Taken(refused=RefusedPart(arrival, str(error), raw), malformed=True)
