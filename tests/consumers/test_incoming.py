"""What the recorder takes can be read back by whoever replays it, whatever the bytes are."""

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from consumers.record.incoming import RefusedEntry, incoming
from domain.touchpoints.envelope import Envelope, decode
from store.events.ids import Ids
from store.log.port import Entry, Partition
from store.log.topics import TOUCHPOINTS

WHERE = Partition("cluster/topic/0", TOUCHPOINTS, 0)
IDS = Ids(b"an id key for tests only")
ENVELOPE = TypeAdapter(Envelope)
PARTS = {
    "v": b"1",
    "id": b'"1"',
    "source": b'{"kind":"server","name":"shop"}',
    "type": b'"page_viewed"',
    "occurred_at": b'"2026-01-01T00:00:00Z"',
    "received_at": b'"2026-01-01T00:00:00Z"',
    "seq": b"0",
    "identities": b'[{"kind":"email","value":"a@example.com"}]',
    "properties": b"{}",
}

digits = st.integers(1, 400).map(lambda count: "9" * count)
numbers = st.from_regex(r"-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,4})?", fullmatch=True)
odd = st.sampled_from(["NaN", "-Infinity", "1.", "01", ".5", "nan", "1e", '"\\ud800"', '"\\u0000"', "true", "1.0"])
texts = st.text().map(lambda text: orjson.dumps(text.encode("utf-8", "replace").decode()).decode())
scalars = digits | numbers | odd | texts
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: f"[{','.join(each)}]")
        | st.dictionaries(texts, inner, max_size=3).map(
            lambda each: "{" + ",".join(f"{name}:{value}" for name, value in each.items()) + "}"
        )
    ),
    max_leaves=5,
).map(lambda text: text.encode("utf-8", "surrogatepass"))


def envelope(part: str, value: bytes) -> bytes:
    parts = {**PARTS, part: value}
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), text) for name, text in parts.items()) + b"}"


@settings(max_examples=400)
@given(part=st.sampled_from([*PARTS, "profile", "context"]), value=values, nested=st.booleans())
@example("properties", b"1e999", True)
@example("context", b"9" * 400, True)
@example("profile", b"-1E+400", True)
@example("properties", b"[" * 190 + b"]" * 190, True)
def test_what_is_taken_can_be_decoded(part: str, value: bytes, nested: bool) -> None:
    raw = envelope(part, b'{"n":%s}' % value if nested else value)
    made = incoming(Entry(WHERE, 1, b"", raw), ENVELOPE, IDS)
    if isinstance(made, RefusedEntry):
        assert made.reason
    else:
        touchpoint = decode(made.envelope)
        assert (touchpoint.instant, touchpoint.seq) == (made.instant, made.seq)
