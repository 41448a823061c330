"""The doors as clients meet them: statuses, keys, sites, limits, and that nothing refused or acknowledged is lost."""

import base64
import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from producers import retry
from producers.body import LIMIT
from store.log import Log, LogAway, LogFull, LogMisconfigured, Partition, Record, RecordTooLarge, Subscription
from store.log_sql import SqlLog
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
    kept = door.rejected()
    assert [json.loads(entry.value) for entry in kept] == batch[1:7]
    assert kept[0].header("leadline.door") == b"v1/batch/1"
    assert kept[0].header("leadline.source") == b"server:default"
    assert kept[0].header("__connect.errors.exception.message") == kept[0].header("leadline.reason")


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
    assert {"authorization", "content-type"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert "access-control-allow-credentials" not in answer.headers
    failed = door.post("/v1/t", content=b"{", headers={"origin": "https://www.example.com"})
    assert failed.headers["access-control-allow-origin"] == "https://www.example.com"


# ---- forms ----


HTML = {
    "accept": "text/html,*/*;q=0.8",
    "origin": "https://www.example.com",
    "referer": "https://www.example.com/kontakt?utm_source=x",
}


def test_a_form_is_a_touchpoint_and_a_redirect(tmp_path: Path) -> None:
    door = Collecting(tmp_path, sites_text="https://www.example.com, https://shop.example.com:8443")
    fields = {
        "email": " Alice@Example.com ", "phone": "+86 138 0000 0000", "user_id": "u-1", "_aid": "anon-1",
        "first_name": "Alice", "title": "CEO", "country": "", "message": "Hi", "interests": ["a", "b"],
        "_redirect": "/danke", "_gotcha": "",
    }  # fmt: skip
    answer = door.post("/f/contact-us?utm_campaign=spring", data=fields, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "https://www.example.com/danke")
    (found,) = door.touchpoints()
    assert [str(each) for each in found.identities] == [
        "user_id:u-1", "email:alice@example.com", "phone:+8613800000000", "anonymous_id:anon-1",
    ]  # fmt: skip
    assert (found.type, found.source.kind, found.source.name) == ("form_submitted", "browser", "www.example.com")
    person = {"email": "alice@example.com", "phone": "+8613800000000", "first_name": "Alice", "title": "CEO"}
    assert found.profile == person
    assert found.properties["form"] == "contact-us" and found.properties["interests"] == ["a", "b"]
    assert found.properties["path"] == "/kontakt" and "user_id" not in found.properties
    assert not [key for key in found.properties if key.startswith("_")]
    assert found.context["campaign"] == {"name": "spring"}


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/x", "//evil.example", "javascript:alert(1)", "https://www.example.com@evil.example",
     "https:\\\\evil.example", "/\\evil.example", "", "http://[", "https://www.example.com.evil.example"],
)  # fmt: skip
def test_a_form_sends_nobody_elsewhere(tmp_path: Path, wanted: str) -> None:
    door = Collecting(tmp_path, sites_text="https://www.example.com")
    answer = door.post("/f/contact", data={"email": "a@example.com", "_redirect": wanted}, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/thanks")
    assert len(door.touchpoints()) == 1
    assert "<h1>Thank you</h1>" in door.ask("GET", "/thanks").text
    assert "谢谢" in door.ask("GET", "/thanks", headers={"accept-language": "zh-CN,zh;q=0.9"}).text


def test_forms_of_other_sites_are_refused(tmp_path: Path) -> None:
    door = Collecting(tmp_path, sites_text="https://www.example.com")
    for headers in ({}, {"origin": "null"}, {"origin": "https://evil.example"}, {"referer": "http://www.example.com/"}):
        answer = door.post("/f/contact", data={"email": "a@example.com"}, headers=headers)
        assert answer.status_code == 403 and "LEADLINE_SITES" in answer.json()["detail"]
        assert "access-control-allow-origin" not in answer.headers
        dot = door.ask("GET", "/p.gif?aid=a", headers=headers)
        assert dot.status_code == 403 and len(dot.content) == 43
    assert door.touchpoints() == [] and door.rejected() == []


def test_a_filled_honeypot_was_a_machine(door: Collecting) -> None:
    door.post("/f/contact", data={"email": "a@example.com", "_gotcha": "http://spam.example"})
    assert door.touchpoints()[0].context["machine"] == "honeypot"


def test_a_form_without_an_identity_is_kept_and_its_visitor_sees_no_error(door: Collecting) -> None:
    answer = door.post("/f/contact", data={"message": "call me"})
    assert answer.status_code == 303
    (kept,) = door.rejected()
    assert kept.value == b"message=call+me" and b"identity" in (kept.header("leadline.reason") or b"")
    told = door.post("/f/contact", {"message": "call me"}).json()
    assert told["rejected"][0]["item"] == 0


def test_scripts_get_json_and_not_a_page(door: Collecting) -> None:
    answer = door.post("/f/contact", {"email": "a@example.com"})
    assert (answer.status_code, answer.json()) == (202, {"success": True})
    asks = {"accept": "application/json"}
    assert door.post("/f/contact", data={"email": "a@example.com"}, headers=asks).status_code == 202
    assert door.post("/f/contact", [1]).status_code == 400
    assert door.post("/f/contact", content=b"{").status_code == 400
    assert [entry.value for entry in door.rejected()] == [b"[1]", b"{"]


def test_of_an_uploaded_file_its_name_is_kept(door: Collecting) -> None:
    files = {"cv": ("简历.pdf", b"%PDF-", "application/pdf")}
    door.post("/f/jobs", data={"email": "a@example.com"}, files=files)
    assert door.touchpoints()[0].properties["cv"] == "简历.pdf"


def test_a_gbk_form(door: Collecting) -> None:
    door.post("/f/contact", content=b"email=a%40example.com&company=" + "示例".encode("gbk"))
    door.ask("GET", "/f/contact?email=a%40example.com&company=%CA%BE%C0%FD")
    assert {found.profile["company"] for found in door.touchpoints()} == {"示例"}


def test_a_submission_with_an_id_is_known_again(door: Collecting) -> None:
    for _ in range(2):
        door.post("/f/contact", data={"email": "a@example.com", "_id": "s-1"})
    assert [found.id for found in door.touchpoints()] == ["s-1", "s-1"]


# ---- pixel and the rest ----


def test_the_pixel(door: Collecting) -> None:
    headers = {"referer": "https://www.example.com/pricing?utm_medium=cpc", "user-agent": "Test/1"}
    answer = door.ask("GET", "/p.gif?aid=anon-1&uid=u-1&t=Pricing&plan=a&plan=b&id=v-1", headers=headers)
    assert answer.content[:6] == b"GIF89a" and len(answer.content) == 43
    assert answer.headers["cache-control"] == "no-store" and answer.headers["content-type"] == "image/gif"
    (found,) = door.touchpoints()
    assert (found.id, found.type, found.source.name) == ("v-1", "page_viewed", "www.example.com")
    assert found.properties == {
        "plan": ["a", "b"], "url": headers["referer"], "path": "/pricing", "title": "Pricing",
    }  # fmt: skip
    assert found.context == {"campaign": {"medium": "cpc"}, "userAgent": "Test/1"}


@pytest.mark.parametrize(
    "query", ["", "t=Pricing", "aid=null&uid=0", "e=erased&aid=a", "e=call_logged&aid=a", "&" * 1_100]
)
def test_a_pixel_that_is_refused_is_still_a_dot(door: Collecting, query: str) -> None:
    answer = door.ask("GET", f"/p.gif?{query}")
    assert answer.status_code == 200 and len(answer.content) == 43
    assert [entry.value for entry in door.rejected()] == [query.encode()] and door.touchpoints() == []


def test_link_checkers_do_nothing(door: Collecting) -> None:
    assert door.ask("HEAD", "/p.gif?aid=a").status_code == 200
    assert door.ask("HEAD", "/f/contact?email=a@example.com").status_code == 200
    assert door.touchpoints() == []


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


# ---- the log ----


class FailingLog:
    """A log that fails as told; what is left goes to the real one."""

    def __init__(self, log: SqlLog, *errors: Exception | None) -> None:
        self._log = log
        self.errors = list(errors)
        self.appends: list[int] = []
        self.too_large = b"\0"

    def append(self, topic: str, records: Sequence[Record]) -> None:
        self.appends.append(len(records))
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        if any(self.too_large in record.value for record in records):
            raise RecordTooLarge("one of them")
        self._log.append(topic, records)

    def subscribe(self, topics: Iterable[str], group: str) -> Subscription:
        return self._log.subscribe(topics, group)

    def ends(self, topics: Iterable[str]) -> dict[Partition, int | None]:
        raise LogAway("the log is away")

    def close(self) -> None:
        self._log.close()


def failing(folder: Path, *errors: Exception | None) -> tuple[Collecting, FailingLog]:
    log: Log = FailingLog(SqlLog(folder / "log.db"), *errors)
    assert isinstance(log, FailingLog)
    return Collecting(folder, log=log), log


@pytest.mark.parametrize(("error", "status", "after"), [
    (LogAway("away", 2.5), 503, "3"), (LogFull("full", 30), 503, "30"), (LogMisconfigured("no"), 503, "60"),
    (RecordTooLarge("large"), 413, None), (RuntimeError("a bug"), 500, "5"),
])  # fmt: skip
def test_no_success_without_the_log(tmp_path: Path, error: Exception, status: int, after: str | None) -> None:
    for path, body in (("/v1/track", json.dumps(track())), ("/f/contact", "email=a%40example.com")):
        door, _ = failing(tmp_path, error)
        answer = door.post(path, content=body)
        assert (answer.status_code, answer.headers.get("retry-after")) == (status, after)
        assert answer.headers["content-type"] == "application/problem+json"
    door, _ = failing(tmp_path, error)
    assert door.ask("GET", "/p.gif?aid=a").status_code == status
    assert door.touchpoints() == []
    assert door.ask("GET", "/readyz").status_code == 503


def test_a_full_log_acknowledges_nothing_and_loses_nothing(tmp_path: Path) -> None:
    log = SqlLog(tmp_path / "small.db", limit_bytes=200_000)
    door = Collecting(tmp_path, log=log)
    door.kept = log
    statuses = [door.post("/v1/track", track(f"E{n}", properties={"t": "x" * 9_000})).status_code for n in range(40)]
    assert statuses[0] == 200 and statuses[-1] == 503
    assert len(door.touchpoints()) == statuses.count(200)


def test_concurrent_requests_share_appends(tmp_path: Path) -> None:
    door, log = failing(tmp_path)
    asked = [("POST", "/v1/track", {"content": json.dumps(track(f"E{n}"))}) for n in range(50)]
    assert {answer.status_code for answer in door.ask_all(asked)} == {200}
    assert sum(log.appends) == 50 and len(log.appends) < 25
    assert {found.type for found in door.touchpoints()} == {f"e{n}" for n in range(50)}


def test_too_large_a_record_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    door, log = failing(tmp_path)
    log.too_large = b'"e3"'
    asked = [("POST", "/v1/track", {"content": json.dumps(track(f"E{n}"))}) for n in range(5)]
    statuses = [answer.status_code for answer in door.ask_all(asked)]
    assert statuses == [200, 200, 200, 413, 200]
    assert len(door.touchpoints()) == 4


def test_too_many_that_wait_are_told_to_come_back(tmp_path: Path) -> None:
    door = Collecting(tmp_path)
    asked = [("POST", "/v1/track", {"content": json.dumps(track(f"E{n}"))}) for n in range(1_100)]
    answers = door.ask_all(asked)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 429} and statuses.count(200) >= 1_000
    assert len(door.touchpoints()) == statuses.count(200)


