"""Hand-over over HTTP, by a real server: who has a lead, what they answer, and what is refused."""

from collections.abc import Iterator

import pytest

from tests.runtime.asking import problem
from tests.runtime.given_server import MODEL, OWNERS, sent
from tests.runtime.serving import Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handing-over")
    (folder / "leadline.toml").write_text(MODEL + OWNERS)
    with serving(folder, "serve") as server:
        yield server


def owned(server: Server, owner: str) -> list[str]:
    return [lead["id"] for lead in server.http.get("/api/leads", params={"owner": owner}).json()["items"]]


def test_a_lead_is_given_accepted_and_given_back(server: Server) -> None:
    lead = str(sent(server, "handed")["id"])
    path = f"/api/leads/{lead}"
    assert lead in owned(server, "none")
    asked = {"owner": "berlin", "due": "9000-01-01"}
    given = server.http.post(f"{path}/assign?wait=30s", json=asked).json()["owner"]
    assert given["name"] == "berlin" and given["accepted_at"] is None and given["due"] == "9000-01-01T00:00:00.000000Z"
    assert owned(server, "berlin") == [lead] and lead not in owned(server, "none")
    accepted = server.http.post(f"{path}/accept?wait=30s", json={"by": "bo"}).json()["owner"]
    assert accepted["name"] == "berlin" and accepted["accepted_at"] is not None
    answer = server.http.post(f"{path}/reject?wait=30s", json={"by": "bo", "reason": "not ready", "note": "in May"})
    assert (answer.status_code, answer.json()["owner"]) == (200, None)
    assert owned(server, "berlin") == []
    items = server.http.get(f"{path}/timeline").json()["items"]
    assert [(each["type"], each["properties"].get("owner")) for each in items[1:]] == [
        ("owner_assigned", "berlin"), ("owner_accepted", "berlin"), ("owner_rejected", "berlin")
    ]  # fmt: skip


def test_a_reminder_and_a_note_are_kept_once_a_key(server: Server) -> None:
    path = f"/api/leads/{sent(server, 'noted')['id']}"
    asked = (("note", {"note": "likes tea", "by": "ana"}), ("remind", {"at": "9000-01-01", "note": "call"}))
    for name, body in asked:
        for _ in range(2):
            answer = server.http.post(f"{path}/{name}?wait=30s", json=body, headers={"Idempotency-Key": "k-1"})
            assert answer.status_code == 200, answer.text
    items = server.http.get(f"{path}/timeline").json()["items"]
    assert [each["type"] for each in items] == ["form_submitted", "noted", "reminder_set"]
    assert items[2]["properties"] == {"at": "9000-01-01T00:00:00.000000Z", "note": "call"}


@pytest.fixture(scope="module")
def nobodys(server: Server) -> str:
    return str(sent(server, "nobodys")["id"])


@pytest.mark.parametrize(("command", "body", "status", "words"), [
    ("assign", {"owner": "anna"}, 422, "did you mean ana?"),
    ("assign", {"owner": "ana", "due": "soon"}, 400, "due: found 'soon'"),
    ("assign", {"owner": "ana", "due": "2020-01-01"}, 422, "due: found 2020"),
    ("assign", {"to": "ana"}, 400, "owner"),
    ("accept", None, 409, "nobody has the lead"),
    ("accept", {"by": 1}, 400, "by"),
    ("reject", {"reason": "spam"}, 409, "nobody has the lead"),
    ("reject", None, 400, "body"),
    ("reject", {"by": "ana"}, 400, "reason"),
    ("remind", {"at": "2020-01-01T00:00:00Z"}, 422, "at: found 2020"),
    ("remind", {"note": "no time"}, 400, "at"),
    ("note", {"note": " "}, 422, "note: it is empty"),
    ("note", {"note": "a", "reason": "b"}, 400, "reason"),
])  # fmt: skip
def test_what_is_refused_records_nothing(
    server: Server, nobodys: str, command: str, body: object, status: int, words: str
) -> None:
    problem(server.http.post(f"/api/leads/{nobodys}/{command}", json=body), status, words)
    items = server.http.get(f"/api/leads/{nobodys}/timeline").json()["items"]
    assert [item["type"] for item in items] == ["form_submitted"]


def test_a_refusal_names_what_is_allowed(server: Server, nobodys: str) -> None:
    document = problem(server.http.post(f"/api/leads/{nobodys}/assign", json={"owner": "anna"}), 422)
    assert document["allowed"] == ["berlin", "ana", "bo"]


def test_a_list_of_an_unknown_owners_leads_is_refused(server: Server) -> None:
    problem(server.http.get("/api/leads?owner=anna"), 404, "the model has none, berlin, ana, bo")


def test_openapi_names_the_commands(server: Server) -> None:
    paths = server.http.get("/api/openapi.json").json()["paths"]
    for command in ("assign", "accept", "reject", "remind", "note"):
        assert "post" in paths[f"/api/leads/{{lead}}/{command}"]
