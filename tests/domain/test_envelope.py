"""The envelope: what one side encodes the other accepts and decodes to the same, and nothing else gets through."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.touchpoints.envelope import ENVELOPES, MalformedEnvelope, decode, encode, explain, validate
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


def test_offsets_are_read_as_utc() -> None:
    wire = {**orjson.loads(encode(ONE)), "occurred_at": "2026-11-21T19:27:11.5+08:00"}
    (envelope,) = ENVELOPES.validate_json(orjson.dumps([wire]))
    assert envelope.occurred_at == decode(orjson.dumps(wire)).occurred_at == 1_795_260_431_500_000


@pytest.mark.parametrize("value", [b"", b"[]", b"null", b"1", b'"x"', b"{}", b'{"source": 1}', b"{"])
def test_bytes_that_are_no_envelope_are_told_as_such(value: bytes) -> None:
    with pytest.raises(MalformedEnvelope, match="not an envelope"):
        decode(value)
