"""The envelope: what one side encodes the other accepts and decodes to the same, and nothing else gets through."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.touchpoints.envelope import ENVELOPES, MalformedEnvelope, decode, encode, explain, validate, validated
from domain.touchpoints.identity import Identity, ordered
from domain.touchpoints.touchpoint import LATEST, Source, Touchpoint

instants = st.integers(0, LATEST - 1)
names = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)
identities = st.sets(
    st.one_of(
        st.builds(Identity, st.just("user_id"), st.from_regex(r"u-[a-z0-9]{1,8}", fullmatch=True)),
        st.builds(Identity, st.just("anonymous_id"), st.from_regex(r"c-[a-z0-9]{1,8}", fullmatch=True)),
        st.builds(Identity, st.just("email"), st.from_regex(r"[a-z]{1,8}@example\.com", fullmatch=True)),
        st.builds(Identity, st.just("phone"), st.from_regex(r"\+49171[0-9]{7}", fullmatch=True)),
    ),
    min_size=1,
    max_size=4,
).map(ordered)
said = st.dictionaries(names, st.integers(-(2**53), 2**53) | names | st.none(), max_size=3)
touchpoints = st.builds(
    Touchpoint,
    id=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
    source=st.builds(Source, st.sampled_from(["browser", "server", "import", "policy"]), names),
    type=st.from_regex(r"[a-z_]{1,20}", fullmatch=True),
    occurred_at=instants,
    received_at=instants,
    identities=identities,
    sent_at=st.none() | instants,
    seq=st.integers(0, 2**31 - 1),
    profile=said,
    properties=said,
    context=said,
)
ONE = Touchpoint("id-1", Source("browser", "web"), "page_viewed", 1_000_000, 2_000_000, (Identity("user_id", "u-1"),))


@given(touchpoints)
def test_what_is_encoded_is_valid_and_decodes_to_the_same(touchpoint: Touchpoint) -> None:
    assert validate(touchpoint) is None
    assert decode(encode(touchpoint)) == touchpoint
    (envelope,) = ENVELOPES.validate_json(b"[" + encode(touchpoint) + b"]")
    assert (envelope.occurred_at, envelope.received_at, envelope.sent_at) == (
        touchpoint.occurred_at,
        touchpoint.received_at,
        touchpoint.sent_at,
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"occurred_at": 1_700_000_000}, "occurred_at: Value error, a time is an RFC 3339 text"),
        ({"occurred_at": "1700000000"}, "occurred_at: Value error, a time is an RFC 3339 text"),
        ({"occurred_at": "2026-11-21"}, "occurred_at: Value error, a time is an RFC 3339 text"),
        ({"occurred_at": "2026-11-21T10:00:00"}, "occurred_at: Value error, a time is an RFC 3339 text"),
        ({"received_at": "2026-02-30T10:00:00Z"}, "received_at: Value error, day"),
        ({"received_at": "9999-01-01T00:00:00Z"}, "received_at: Value error, time is outside"),
        ({"received_at": "1970-01-01T00:00:00+01:00"}, "received_at: Value error, time is outside"),
        ({"sent_at": True}, "sent_at: Value error"),
        ({"seq": True}, "seq: Input should be a valid integer"),
        ({"seq": "1"}, "seq: Input should be a valid integer"),
        ({"source": {"kind": "alien", "name": "x"}}, "source.kind: Input should be"),
        ({"identities": [{"kind": "user_id", "value": "u"}, {"kind": "email", "value": "X@Y"}]}, "identities.1: Value"),
        ({"profile": None}, "profile: Input should be an object"),
        ({"type": "Page Viewed"}, "type: String should match pattern"),
    ],
)
def test_what_decode_would_not_read_as_meant_is_refused(change: dict[str, object], reason: str) -> None:
    wire = {**orjson.loads(encode(ONE)), **change}
    with pytest.raises(ValueError, match="validation error") as refused:
        ENVELOPES.validate_json(orjson.dumps([orjson.loads(encode(ONE)), wire]))
    assert explain(refused.value).startswith(reason)


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


EDGES: list[dict[str, Any]] = [
    *({"id": "x" * length} for length in (0, 200, 201)),
    *({"source": Source(kind, "x")} for kind in ("api", "alien", "")),
    *({"source": Source("browser", name)} for name in ("", "n" * 100, "n" * 101, "a\nb", "a\x7f", "名", "x\n")),
    *({"type": text} for text in ("", "t" * 100, "t" * 101, "Page Viewed", "a-b", "预约", "a\n")),
    *({name: at} for name in ("occurred_at", "received_at", "sent_at") for at in (-1, 0, LATEST - 1, LATEST)),
    *({"seq": number} for number in (-1, 2**31 - 1, 2**31)),
    *({"identities": tuple(Identity("user_id", f"u-{n}") for n in range(count))} for count in (0, 32, 33)),
    *({"identities": (Identity(*pair),)} for pair in (("user_id", "null"), ("email", "X@Y.EXAMPLE"), ("user_id", ""))),
    *({"properties": {"deep": nested(depth)}} for depth in (90, 120, 190, 230, 300)),
    *({"context": {"said": said}} for said in ("\ud800", 2**64, {1: 2}, float("nan"), "\x00")),
]


@pytest.mark.parametrize("change", EDGES, ids=lambda change: repr(change)[:50])
def test_what_is_sure_is_what_the_schema_says(change: dict[str, Any]) -> None:
    touchpoint = ONE._replace(**change)

    def asked() -> bytes:
        value = encode(touchpoint)
        ENVELOPES.validate_json(b"[" + value + b"]")
        return value

    assert outcome(lambda: validated(touchpoint)) == outcome(asked)


def outcome(ask: Callable[[], bytes]) -> bytes | str:
    """What is answered, or raised."""
    try:
        return ask()
    except (TypeError, ValueError, OverflowError) as error:
        return f"{type(error).__name__} {error}"


@given(touchpoints)
def test_what_is_sure_keeps_to_the_schema(touchpoint: Touchpoint) -> None:
    assert validated(touchpoint) == encode(touchpoint)


def test_offsets_are_read_as_utc() -> None:
    wire = {**orjson.loads(encode(ONE)), "occurred_at": "2026-11-21T19:27:11.5+08:00"}
    (envelope,) = ENVELOPES.validate_json(orjson.dumps([wire]))
    assert envelope.occurred_at == decode(orjson.dumps(wire)).occurred_at == 1_795_260_431_500_000


@pytest.mark.parametrize("value", [b"", b"[]", b"null", b"1", b'"x"', b"{}", b'{"source": 1}', b"{"])
def test_bytes_that_are_no_envelope_are_told_as_such(value: bytes) -> None:
    with pytest.raises(MalformedEnvelope, match="not an envelope"):
        decode(value)
