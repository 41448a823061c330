"""Entries of the log as what the event store takes: a touchpoint to record, or a refusal to keep. Pure."""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from domain.touchpoints.envelope import Envelope
from domain.touchpoints.identity import Identity, ordered, trail_of
from store.events.ids import Ids
from store.events.store import Incoming
from store.log.port import Entry, Record
from store.log.rejection import CONNECT, key_meta, rejection_id, rejection_record
from store.rejected import Rejected

DOOR: Final = "log"
"""The door of what lay on the log and is no envelope."""


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry that is no envelope of a known version, and why."""

    entry: Entry
    reason: str
    error: str


def incoming(entry: Entry, envelope: TypeAdapter[Envelope], ids: Ids) -> Incoming | RefusedEntry:
    """The touchpoint of an entry, its bytes verbatim."""
    value = entry.value
    try:
        wire = envelope.validate_json(value)
        orjson.loads(value)  # whoever replays reads it so: no NaN and no number beyond the range, which pydantic takes
    except ValidationError as error:
        return RefusedEntry(entry, _explain(error), type(error).__name__)
    except orjson.JSONDecodeError as error:
        return RefusedEntry(entry, f"not JSON that can be read back: {error}", type(error).__name__)
    identities = wire.identities
    if len(identities) == 1:
        trail = Identity(identities[0].kind, identities[0].value)
    else:
        trail = trail_of(ordered(Identity(pair.kind, pair.value) for pair in identities))
    received = wire.received_at
    source = wire.source.name
    instant = min(wire.occurred_at, received)
    return Incoming(
        ids.of(trail), wire.type, instant, wire.seq, received, source, ids.dedupe(source, wire.id), value
    )  # fmt: skip


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field_path = ".".join(str(part) for part in first["loc"])
    return f"{field_path or 'envelope'}: {first['msg']}"


def refused_record(refusal: RefusedEntry, now: int) -> Record:
    """The record that keeps a refused entry, with the headers that Kafka Connect gives a dead letter."""
    entry, partition = refusal.entry, refusal.entry.partition
    meta = {
        "partition": partition.name,
        "topic": partition.topic,
        "offset": entry.offset,
        **key_meta(entry.key),
    }
    place = ((CONNECT + "partition", b"%d" % partition.number), (CONNECT + "offset", b"%d" % entry.offset))
    return rejection_record(
        door=DOOR,
        reason=refusal.reason,
        source="",
        meta=meta,
        raw=entry.value,
        at=now,
        error=refusal.error,
        topic=partition.topic,
        more=place,
    )


def kept(entry: Entry, now: int) -> Rejected:
    """The row of an entry of the rejected topic. The same record read twice is the same row."""
    headers: dict[str, bytes] = {}
    for name, value in entry.headers:
        headers.setdefault(name, value)
    door = _text(headers.get("leadline.door")) or DOOR
    reason = _text(headers.get("leadline.reason")) or _text(headers.get(CONNECT + "exception.message"))
    source = _text(headers.get("leadline.source")) or None
    meta = _object(headers.get("leadline.meta"))
    packed = orjson.dumps(meta)
    return Rejected(
        id=rejection_id(door.encode(), reason.encode(), (source or "").encode(), packed, entry.value),
        at=_at(meta, now),
        door=door,
        reason=reason or "no reason was given",
        source=source,
        raw=entry.value,
        meta=packed.decode(),
    )


def _at(meta: dict[str, Any], now: int) -> int:
    received = meta.get("received_at")
    return received if isinstance(received, int) and not isinstance(received, bool) and 0 <= received < 2**62 else now


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _object(value: bytes | None) -> dict[str, Any]:
    try:
        document = orjson.loads(value or b"{}")
    except ValueError:
        return {"meta": _text(value)}
    return document if isinstance(document, dict) else {"meta": document}
