"""The envelope, version 1: a touchpoint as it lies on the log and, byte for byte, in the event store, for ever."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from itertools import starmap
from typing import Annotated, Any, Final, Literal

import msgspec
import orjson
from msgspec import Raw, Struct
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, WithJsonSchema

from domain.errors import Reject
from domain.touchpoints.claims import SOURCE_KINDS, SourceKind
from domain.touchpoints.identity import Identity, canonical, ordered
from domain.touchpoints.touchpoint import EARLIEST, LATEST, Instant, Source, Touchpoint, microseconds, rfc3339

_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
)


class MalformedEnvelope(Reject, ValueError):
    """Bytes on the log that are no envelope of a known version: to be kept with this reason. Reject, never retry."""


def _canonical_identity(pair: "_WireIdentity") -> "_WireIdentity":
    if (wrong := _not_canonical(pair.kind, pair.value)) is not None:
        raise ValueError(f"{pair.kind} {wrong}")
    return pair


@lru_cache(50_000)
def _not_canonical(kind: str, value: str) -> str | None:
    identity = canonical(kind, value)
    if identity is None:
        return "value names nobody"
    return None if identity.value == value else "is not in canonical form"


_source: Final = lru_cache(1_000)(Source)
"""Of the few sources there are one object each."""


@lru_cache(4_096)
def _read(text: str) -> Instant:
    """An RFC 3339 text; often one that was just read, since things are reported at once and in batches."""
    return microseconds(datetime.fromisoformat(text))


@lru_cache(4_096)
def _checked(text: str) -> Instant:
    if not _RFC3339.match(text):
        raise ValueError("a time is an RFC 3339 text with seconds and offset, such as 2026-11-21T19:27:11.397Z")
    instant = microseconds(datetime.fromisoformat(text))
    if not EARLIEST <= instant < LATEST:
        raise ValueError("time is outside the years 1970 to 9998")
    return instant


def _instant(text: object) -> Instant:
    """Microseconds of an RFC 3339 text, exactly as `decode` reads it. Numbers are refused: seconds or milliseconds?"""
    return _checked(text if isinstance(text, str) else "")


_Time = Annotated[Instant, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _WireSource(_Wire):
    kind: SourceKind
    name: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,100}$")]


class _WireIdentity(_Wire):
    kind: Literal["user_id", "email", "phone", "anonymous_id"]
    value: Annotated[str, Field(min_length=1, max_length=512)]


class Envelope(_Wire):
    """Envelope, version 1: the JSON value of a record on `leadline.touchpoints`. Recorded for ever."""

    v: Annotated[int, Field(strict=True, ge=1, le=1), WithJsonSchema({"const": 1, "type": "integer"})]
    id: Annotated[str, Field(min_length=1, max_length=200, description="unique within its source")]
    source: _WireSource
    type: Annotated[str, Field(pattern=r"^[a-z0-9_\u0080-\U0010ffff]{1,100}$", description="snake_case")]
    occurred_at: Annotated[_Time, Field(description="when it happened, corrected for the client's clock")]
    received_at: Annotated[_Time, Field(description="when our door received it")]
    sent_at: Annotated[_Time | None, Field(description="the client's clock when it sent the request")] = None
    seq: Annotated[
        int, Field(strict=True, ge=0, le=2**31 - 1, description="place in its request; of an import a mapped column")
    ] = 0
    identities: Annotated[
        tuple[Annotated[_WireIdentity, AfterValidator(_canonical_identity)], ...], Field(min_length=1, max_length=32)
    ]
    profile: dict[str, Any] = Field(default_factory=dict)
    properties: dict[str, Any] = Field(default_factory=dict)
    context: dict[str, Any] = Field(default_factory=dict)


ENVELOPES: Final = TypeAdapter(list[Envelope])
"""Validates a whole batch as one JSON list."""


class WrittenIdentity(Struct, gc=False):
    """An identity as an envelope says it."""

    kind: str
    value: str


class WrittenEnvelope(Struct, omit_defaults=True, gc=False):
    """An envelope as it is written: times as `rfc3339` spells them; of a table None, a structure, or its JSON."""

    v: int
    id: str
    source: Raw
    type: str
    occurred_at: str
    received_at: str
    identities: list[WrittenIdentity]
    sent_at: str | None = None
    seq: int = 0
    profile: Any = None
    properties: Any = None
    context: Any = None


json_of: Final = msgspec.json.Encoder().encode
"""The JSON bytes of what is written."""


@lru_cache(1_000)
def source_json(source: Source) -> Raw:
    """A source as an envelope says it."""
    return Raw(orjson.dumps({"kind": source.kind, "name": source.name}))


def encode(touchpoint: Touchpoint) -> bytes:
    """The envelope's JSON bytes. The same touchpoint gives the same bytes."""
    return json_of(
        WrittenEnvelope(
            1,
            touchpoint.id,
            source_json(touchpoint.source),
            touchpoint.type,
            rfc3339(touchpoint.occurred_at),
            rfc3339(touchpoint.received_at),
            list(starmap(WrittenIdentity, touchpoint.identities)),
            None if touchpoint.sent_at is None else rfc3339(touchpoint.sent_at),
            touchpoint.seq,
            table_json(touchpoint.profile),
            table_json(touchpoint.properties),
            table_json(touchpoint.context),
        )
    )


