"""The Segment API and the doors' keys as clients meet them: statuses, sources, limits, health, and paths by name."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from producers.reading.body import LIMIT
from tests.producers.collecting import NOON, Collecting, track

KEYS = "web:public:pk_example,shop:server:sk_example,shop:server:sk_older"


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


# ---- the Segment API ----


@pytest.mark.parametrize("path", ["/v1/track", "/v1/t"])
def test_a_call_is_acknowledged_when_it_is_on_the_log(door: Collecting, path: str) -> None:
    answer = door.post(path, track(properties={"plan": "team"}, timestamp="2026-11-21T11:59:00Z"))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    (found,) = door.touchpoints()
    assert (found.type, found.properties, found.received_at) == ("demo_requested", {"plan": "team"}, NOON)
    assert found.occurred_at == NOON - 60_000_000


@pytest.mark.parametrize(
    "headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}]
)
@pytest.mark.parametrize("zipped", [False, True])
def test_the_bytes_tell_the_format(door: Collecting, headers: dict[str, str], zipped: bool) -> None:
    raw = json.dumps({"batch": [{"type": "track", **track()}]}).encode()
    answer = door.post("/v1/batch", content=gzip.compress(raw) if zipped else raw, headers=headers)
    assert answer.status_code == 200
    assert len(door.touchpoints()) == 1


def test_a_bad_item_costs_its_neighbours_nothing(door: Collecting) -> None:
    batch = [
        {"type": "track", **track("One")},
        {"type": "track", **track("Lead Merged"), "event": "merged"},
        {"type": "track", "event": "Nobody", "userId": None, "anonymousId": "null"},
        {"type": "track", **track("Two"), "timestamp": "yesterday"},
        "text",
        {"type": "wink", **track("Three")},
        {"type": "track", **track("Large"), "properties": {"text": "x" * 40_000}},
        {"type": "track", **track("Last")},
    ]
    answer = door.post("/v1/batch", {"batch": batch, "sentAt": "2026-11-21T11:59:59Z"})
    assert answer.status_code == 200
    refused = answer.json()["rejected"]
    assert [each["item"] for each in refused] == [1, 2, 3, 4, 5, 6]
    for each, word in zip(refused, ["reserved", "identity", "timestamp", "object", "type", "larger"], strict=True):
        assert word in each["reason"]
    assert [(found.type, found.seq) for found in door.touchpoints()] == [("one", 0), ("last", 7)]
    (kept,) = door.rejected()  # one of the request, with what was refused alone
    assert json.loads(kept.value) == {"sentAt": "2026-11-21T11:59:59Z", "batch": batch[1:7]}
    assert json.loads(kept.header("leadline.meta") or b"")["places"] == [1, 2, 3, 4, 5, 6]
    assert kept.header("leadline.door") == b"v1/batch"
    assert kept.header("leadline.source") == b"server:default"
    assert kept.header("__connect.errors.exception.message") == kept.header("leadline.reason")
    for each in refused:
        assert f"item {each['item']}: {each['reason']}".encode() in (kept.header("leadline.reason") or b"")


def test_malformed_json_is_kept_and_told(door: Collecting) -> None:
    answer = door.post("/v1/track", content=b'{"event": ')
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "no JSON" in answer.json()["detail"]
    assert [entry.value for entry in door.rejected()] == [b'{"event": ']


@pytest.mark.parametrize("body", [b"", b"hello", b'{"batch": {}}', b"[1", b"\x1f\x8b\x08rubbish"])
def test_what_is_no_batch_is_kept_and_told(door: Collecting, body: bytes) -> None:
    assert door.post("/v1/batch", content=body).status_code == 400
    assert [entry.value for entry in door.rejected()] == [body]


def test_too_large_an_item(door: Collecting) -> None:
    answer = door.post("/v1/track", track(properties={"text": "x" * 33_000}))
    assert (answer.status_code, "32768" in answer.json()["detail"]) == (400, True)
    assert len(door.rejected()) == 1


def test_too_large_a_body_is_not_read_on(door: Collecting) -> None:
    read = 0

    async def endless() -> object:
        nonlocal read
        for _ in range(1_000):
            read += 100_000
            yield b" " * 100_000

    assert door.post("/v1/batch", content=endless()).status_code == 413
    assert read <= LIMIT + 200_000
    declared = {"content-length": str(LIMIT + 1)}
    assert door.post("/v1/batch", content=b"{}", headers=declared).status_code == 413


def test_a_gzip_bomb_is_too_large(door: Collecting) -> None:
    assert door.post("/v1/batch", content=gzip.compress(b" " * 50_000_000)).status_code == 413
    assert door.touchpoints() == [] and door.rejected() == []


def test_too_many_items_and_too_much_context(door: Collecting) -> None:
    assert door.post("/v1/batch", {"batch": [{}] * 2_501}).status_code == 400
    many = {"batch": [{}] * 2_000, "context": {"text": "x" * 30_000}}
    assert door.post("/v1/batch", many).status_code == 400
    assert len(door.rejected()) == 2


def test_a_batch_context_merges_into_items(door: Collecting) -> None:
    items = [{"type": "track", **track("A")}, {"type": "track", **track("B"), "context": {"locale": "de"}}]
    door.post("/v1/batch", {"batch": items, "context": {"locale": "zh", "traits": {"email": "A@example.com"}}})
    a, b = door.touchpoints()
    assert (a.context["locale"], b.context["locale"]) == ("zh", "de")
    assert a.profile == {"email": "a@example.com"} and "traits" not in a.context


# ---- keys ----


def test_keys_tell_the_source(tmp_path: Path) -> None:
    door = Collecting(tmp_path, KEYS)
    assert door.post("/v1/track", track("A"), headers=basic("pk_example")).status_code == 200
    assert door.post("/v1/track", track("B"), headers={"x-write-key": "sk_example"}).status_code == 200
    assert door.post("/v1/track", track("C", writeKey="sk_older")).status_code == 200
    assert (
        door.post("/v1/batch", {"batch": [{"type": "track", **track("D", writeKey="pk_example")}]}).status_code == 200
    )
    assert door.post("/v1/track?writeKey=pk_example", track("E")).status_code == 200
    assert (
        door.post("/v1/track", track("F", writeKey="WK:***"), headers={"x-write-key": "sk_example"}).status_code == 200
    )
    sources = [(found.source.kind, found.source.name) for found in door.touchpoints()]
    web, shop = ("browser", "web"), ("server", "shop")
    assert sources == [web, shop, shop, web, web, shop]


def test_unknown_keys_are_refused_and_not_kept(tmp_path: Path) -> None:
    door = Collecting(tmp_path, KEYS)
    for headers in ({}, basic("pk_wrong"), {"authorization": "Basic %%%"}, {"x-write-key": "no"}):
        answer = door.post("/v1/track", track(), headers=headers)
        assert answer.status_code == 401 and "write key" in answer.json()["detail"]
    assert door.post("/v1/track", content=b"{", headers=basic("pk_wrong")).status_code == 401
    assert door.post("/v1/track", content=b"{").status_code == 400
    assert door.touchpoints() == [] and door.rejected() == []


def test_a_public_key_may_not_claim_staff_work_or_stages(tmp_path: Path) -> None:
    door = Collecting(tmp_path, KEYS)
    events = ["Call Logged", "stage_changed", "Meeting Held", "Erased", "aliased"]
    batch = {"batch": [{"type": "track", **track(event)} for event in events]}
    assert len(door.post("/v1/batch", batch, headers=basic("pk_example")).json()["rejected"]) == 5
    answer = door.post("/v1/batch", batch, headers=basic("sk_example")).json()
    assert [each["item"] for each in answer["rejected"]] == [3, 4]
    alias = {"userId": "u-1", "previousId": "old-1", "messageId": "m-1"}
    assert door.post("/v1/alias", alias, headers=basic("pk_example")).json() == {"success": True}
    assert door.touchpoints()[-1].type == "aliased"


def test_without_keys_only_this_machine_may_send(tmp_path: Path) -> None:
    door = Collecting(tmp_path, client=("203.0.113.5", 4_000))
    assert door.post("/v1/track", track()).status_code == 401
    assert door.post("/f/contact", data={"email": "a@example.com"}).status_code == 403
    mapped = Collecting(tmp_path, client=("::ffff:127.0.0.1", 4_000))
    assert mapped.post("/v1/track", track()).status_code == 200


def test_settings_echo_the_key_and_send_everything_here(door: Collecting) -> None:
    found = door.ask("GET", "/v1/projects/WK_EXAMPLE/settings", headers={"origin": "https://www.example.com"})
    ours = found.json()["integrations"]["Segment.io"]
    assert ours == {"apiKey": "WK_EXAMPLE", "apiHost": "collector.test/v1", "protocol": "http"}
    assert found.headers["access-control-allow-origin"] == "https://www.example.com"


def test_preflight(door: Collecting) -> None:
    asked = {"origin": "https://www.example.com", "access-control-request-method": "POST"}
    answer = door.ask("OPTIONS", "/v1/t", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://www.example.com"
    assert {"authorization", "content-type", "anonymousid"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    assert "access-control-allow-credentials" not in answer.headers
    failed = door.post("/v1/t", content=b"{", headers={"origin": "https://www.example.com"})
    assert failed.headers["access-control-allow-origin"] == "https://www.example.com"


# ---- health and other paths ----


def test_health_and_metrics(door: Collecting) -> None:
    door.post("/v1/track", track())
    door.post("/v1/track", {"event": "Nobody"})
    assert door.ask("GET", "/healthz").status_code == 200
    assert door.ask("GET", "/readyz").json() == {"status": "ready"}
    text = door.ask("GET", "/metrics").text
    assert 'leadline_collector_touchpoints_total{source="default"} 1.0' in text
    assert 'leadline_collector_rejected_total{source="default"} 1.0' in text
    assert 'leadline_collector_request_seconds_count{door="v1/track",status="200"} 2.0' in text


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/o/abc.gif", 501), ("GET", "/c/abc", 501), ("GET", "/nothing", 404), ("GET", "/v1/track", 405),
    ("POST", "/v1/m", 404),
])  # fmt: skip
def test_other_paths_are_told_by_name(door: Collecting, method: str, path: str, status: int) -> None:
    answer = door.ask(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
