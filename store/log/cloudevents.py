"""CloudEvents 1.0 in Kafka's binary mode: the headers that every message on the topics bears. Pure."""

from functools import lru_cache
from typing import Final
from urllib.parse import quote

from domain.touchpoints.touchpoint import Source, Touchpoint, rfc3339
from store.log.port import Record

JSON: Final = "application/json"
RAW: Final = "application/octet-stream"
ID: Final = "ce_id"
SOURCE: Final = "/leadline"
"""The CloudEvents source of what Leadline says itself; with the id it names a message for ever."""

_VERSION: Final = ("ce_specversion", b"1.0")
_JSON_CONTENT: Final = ("content-type", JSON.encode())
Headers = tuple[tuple[str, bytes], ...]


def headers(*, id: str, type: str, source: str, at: int, content: str = JSON) -> Headers:
    """The attributes of an event. `source` and `id` together name it for ever; `at`, in microseconds, is its time."""
    return (
        _VERSION,
        (ID, id.encode("utf-8", "replace")),
        ("ce_source", source.encode()),
        ("ce_type", type.encode()),
        ("ce_time", rfc3339(at).encode()),
        ("content-type", content.encode()),
    )


@lru_cache(1_000)
def _source_header(source: Source) -> bytes:
    return source_of(source).encode()


@lru_cache(1_000)
def source_of(source: Source) -> str:
    """A touchpoint's source as the URI reference that CloudEvents wants."""
    return f"{SOURCE}/sources/{source.kind}/{quote(source.name, safe='')}"


def touchpoint_record(touchpoint: Touchpoint, envelope: bytes) -> Record:
    """A touchpoint's validated envelope as the message that producers append: its key is the trail's plain identity."""
    kind, value = touchpoint.trail
    attributes = (
        _VERSION,
        (ID, touchpoint.id.encode("utf-8", "replace")),
        ("ce_source", _source_header(touchpoint.source)),
        ("ce_type", touchpoint.type.encode()),
        ("ce_time", rfc3339(touchpoint.occurred_at).encode()),
        _JSON_CONTENT,
    )
    return Record(f"{kind}:{value}".encode("utf-8", "replace"), envelope, attributes)