def table_json(table: Mapping[str, Any]) -> Raw | None:
    """A table as a part of an envelope; None where it is empty. Raises TypeError where JSON cannot carry it."""
    return Raw(orjson.dumps(table)) if table else None


def validated(touchpoint: Touchpoint) -> bytes:
    """The envelope's JSON bytes, which keep to its schema. Raises TypeError (no JSON), ValueError as `ENVELOPES`."""
    value = encode(touchpoint)
    if not _surely_valid(touchpoint, value):
        ENVELOPES.validate_json(b"[%b]" % value)
    return value


NESTS: Final = 100
"""Fewer lists and tables than this nest nowhere too deeply for a reader of JSON."""
_TYPE: Final = re.compile(r"[a-z0-9_\u0080-\U0010ffff]{1,100}\Z")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,100}\Z")


def _surely_valid(touchpoint: Touchpoint, value: bytes) -> bool:
    """Whether nothing in it can be against the schema: nearly always so, and told in a third of the time."""
    id, source, type_, occurred, received, identities, sent, seq = touchpoint[:8]
    return (
        0 < len(id) <= 200
        and source_holds(source.kind, source.name)
        and type_holds(type_)
        and EARLIEST <= occurred < LATEST
        and EARLIEST <= received < LATEST
        and (sent is None or EARLIEST <= sent < LATEST)
        and 0 <= seq < 2**31
        and 0 < len(identities) <= 32
        and not any(starmap(_not_canonical, identities))
        and value.count(b"{") + value.count(b"[") < NESTS
    )


@lru_cache(1_000)
def source_holds(kind: str, name: str) -> bool:
    """Whether a source is as the schema wants it."""
    return kind in SOURCE_KINDS and _NAME.match(name) is not None


@lru_cache(1_000)
def type_holds(type: str) -> bool:
    """Whether a type is as the schema wants it."""
    return _TYPE.match(type) is not None


def decode(value: bytes) -> Touchpoint:
    """The touchpoint of validated envelope bytes. Fast: it trusts what the recorder has validated.

    Raises MalformedEnvelope where the bytes are no envelope at all.
    """
    try:
        wire = orjson.loads(value)
        source = wire["source"]
        get, sent = wire.get, wire.get("sent_at")
        identities = [Identity(pair["kind"], pair["value"]) for pair in wire["identities"]]
        return Touchpoint(
            wire["id"],
            _source(source["kind"], source["name"]),
            wire["type"],
            _read(wire["occurred_at"]),
            _read(wire["received_at"]),
            ordered(identities),
            None if sent is None else _read(sent),
            get("seq", 0),
            get("profile", {}),
            get("properties", {}),
            get("context", {}),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise MalformedEnvelope(f"not an envelope: {type(error).__name__}: {error}") from error


def validate(touchpoint: Touchpoint) -> str | None:
    """What the envelope's schema says against a touchpoint (None: nothing): for producers, before they append."""
    try:
        ENVELOPES.validate_json(b"[" + encode(touchpoint) + b"]")
    except ValueError as error:
        return explain(error)
    return None


def explain(error: ValueError) -> str:
    """An error of `ENVELOPES` in one line: where (the place in the list is left out), what, and what was allowed."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    first = errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return f"{where or 'envelope'}: {first['msg']}"
