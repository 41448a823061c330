"""Whatever bytes come to whatever door: a client's fault is no failure of ours, and what is acknowledged is kept."""

import gzip
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.producers.collecting import Collecting

PATHS = ["/v1/track", "/v1/i", "/v1/p", "/v1/screen", "/v1/g", "/v1/a", "/v1/batch", "/v1/b", "/f/contact", "/p.gif"]
SEVERAL = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

WORDS = [
    *("type", "event", "userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp", "sentAt", "context"),
    *("traits", "properties", "batch", "page", "url", "email", "phone", "name", "company", "campaign", "form_id"),
    *("_gotcha", "_redirect", "_id", "_aid", "machine", "bot", "writeKey", "originalTimestamp"),
]
TEXTS = [
    *("track", "identify", "page", "alias", "group", "Form Submitted", "stage_changed", "a@b.c"),
    *("2026-11-21T12:00:00Z", "http://[", "https://x/y?utm_source=a", "\ud800", "\x00"),
]
names = st.sampled_from(WORDS) | st.text(max_size=4)
numbers = st.integers(-(10**25), 10**25) | st.floats()
scalars = st.none() | st.booleans() | numbers | st.text(max_size=8) | st.sampled_from(TEXTS)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5), max_leaves=25
)


@given(
    path=st.sampled_from(PATHS),
    query=st.binary(max_size=40),
    raw=st.binary(max_size=200),
    kind=st.text("abc/;=-", max_size=20),
)
@SEVERAL
def test_any_bytes(tmp_path_factory: Any, path: str, query: bytes, raw: bytes, kind: str) -> None:
    asked(tmp_path_factory.mktemp("log"), path, query, raw, kind)


@given(path=st.sampled_from(PATHS), value=values, zipped=st.booleans())
@SEVERAL
def test_any_json(tmp_path_factory: Any, path: str, value: Any, zipped: bool) -> None:
    raw = json.dumps(value).encode()
    asked(tmp_path_factory.mktemp("log"), path, b"", gzip.compress(raw) if zipped else raw, "")


STARTS = [
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n', b"--b\r\nform-data", b"\x1f\x8b", b"a=b", b"{",
]  # fmt: skip


@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=120))
@SEVERAL
def test_any_continuation(tmp_path_factory: Any, start: bytes, rest: bytes) -> None:
    asked(tmp_path_factory.mktemp("log"), "/f/contact", b"", start + rest, "multipart/form-data; boundary=b")


def asked(folder: Path, path: str, query: bytes, raw: bytes, kind: str) -> None:
    door = Collecting(folder)
    method = "GET" if path == "/p.gif" else "POST"
    escaped = "".join(f"%{byte:02X}" for byte in query)
    url = f"{path}?{escaped}" if query else path
    answer = door.ask(method, url, content=raw, headers={"content-type": kind} if kind else {})
    assert answer.status_code in (200, 202, 303, 400), answer.text
    kept = len(door.touchpoints()) + len(door.rejected())
    assert kept >= 1 or answer.json() == {"success": True}  # an empty batch
