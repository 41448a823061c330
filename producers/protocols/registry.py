"""Every protocol that is spoken here. A new one is a file beside this, and a line in this list."""

from typing import Final

from producers.protocols import forms, pixel, segment
from producers.reading.protocol import Protocol

PROTOCOLS: Final[tuple[Protocol, ...]] = (
    segment.PROTOCOL,
    forms.PROTOCOL,
    pixel.PROTOCOL,
)


def protocol_of(door: str) -> Protocol | None:
    """The protocol to which a door belongs."""
    return next((protocol for protocol in PROTOCOLS if door.startswith(protocol.prefix)), None)