# ---- tried again ----


def test_what_was_refused_can_be_tried_again(door: Collecting) -> None:
    early = {"type": "track", **track("Early"), "timestamp": "2026-11-20T12:00:00Z", "event": "erased"}
    around = {"locale": "zh"}
    door.post(
        "/v1/batch",
        {"batch": [{"type": "track", **track()}, early], "sentAt": "2026-11-21T13:00:00Z", "context": around},
    )
    door.post("/f/contact?utm_source=x", data={"message": "hi"}, headers={"referer": "http://www.example.com/a"})
    door.ask("GET", "/p.gif?t=x")
    door.post("/v1/track", content=b"{")
    for entry in door.rejected():
        said = {name: (entry.header(f"leadline.{name}") or b"").decode() for name in ("door", "source", "meta")}
        meta = json.loads(said["meta"])
        once = retry.again(said["door"], said["source"], entry.value, meta)
        assert once.touchpoints == ()
        assert once.refused[0].record() == Record(entry.key, entry.value, entry.headers)
        mended = {
            b"erased": b"signed_up",
            b"message=hi": b"email=a%40b.example",
            b"t=x": b"aid=a",
            b"{": b'{"event":"x","userId":"u"}',
        }
        value = entry.value
        for wrong, right in mended.items():
            if wrong in (value, b"erased"):
                value = value.replace(wrong, right)
        if said["door"] == "p.gif":
            meta["query"] = value.decode()
        (found,) = retry.again(said["door"], said["source"], value, meta).touchpoints
        assert found.received_at == NOON
        if found.type == "signed_up":
            assert (found.seq, found.context["locale"]) == (1, "zh")
            assert found.occurred_at == NOON - 25 * 3_600_000_000
    with pytest.raises(ValueError, match="none of the collector's"):
        retry.again("import/leads.csv", "import:leads", b"", {})
