"""The commands over HTTP: asked again, asked with another meaning, asked with what nobody can mean."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.runtime.asking import problem
from tests.runtime.given_server import MODEL, sent
from tests.runtime.serving import Server, eventually, serving

KEY = {"Idempotency-Key": "key-1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("commands")
    (folder / "leadline.toml").write_text(MODEL)
    with serving(folder, "serve") as server:
        yield server


def types(server: Server, lead: object) -> list[str]:
    return [item["type"] for item in server.http.get(f"/api/leads/{lead}/timeline").json()["items"]]


def test_a_command_asked_again_is_answered_as_before_at_once(server: Server) -> None:
    lead = sent(server, "again", company="Engines")["id"]
    asked = f"/api/leads/{lead}/stage", {"to": "qualified"}
    first = server.http.post(asked[0], json=asked[1], headers=KEY)
    assert first.status_code == 202
    eventually(lambda: server.http.get(f"/api/leads/{lead}").json()["stage"] == "qualified")
    again = server.http.post(asked[0], json=asked[1], headers=KEY)
    assert (again.status_code, again.json()) == (202, first.json())
    waited = server.http.post(asked[0] + "?wait=30s", json=asked[1], headers=KEY)
    assert (waited.status_code, waited.json()["stage"]) == (200, "qualified")
    problem(server.http.post(asked[0], json=asked[1]), 409, "already")
    assert types(server, lead) == ["form_submitted", "stage_changed"]


def test_one_key_for_different_commands_loses_none_of_them(server: Server) -> None:
    one, two = (sent(server, name, company="Engines")["id"] for name in ("key-one", "key-two"))
    for lead, name, body in (
        (one, "stage", {"to": "qualified"}), (one, "stage", {"to": "customer"}), (one, "reset", None),
        (one, "reset", {"reason": "another"}), (two, "reset", None),
    ):  # fmt: skip
        answer = server.http.post(f"/api/leads/{lead}/{name}?wait=30s", json=body, headers=KEY)
        assert answer.status_code == 200, answer.text
    assert types(server, one) == ["form_submitted", "stage_changed", "stage_changed", "score_reset", "score_reset"]
    assert types(server, two) == ["form_submitted", "score_reset"]


@pytest.fixture(scope="module")
def odd(server: Server) -> str:
    return str(sent(server, "odd", company="Engines")["id"])


@pytest.mark.parametrize(("command", "body", "status"), [
    ("stage", rb'{"to": "\ud800"}', 422), ("stage", rb'{"\ud800": 1, "to": "lead"}', 400),
    ("stage", b'{"to": ["lead"]}', 400), ("stage", b"[" * 5_000, 400), ("stage", b'{"to": "a\\u0000b"}', 422),
    ("unmerge", b'{"identities": [{"kind": ["email"], "value": "a@example.org"}]}', 422),
    ("unmerge", b'{"identities": [{"kind": {}, "value": null}]}', 422),
    ("unmerge", rb'{"identities": [{"kind": "email", "value": "\ud800@example.org"}]}', 422),
    ("unmerge", b'{"identities": [{"kind": ' + b"[" * 700 + b"]" * 700 + b"}]}", 400),
    ("unmerge", b'{"identities": [' + b'{"kind": "email"},' * 10_000 + b"{}]}", 413),
    ("profile", b'{"fields": {"company": 1e999}}', 400), ("profile", b'{"fields": {"company": NaN}}', 400),
])  # fmt: skip
def test_a_body_that_nobody_means_is_a_clients_mistake(
    server: Server, odd: str, command: str, body: bytes, status: int
) -> None:
    json = {"content-type": "application/json"}
    problem(server.http.post(f"/api/leads/{odd}/{command}", content=body, headers=json), status)


def test_too_large_a_body_is_not_read_on_whoever_sends_it(server: Server, odd: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b" " * 100_000

    with httpx2.Client(base_url=server.http.base_url) as stranger:
        try:
            answer = stranger.post(f"/api/leads/{odd}/reset", content=endless())
        except httpx2.TransportError:
            return  # it closed the connection before all was sent
        problem(answer, 413, "100000")


def test_what_is_kept_of_a_reason_can_be_stored(server: Server, odd: str) -> None:
    raw = rb'{"reason": "half \ud83d and \u0000", "by": "\udfff"}'
    json = {"content-type": "application/json"}
    answer = server.http.post(f"/api/leads/{odd}/reset?wait=30s", content=raw, headers=json)
    assert answer.status_code == 200, answer.text
    last = server.http.get(f"/api/leads/{odd}/timeline?order=newest&limit=1").json()["items"][0]
    assert last["properties"] == {"reason": "half \ufffd and \ufffd", "by": "\ufffd"}


def test_a_page_of_another_site_commands_nothing(server: Server, odd: str) -> None:
    answer = server.http.post(f"/api/leads/{odd}/reset", headers={"Origin": "https://evil.example"})
    problem(answer, 403, "LEADLINE_API_TOKEN")


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}]
)
def test_a_form_on_another_site_commands_nothing(server: Server, odd: str, headers: dict[str, str]) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", "application/json"):
        sent = {**headers, "Content-Type": kind}
        problem(server.http.post(f"/api/leads/{odd}/reset", content=b"{}", headers=sent), 403, "another site")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", None])
def test_a_body_of_json_needs_no_content_type(server: Server, kind: str | None) -> None:
    lead = sent(server, f"curl-{kind}", company="Engines")["id"]
    headers = {"Content-Type": kind} if kind else {}
    answer = server.http.post(f"/api/leads/{lead}/stage?wait=30s", content=b'{"to": "qualified"}', headers=headers)
    assert (answer.status_code, answer.json()["stage"]) == (200, "qualified")
    problem(server.http.post(f"/api/leads/{lead}/stage", content=b"to=qualified", headers=headers), 400, "no JSON")
