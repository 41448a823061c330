"""The Segment HTTP API, as its SDKs and RudderStack's speak it: requests, and the items in them."""

from typing import Final

from producers.protocols.segment.items import CALLS
from producers.protocols.segment.requests import SHORT, read, taken
from producers.reading.protocol import Outcome, Path, Protocol, Sender

PROTOCOL: Final = Protocol(
    name="segment",
    prefix="v1/",
    paths=tuple(Path(f"/v1/{name}", f"v1/{name}") for name in (*CALLS, "batch", *SHORT)),
    sender=Sender.WRITE_KEY,
    reply=Outcome(),
    read=read,
    taken=taken,
)
