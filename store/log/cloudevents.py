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
def source_of(source: Source) -> str:
    """A touchpoint's source as the URI reference that CloudEvents wants."""
    return f"{SOURCE}/sources/{source.kind}/{quote(source.name, safe='')}"


@lru_cache(1_000)
def source_header(source: Source) -> bytes:
    """The same as a header."""
    return source_of(source).encode()


def touchpoint_record(touchpoint: Touchpoint, envelope: bytes) -> Record:
    """A touchpoint's validated envelope as the message that producers append: its key is the trail's plain identity."""
    source, at = source_header(touchpoint.source), rfc3339(touchpoint.occurred_at)
    return sealed_record(str(touchpoint.trail), envelope, touchpoint.id, touchpoint.type, source, at)


def sealed_record(key: str, envelope: bytes, id: str, type: str, source: bytes, at: str) -> Record:
    """The same of its parts: `source` is a `source_header`, `at` its time as RFC 3339."""
    attributes = (
        _VERSION,
        (ID, id.encode("utf-8", "replace")),
        ("ce_source", source),
        ("ce_type", type.encode()),
        ("ce_time", at.encode()),
        _JSON_CONTENT,
    )
    return Record(key.encode("utf-8", "replace"), envelope, attributes)
