"""Touchpoints to record, made short."""

import hashlib
from uuid import UUID, uuid5

from domain.touchpoints.envelope import encode
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Source, Touchpoint
from store.events.store import Incoming

NAMES = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
NOW = 1_795_000_000_000_000


def trail(name: str) -> UUID:
    """The trail of that name."""
    return uuid5(NAMES, name)


def incoming(id: str, on: str = "anon-7f3c", *, says: str = "") -> Incoming:
    """A touchpoint of that id, in the trail of that name; `says` tells copies with one id apart."""
    touchpoint = Touchpoint(
        id=id,
        source=Source("server", "website"),
        type="page_viewed",
        occurred_at=NOW,
        received_at=NOW + 1_000,
        identities=(Identity("anonymous_id", on),),
        properties={"path": f"/pricing{says}"},
    )
    dedupe = hashlib.sha256(id.encode()).digest()[:16]
    return Incoming(
        trail(on), touchpoint.type, NOW, 0, touchpoint.received_at, touchpoint.source.name, dedupe, encode(touchpoint)
    )
