"""Between TouchpointRecorded and its stored form, for the eventsourcing library."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Compressor, Mapper, StoredEvent, Transcoder

from domain.touchpoints.event import TouchpointRecorded, event_class
from store.events import sealing
from store.events.ids import Ids


@dataclass(frozen=True)
class StoredTouchpoint(StoredEvent):
    """A stored event with its clear part: the columns that stand beside the private state. Instants in microseconds."""

    type: str
    instant: int
    seq: int
    received: int
    recorded: int
    source: str
    dedupe: bytes


class TouchpointMapper(Mapper[UUID]):
    """Encodes touchpoints leanly, without the transcoder; topics are looked up in the registry, never imported.

    The envelope carries its own version (`v`), which is what a later class_version upcasts from.
    """

    def __init__(
        self,
        transcoder: Transcoder | None = None,
        compressor: Compressor | None = None,
        cipher: Any = None,
        *,
        ids: Ids | None = None,
    ) -> None:
        super().__init__(transcoder, compressor, cipher)  # type: ignore[arg-type]
        self._ids = ids

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredTouchpoint:
        """The stored form, with its clear part. Only a mapper that has the ids can make dedupe keys."""
        if not isinstance(domain_event, TouchpointRecorded):
            raise TypeError(f"{type(domain_event).__name__} is no event of Leadline: allowed is TouchpointRecorded")
        if self._ids is None:
            raise TypeError(
                "TouchpointMapper(ids=...) is needed to store touchpoints: their dedupe keys are keyed hashes"
            )
        touchpoint = domain_event.touchpoint
        state = sealing.seal(domain_event.originator_id.bytes, domain_event.envelope)
        if self.compressor is not None:
            state = self.compressor.compress(state)
        if self.cipher is not None:
            state = self.cipher.encrypt(state)
        return StoredTouchpoint(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=TouchpointRecorded.TOPIC,
            state=state,
            type=touchpoint.type,
            instant=touchpoint.instant,
            seq=touchpoint.seq,
            received=touchpoint.received_at,
            recorded=domain_event.recorded_at,
            source=clear_text(touchpoint.source.name),
            dedupe=self._ids.dedupe(touchpoint.source.name, touchpoint.id),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> TouchpointRecorded:
        """The event. Raises UnknownTopic where this release does not know it."""
        cls = event_class(stored_event.topic)
        state = stored_event.state
        if self.cipher is not None:
            state = self.cipher.decrypt(state)
        if self.compressor is not None:
            state = self.compressor.decompress(state)
        originator_id = stored_event.originator_id
        trail = originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
        return cls(
            originator_id=trail,
            originator_version=stored_event.originator_version,
            envelope=sealing.unseal(trail.bytes, state),
        )


def clear_text(text: str) -> str:
    """Text from outside for a clear column: no database keeps a NUL there (the envelope does)."""
    return text.replace("\x00", "\ufffd") if "\x00" in text else text
