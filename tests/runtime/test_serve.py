"""`leadline serve` as a real process: doors, queries, commands, signals as they happen, and a clean end."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.runtime.asking import problem
from tests.runtime.given_server import MODEL, sent
from tests.runtime.serving import Server, eventually, here, run, serving
from tests.services.kafka import KafkaBroker

TOKEN = "sample-token"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serve")
    (folder / "leadline.toml").write_text(MODEL)
    with serving(folder, "serve", API_TOKEN=TOKEN) as server:
        yield server


def test_a_form_becomes_a_hot_lead_within_a_second(server: Server) -> None:
    lead = sent(server, "hot", company="Engines")
    assert lead["hot"] is True and lead["heat"] == 25.0 and lead["stage"] == "lead"
    signals = server.http.get("/api/signals?kind=lead.hot").json()["items"]
    assert [signal["reasons"][0]["rule"] for signal in signals if signal["lead"] == lead["id"]] == ["form"]


def test_a_stage_is_changed_and_answered_with_the_lead_after_it(server: Server) -> None:
    lead = sent(server, "staged", company="Engines")
    after = server.http.post(f"/api/leads/{lead['id']}/stage?wait=20s", json={"to": "qualified", "by": "ann"})
    assert after.status_code == 200 and after.json()["stage"] == "qualified"
    last = server.http.get(f"/api/leads/{lead['id']}/timeline?order=newest&limit=1").json()["items"][0]
    assert last["type"] == "stage_changed" and last["properties"] == {"to": "qualified", "by": "ann"}
    assert last["source"] == {"kind": "api", "name": "api"}


def test_without_wait_the_answer_is_the_touchpoints_id_and_asked_twice_is_once(server: Server) -> None:
    lead, ids = sent(server, "reset"), set()
    for _ in range(2):
        answer = server.http.post(f"/api/leads/{lead['id']}/reset", headers={"Idempotency-Key": "reset-1"})
        assert answer.status_code == 202
        ids.add(answer.json().pop("id"))
        assert answer.json() | {"id": 0} == {"id": 0, "type": "score_reset", "lead": lead["id"]}
    assert len(ids) == 1
    eventually(lambda: server.http.get(f"/api/leads/{lead['id']}").json()["heat"] == 0)
    types = [item["type"] for item in server.http.get(f"/api/leads/{lead['id']}/timeline").json()["items"]]
    assert types == ["form_submitted", "score_reset"]


def test_leads_are_merged_and_taken_apart(server: Server) -> None:
    one, two = sent(server, "one"), sent(server, "two")
    merged = server.http.post(f"/api/leads/{one['id']}/merge?wait=20s", json={"with": two["id"]}).json()
    assert {identity["value"] for identity in merged["identities"]} == {"one@example.org", "two@example.org"}
    assert server.http.get(f"/api/leads/{two['id']}").json()["id"] == merged["id"]
    out = [{"kind": "email", "value": "two@example.org"}]
    apart = server.http.post(f"/api/leads/{merged['id']}/unmerge?wait=20s", json={"identities": out})
    assert apart.status_code == 200 and [i["value"] for i in apart.json()["identities"]] == ["one@example.org"]


@pytest.fixture(scope="module")
def refused(server: Server) -> str:
    return str(sent(server, "refused")["id"])


@pytest.mark.parametrize(("command", "body", "status", "words"), [
    ("stage", {"to": "qualified"}, 422, "requires profile.company"),
    ("stage", {"to": "nowhere"}, 422, "nowhere"),
    ("stage", {"to": "lead"}, 409, "already"),
    ("stage", {}, 400, "to"),
    ("stage", {"to": "customer", "why": "x"}, 400, "why"),
    ("merge", {"with": "nobody"}, 404, "no lead"),
    ("unmerge", {"identities": [{"kind": "email", "value": "other@example.org"}]}, 422, "not this lead's"),
    ("unmerge", {"identities": [{"kind": "email", "value": "refused@example.org"}]}, 409, "nothing would be left"),
    ("reset?wait=soon", None, 400, "wait"),
    ("consent", {}, 501, "consent is not built yet"),
    ("erase", {}, 501, "erase is not built yet"),
])  # fmt: skip
def test_a_command_that_is_refused_records_nothing(
    server: Server, refused: str, command: str, body: object, status: int, words: str
) -> None:
    problem(server.http.post(f"/api/leads/{refused}/{command}", json=body), status, words)
    items = server.http.get(f"/api/leads/{refused}/timeline").json()["items"]
    assert [item["type"] for item in items] == ["form_submitted"]


def test_a_refusal_names_what_is_missing(server: Server) -> None:
    lead = sent(server, "missing")
    document = problem(server.http.post(f"/api/leads/{lead['id']}/stage", json={"to": "qualified"}), 422)
    assert document["missing"] == ["profile.company"]


def streamed(server: Server, until: str, **asked: str) -> list[dict[str, str]]:
    """Server-sent events until one of a lead with this id."""
    found: list[dict[str, str]] = []
    with server.http.stream("GET", "/api/signals/stream", **asked) as answer:  # type: ignore[arg-type]
        assert answer.headers["content-type"].startswith("text/event-stream")
        event: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                event[name] = value
            elif "data" in event:
                found.append(event)
                if json.loads(event["data"])["lead"] == until:
                    return found
                event = {}
    raise AssertionError(f"the stream ended: {found}")


def test_signals_are_streamed_as_they_happen_and_resumed(server: Server) -> None:
    first, second = sent(server, "stream-1"), sent(server, "stream-2")
    every = streamed(server, str(second["id"]), params={"after": "0", "kind": "lead.hot"})
    positions = [int(event["id"]) for event in every]
    assert positions == sorted(set(positions)) and {event["event"] for event in every} == {"lead.hot"}
    [seen] = [event for event in every if json.loads(event["data"])["lead"] == first["id"]]
    resumed = streamed(server, str(second["id"]), params={"kind": "lead.hot"}, headers={"Last-Event-ID": seen["id"]})
    assert [json.loads(event["data"])["lead"] for event in resumed] == [second["id"]]
    listed = server.http.get("/api/signals?kind=lead.hot").json()["items"]
    told_of = json.loads(resumed[0]["data"]) | {"deliveries": []}  # which the list knows alone
    assert told_of in listed


def test_who_has_no_token_is_refused_the_api_and_not_the_doors(server: Server) -> None:
    with httpx2.Client(base_url=server.http.base_url) as stranger:
        problem(stranger.get("/api/leads"), 401, "bearer token")
        assert stranger.get("/healthz").status_code == stranger.get("/readyz").status_code == 200
        problem(stranger.get("/metrics"), 401, "bearer token")
        assert "leadline_projector_lag" in server.http.get("/metrics").text
        problem(stranger.get("/nothing"), 404)


def test_a_second_server_is_refused_the_port_and_the_folder(server: Server) -> None:
    folder = Path(server.lines).parent
    taken = run(folder, "serve", BIND=f"127.0.0.1:{server.port}", DATA="other")
    assert taken.returncode == 2 and f"port {server.port} of 127.0.0.1 is taken" in taken.stderr
    held = run(folder, "serve", BIND="127.0.0.1:0")
    assert held.returncode == 2 and f"is held by another Leadline server (process {server.popen.pid})" in held.stderr


def test_the_command_line_reads_beside_the_server(server: Server) -> None:
    lead, folder = sent(server, "read", company="Engines"), Path(server.lines).parent
    shown = json.loads(here(folder, "lead", "read@example.org", "--json").stdout)
    assert shown["id"] == lead["id"] and shown["score"]["items"][0]["rule"] == "form"
    assert run(folder, "lead", "email:nobody@example.org").returncode == 2
    doctor = here(folder, "doctor", "--json")
    found = json.loads(doctor.stdout)
    assert doctor.returncode == 0 and found["problems"] == [] and "held by a running server" in str(found["found"])


def test_an_import_beside_a_server_waits_until_that_has_projected_it(server: Server) -> None:
    folder = Path(server.lines).parent
    (folder / "rows.csv").write_text(
        "who,at\n" + "".join(f"i{n}@example.org,2026-01-0{n}T00:00:00Z\n" for n in range(1, 6))
    )
    (folder / "mapping.toml").write_text(
        'source = "list"\ntype = "form_submitted"\nidentities = { email = "who" }\n'
        'time = { column = "at", format = "iso" }\n'
    )
    done = run(folder, "import", "rows.csv", "--mapping", "mapping.toml", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["appended"] == 5
    assert len(server.http.get("/api/leads?email=i5@example.org").json()["items"]) == 1


@pytest.mark.parametrize(("proxies", "protocol"), [("127.0.0.1", "https"), ("10.0.0.0/8", "http")])
def test_only_a_known_proxy_is_believed_and_none_is_this_machine(tmp_path: Path, proxies: str, protocol: str) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.5"}
    with serving(tmp_path, PROXIES=proxies) as server:
        found = server.http.get("/v1/projects/K/settings", headers=forwarded).json()["integrations"]["Segment.io"]
        assert found["protocol"] == protocol
        call = {"userId": "u-1", "event": "note_read"}
        assert server.http.post("/v1/track", json=call, headers=forwarded).status_code == 401
        assert server.http.post("/v1/track", json=call).status_code == 200
        for path in ("/api/leads", "/metrics"):
            problem(server.http.get(path, headers=forwarded), 403, "through no proxy")
            assert server.http.get(path).status_code == 200


def test_a_server_ends_cleanly_and_goes_on_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    with serving(tmp_path) as server:
        lead = sent(server, "kept")
        with server.http.stream("GET", "/api/signals/stream"):  # an open stream does not hold it up
            assert server.stop() == 0
        assert '"stopped"' in server.said or "stopped" in server.said
    (tmp_path / "leadline.toml").write_text(MODEL.replace("points = 25", "points = 10"))
    with serving(tmp_path) as server:
        assert "model.activating" in server.said
        again = eventually(lambda: server.http.get(f"/api/leads/{lead['id']}").json())
        assert again["heat"] == pytest.approx(10.0, abs=0.1) and again["hot"] is False
        kinds = [item["kind"] for item in server.http.get("/api/signals").json()["items"]]
        assert "lead.hot" in kinds
        [withdrawn] = server.http.get("/api/signals?kind=lead.hot.retracted").json()["items"]
        assert (withdrawn["reason"], withdrawn["lead"]) == ("model", lead["id"])


def test_a_running_server_takes_up_the_model_that_another_process_activates(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL.replace("points = 25", "points = 15"))
    with serving(tmp_path) as server:
        lead = sent(server, "quiet")
        assert (lead["hot"], lead["announced"]) == (False, False)
        (tmp_path / "leadline.toml").write_text(MODEL)
        activated = run(tmp_path, "model", "activate", "--json")
        assert activated.returncode == 0, activated.stderr
        done = json.loads(activated.stdout)
        assert [move["now"] for move in done["moved"]["hot"]] == ["hot"] and done["quiet"] == 1
        after = server.http.get(f"/api/leads/{lead['id']}").json()
        assert (after["hot"], after["announced"]) == (True, False)
        assert server.http.get("/api/signals?kind=lead.hot").json()["items"] == []
        sent(server, "quiet")
        [hot] = eventually(lambda: server.http.get("/api/signals?kind=lead.hot").json()["items"])
        assert hot["lead"] == lead["id"] and hot["heat"] == pytest.approx(50, abs=0.1)


def test_a_model_that_would_lose_a_stage_is_refused_and_the_server_starts_with_the_active_one(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    with serving(tmp_path) as server:
        lead = sent(server, "kept")
        moved = server.http.post(f"/api/leads/{lead['id']}/stage?wait=20s", json={"to": "customer", "by": "ann"})
        assert moved.status_code == 200
        assert server.stop() == 0
    (tmp_path / "leadline.toml").write_text(MODEL.replace('[[stages]]\nname = "customer"\n', ""))
    with serving(tmp_path) as server:
        assert "model.refused" in server.said and "1 leads have entered" in server.said
        assert server.http.get(f"/api/leads/{lead['id']}").json()["stage"] == "customer"
        assert sent(server, "new")["hot"] is True
        doctor = here(tmp_path, "doctor")
        assert doctor.returncode == 1 and "no stage 'customer'" in doctor.stdout.replace("\n", " ")
        refused = run(tmp_path, "model", "activate")
        assert refused.returncode == 2 and "no stage 'customer'" in refused.stderr
        assert server.stop(signal.SIGINT) == 0
    assert run(tmp_path, "verify").returncode == 0


def noted(server: Server) -> httpx2.Response:
    """The answer to a touchpoint of 20 kB."""
    return server.http.post(
        "/v1/track", json={"userId": "u-1", "event": "note_read", "properties": {"note": "x" * 20_000}}
    )


def test_a_spool_that_is_used_up_says_what_to_do_and_nothing_acknowledged_is_lost(
    tmp_path: Path, kafka_broker: KafkaBroker
) -> None:
    kafka_broker.clear()
    (tmp_path / "leadline.toml").write_text(MODEL)
    with serving(tmp_path, SPOOL_LIMIT="1MB", KAFKA=kafka_broker.bootstrap) as server:
        kafka_broker.stop(crash=True)
        acknowledged = 0
        while (answer := noted(server)).status_code == 200:
            acknowledged += 1
            assert acknowledged < 100
        problem(answer, 503, "has no room")
        assert acknowledged > 10 and int(answer.headers["retry-after"]) > 0
        kafka_broker.start()
        asked = "/api/leads?user_id=u-1"
        eventually(lambda: [lead["touches"] for lead in server.http.get(asked).json()["items"]] == [acknowledged], 120)
        eventually(lambda: noted(server).status_code == 200)


def test_the_embedded_log_is_not_bounded_by_the_spools_budget(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    with serving(tmp_path, SPOOL_LIMIT="1MB") as server:
        assert {noted(server).status_code for _ in range(80)} == {200}
