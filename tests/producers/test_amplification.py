"""What one request costs on the log: bounded by a stated factor of what came in, whatever its headers say."""

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from producers.collector import keys
from producers.collector.admission import Admission
from producers.collector.app import collector
from producers.collector.sites import Sites
from producers.protocols import retry
from producers.reading.body import LIMIT
from store.log.port import Record
from store.log.topics import REJECTED, TOUCHPOINTS
from tests.producers.collecting import Collecting
from web.health import Health
from web.private import Private

FACTOR = 25
"""Most bytes on the log for a byte of a request that is no smaller than its smallest items (docs/reference/http.md)."""
KEY = "pk_example_of_a_key"
PUBLIC = f"web:public:{KEY}"


def size(door: Collecting, topic: str) -> int:
    return sum(Record(each.key, each.value, tuple(each.headers)).size for each in door.entries(topic))


def batch(count: int, **item: object) -> bytes:
    return json.dumps({"batch": [item] * count}).encode()


@pytest.mark.parametrize(("count", "agent"), [(500, 60_000), (2_500, 60_000), (2_500, 200)])
def test_a_user_agent_is_cut_and_counted(tmp_path: Path, count: int, agent: int) -> None:
    door = Collecting(tmp_path, PUBLIC)
    raw = batch(count, type="page", userId="u-1").replace(b" ", b"")
    answer = door.post("/v1/batch", content=raw, headers={"x-write-key": KEY, "user-agent": "x" * agent})
    assert answer.status_code == 200 and len(door.touchpoints()) == count
    agents = {len(found.context["userAgent"]) for found in door.touchpoints()}
    assert agents == {min(2_000, LIMIT // count)}
    assert size(door, TOUCHPOINTS) < FACTOR * (len(raw) + agent)


def test_of_refused_items_the_request_is_kept_once(tmp_path: Path) -> None:
    door = Collecting(tmp_path, PUBLIC)
    raw = batch(2_500, type="track", event="Erased", userId="u-1")
    headers = {"x-write-key": KEY, "user-agent": "x" * 60_000, "referer": "https://www.example.com/?" + "r" * 30_000}
    answer = door.post("/v1/batch?q=" + "y" * 30_000, content=raw, headers=headers)
    assert answer.status_code == 200 and len(answer.json()["rejected"]) == 2_500
    (kept,) = door.rejected()
    assert size(door, REJECTED) < 1.5 * len(raw)
    assert (kept.header("leadline.reason") or b"").startswith(b"item 0, 1, 2, 3, 4 and 2495 more: event: 'erased' is a")
    meta = json.loads(kept.header("leadline.meta") or b"")
    once = retry.again("v1/batch", "server:shop", kept.value.replace(b"Erased", b"Bought"), meta)
    assert [found.seq for found in once.touchpoints] == list(range(2_500))


@pytest.mark.parametrize("event", ["Bought", "Erased"])
def test_memory_is_bounded_by_what_came(tmp_path: Path, event: str) -> None:
    door = Collecting(tmp_path, PUBLIC)
    raw = batch(2_500, type="track", event=event, userId="u-1").replace(b" ", b"")
    headers = {"x-write-key": KEY, "user-agent": "x" * 60_000}
    door.post("/v1/batch", content=batch(1, type="page", userId="u-1"), headers=headers)
    tracemalloc.start()
    try:
        assert door.post("/v1/batch?q=" + "y" * 30_000, content=raw, headers=headers).status_code == 200
        assert tracemalloc.get_traced_memory()[1] < 2_500 * 12_000
    finally:
        tracemalloc.stop()


def test_items_that_cannot_be_written_again_are_kept_with_their_request_once(door: Collecting) -> None:
    deep = '{"type":"track","event":"x","userId":"u","properties":{"a":' + "[" * 400 + "]" * 400 + "}}"
    good = '{"type":"track","event":"x","userId":"u","messageId":"good"}'
    raw = f'{{"batch":[{good},{",".join([deep] * 400)}]}}'.encode()
    assert len(door.post("/v1/batch", content=raw).json()["rejected"]) == 400
    (kept,) = door.rejected()
    assert kept.value == raw
    meta = json.loads(kept.header("leadline.meta") or b"")
    again = retry.again("v1/batch", "server:default", kept.value, meta)
    assert again.touchpoints == () and again.refused is not None and len(again.refused.items) == 400


def test_a_query_of_a_pixel_is_counted_and_kept_once(door: Collecting) -> None:
    query = "aid=a-1&e=noted&x=" + "y" * 33_000
    assert door.ask("GET", f"/p.gif?{query}").status_code == 200  # the dot, as ever
    (kept,) = door.rejected()
    assert kept.value == query.encode() and size(door, REJECTED) < 1.1 * len(query)
    assert door.ask("POST", f"/f/contact?x={'y' * 33_000}", data={"email": "a@example.com"}).status_code == 400


def test_how_much_is_kept_of_a_header_is_a_setting(tmp_path: Path) -> None:
    door = Collecting(tmp_path)
    admission = Admission(keys.parse(PUBLIC), Sites(frozenset()), kept_header=150)
    door.app = collector(
        door.log, admission, lambda: door.now, Health(Private(None), CollectorRegistry(), lambda: None)
    )
    agent, referer = "x" * 151, "https://www.example.com/" + "r" * 151
    page = {"anonymousId": "a-1"}
    assert door.post("/v1/page", page, headers={"x-write-key": KEY, "user-agent": agent}).status_code == 200
    assert door.ask("GET", "/p.gif?aid=a-1", headers={"referer": referer}).status_code == 200
    paged, dot = door.touchpoints()
    assert len(paged.context["userAgent"]) == len(dot.properties["url"]) == 150


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("raw", [
    {"batch": [{"type": "track", "event": "Erased", "userId": "u", "writeKey": KEY, "context": {"key": KEY}}],
     "writeKey": KEY},
    f'{{"event": "x", "writeKey": "{KEY}'.encode(),
    f'{{"event": "erased", "userId": "u", "write\\u004bey": "{KEY}"}}'.encode(),
    f"writeKey={KEY}&event=erased&userId=u".encode(),
])  # fmt: skip
def test_a_write_key_is_not_kept_with_what_is_refused(
    tmp_path: Path, raw: bytes | dict[str, object], zipped: bool
) -> None:
    door = Collecting(tmp_path, PUBLIC)
    sent = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    path = "/v1/batch" if isinstance(raw, dict) else "/v1/track"
    door.post(f"{path}?writeKey={KEY}", content=gzip.compress(sent) if zipped else sent)
    (kept,) = door.rejected()
    value = gzip.decompress(kept.value) if kept.value.startswith(b"\x1f\x8b") else kept.value
    assert b"***" in value
    assert KEY.encode() not in value and all(KEY.encode() not in text for _, text in kept.headers)


def test_a_key_in_the_query_of_a_form_is_not_kept(door: Collecting) -> None:
    door.ask("POST", f"/f/contact?writeKey={KEY}", data={"message": "hi"})
    (kept,) = door.rejected()
    assert b"writeKey=***" in (kept.header("leadline.meta") or b"")
