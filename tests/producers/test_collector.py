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


@pytest.mark.parametrize("headers", [
    {"host": "evil.example"}, {"host": "127.0.0.1.evil.example:8787"}, {"host": "localhost.evil.example"}, {"host": ""},
    {"x-forwarded-for": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}, {"x-real-ip": "127.0.0.1"},
])  # fmt: skip
def test_without_keys_a_name_or_a_proxy_is_not_this_machine(door: Collecting, headers: dict[str, str]) -> None:
    assert door.post("/v1/track", track(), headers=headers).status_code == 401
    assert door.ask("POST", "/f/contact", data={"email": "a@example.com"}, headers=headers).status_code == 403
    assert door.ask("GET", "/metrics", headers=headers).status_code == 403
    assert door.touchpoints() == []


@pytest.mark.parametrize("host", ["127.0.0.1:8787", "localhost:8787", "[::1]:8787", "localhost", "shop.localhost:80"])
def test_without_keys_this_machines_own_names_count(door: Collecting, host: str) -> None:
    assert door.post("/v1/track", track(), headers={"host": host}).status_code == 200
    assert door.ask("GET", "/metrics", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000"])
def test_without_keys_a_page_of_another_site_is_a_browser(door: Collecting, origin: str) -> None:
    text = {"origin": origin, "content-type": "text/plain"}
    answer = door.post("/v1/track", track("Stage Changed", properties={"to": "won"}), headers=text)
    assert "not for a browser source" in answer.json()["rejected"][0]["reason"]
    assert door.post("/v1/track", track("Seen"), headers=text).status_code == 200
    own = {"origin": "http://127.0.0.1:8787", "content-type": "text/plain"}
    assert door.post("/v1/track", track("Stage Changed", properties={"to": "won"}), headers=own).status_code == 200
    assert [(found.type, found.source.kind) for found in door.touchpoints()] == [
        ("seen", "browser"), ("stage_changed", "server"),
    ]  # fmt: skip


def test_settings_echo_the_key_and_send_everything_here(door: Collecting) -> None:
    found = door.ask("GET", "/v1/projects/WK_EXAMPLE/settings", headers={"origin": "https://www.example.com"})
    ours = found.json()["integrations"]["Segment.io"]
    assert ours == {"apiKey": "WK_EXAMPLE", "apiHost": "127.0.0.1:8787/v1", "protocol": "http"}
    assert found.headers["access-control-allow-origin"] == "https://www.example.com"


def test_preflight(door: Collecting) -> None:
    asked = {"origin": "https://www.example.com", "access-control-request-method": "POST"}
    answer = door.ask("OPTIONS", "/v1/t", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://www.example.com"
    assert {"authorization", "content-type", "anonymousid"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    assert answer.headers["access-control-allow-credentials"] == "true"
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


def test_the_public_learns_no_counts_and_no_paths(tmp_path: Path) -> None:
    why = f"{tmp_path}/log.db: the disk is full"
    door = Collecting(tmp_path, KEYS, token="a-token", ready=lambda: why)
    bearer = {"authorization": "Bearer a-token"}
    for headers in ({}, {"authorization": "Bearer another"}):
        assert door.ask("GET", "/metrics", headers=headers).status_code == 401
        answer = door.ask("GET", "/readyz", headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (503, "not ready, and its log says why")
    assert "leadline_collector" in door.ask("GET", "/metrics", headers=bearer).text
    assert door.ask("GET", "/readyz", headers=bearer).json()["detail"] == f"not ready: {why}"


@pytest.mark.parametrize("path", ["/v1/t", "/v1/batch", "/f/contact"])
def test_a_beacon_of_json_asks_first_and_sends_credentials(door: Collecting, path: str) -> None:
    page = {"origin": "https://www.example.com"}
    asked = {**page, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    answer = door.ask("OPTIONS", path, headers=asked)
    assert answer.headers["access-control-allow-origin"] == "https://www.example.com"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "content-type" in answer.headers["access-control-allow-headers"]
    body = {"email": "a@example.com"} if path == "/f/contact" else {"batch": [{"type": "track", **track()}], **track()}
    sent = door.post(path, body, headers={**page, "content-type": "application/json", "cookie": "session=1"})
    assert sent.status_code in (200, 202) and sent.headers["access-control-allow-credentials"] == "true"
    assert len(door.touchpoints()) == 1


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/o/abc.gif", 501), ("GET", "/c/abc", 501), ("GET", "/nothing", 404), ("GET", "/v1/track", 405),
    ("POST", "/v1/m", 404),
])  # fmt: skip
def test_other_paths_are_told_by_name(door: Collecting, method: str, path: str, status: int) -> None:
    answer = door.ask(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
