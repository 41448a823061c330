"""What is refused as a record on the rejected topic: raw bytes, the reason, and all that a replay needs."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from store.log.cloudevents import RAW, SOURCE, Headers, headers
from store.log.port import LARGEST, Record, RecordTooLarge
from store.log.topics import TOUCHPOINTS

TYPE: Final = "touchpoint.rejected"
"""The CloudEvents type of a refusal."""
REASON_LIMIT: Final = 1_000
"""Longest reason that is kept, in characters."""
KEY_LIMIT: Final = 1_000
"""Bytes of a refused record's key that are told."""
CONNECT: Final = "__connect.errors."
"""Kafka Connect names the headers of a dead letter so; the usual tools show them."""

CUT: Final = "cut"
"""In the meta of a refusal of which only the first bytes were kept: it cannot be replayed."""


def rejection_id(door: bytes, reason: bytes, source: bytes, meta: bytes, raw: bytes) -> str:
    """The id under which input is kept once, however often it is read: of where it came from and its bytes."""
    return hashlib.sha256(b"\x00".join((door, reason, source, meta, raw))).hexdigest()[:32]


def rejection_record(
    *,
    door: str,
    reason: str,
    source: str,
    meta: Mapping[str, Any],
    raw: bytes,
    at: int,
    error: str = "Refused",
    topic: str = TOUCHPOINTS,
    more: Headers = (),
    most: int = LARGEST,
) -> Record:
    """The record that keeps refused input, of `most` bytes: what does not fit of `raw` is cut off, and `meta` says so.

    `door` names who refused it, `reason` says to a person what was wrong and what is allowed, `source` is `kind:name`
    of who reported it ("": not known), `raw` what came, `meta` what a replay needs besides (JSON values only), `at`
    the instant in microseconds, `error` the kind of error; `topic` and `more` tell a dead letter's place on the log.
    """
    reason_bytes = reason[:REASON_LIMIT].encode("utf-8", "replace")
    door_bytes, source_bytes = door.encode("utf-8", "replace"), source.encode("utf-8", "replace")
    own_headers = (("leadline.door", door_bytes), ("leadline.reason", reason_bytes), ("leadline.source", source_bytes))
    dead_letter = (
        (CONNECT + "topic", topic.encode()),
        (CONNECT + "connector.name", b"leadline"),
        (CONNECT + "stage", b"VALUE_CONVERTER"),
        (CONNECT + "class.name", door_bytes),
        (CONNECT + "exception.class.name", error.encode()),
        (CONNECT + "exception.message", reason_bytes),
    )

    def record_of(meta: Mapping[str, Any], raw: bytes) -> Record:
        packed = orjson.dumps(meta)
        id = rejection_id(door_bytes, reason_bytes, source_bytes, packed, raw)
        event_headers = headers(id=id, type=TYPE, source=SOURCE, at=at, content=RAW)
        return Record(b"", raw, (*event_headers, *own_headers, ("leadline.meta", packed), *dead_letter, *more))

    uncut = record_of(meta, raw)
    if uncut.size <= most:
        return uncut
    marked = {**meta, CUT: True, "bytes": len(raw)}
    return record_of(marked, raw[: max(0, most - record_of(marked, b"").size)])


def too_large(topic: str, record: Record, at: int, most: int) -> Record:
    """The record of `most` bytes that keeps what the broker will never take, which may be a refusal itself."""
    headers_of = dict(reversed(record.headers))
    why = (b"too large for the broker", headers_of.get("leadline.reason", b""))
    return rejection_record(
        door="spool",
        reason=b": ".join(filter(None, why)).decode("utf-8", "replace"),
        source=headers_of.get("leadline.source", b"").decode("utf-8", "replace"),
        meta={"topic": topic, **key_meta(record.key)},
        raw=record.value,
        at=at,
        error=RecordTooLarge.__name__,
        topic=topic,
        most=most,
    )


def key_meta(key: bytes) -> dict[str, Any]:
    """What is told of a refused record's key, which may be as large as the record."""
    return {"key": key[:KEY_LIMIT].decode("utf-8", "replace"), "key_bytes": len(key)}
