"""The stored event, and the registry by which topics are looked up, never imported by name."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from domain.errors import Misconfigured
from domain.touchpoints.envelope import decode
from domain.touchpoints.touchpoint import Touchpoint, moment


class UnknownTopic(Misconfigured, LookupError):
    """A stored event of a topic (or newer version) that this release does not know: stop the reader, never skip."""


@dataclass(frozen=True, slots=True)
class TouchpointRecorded:
    """A touchpoint was recorded in a trail. `envelope` holds the validated bytes of the log, verbatim.

    `originator_id` is the trail, `originator_version` counts the trail's touchpoints from 1.
    """

    TOPIC: ClassVar[str] = "leadline.touchpoint_recorded"
    class_version: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int
    envelope: bytes
    recorded_at: int = 0
    """When the recorder wrote it, microseconds; not part of the stored state."""

    @property
    def timestamp(self) -> datetime:
        """When it was recorded (the eventsourcing library's name for it)."""
        return moment(self.recorded_at)

    @property
    def touchpoint(self) -> Touchpoint:
        """The touchpoint that the envelope holds."""
        return decode(self.envelope)


TOPICS: Final = {TouchpointRecorded.TOPIC: TouchpointRecorded}
"""Every event that may stand in the store, by topic."""


def event_class(topic: str) -> type[TouchpointRecorded]:
    """The class of a stored event's topic. Raises UnknownTopic."""
    try:
        return TOPICS[topic]
    except KeyError:
        raise UnknownTopic(
            f"stored event of topic {topic!r}: this release knows {', '.join(TOPICS)}. "
            "It was written by a newer release: upgrade this process before you start it again"
        ) from None
