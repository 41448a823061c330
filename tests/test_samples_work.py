"""What the page on working a lead shows, done on a real server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.model.starter import STARTER
from tests.given_samples import Shell, sample
from tests.runtime.serving import Server, eventually, serving

TAGS = sample("work-a-lead.md", "[[tags]]")
LOG = sample("work-a-lead.md", "leadline work log")
LOG_OVER_HTTP = sample("work-a-lead.md", "curl -sG http://127.0.0.1:8787/api/leads --data-urlencode email=ada")
CORRECT = sample("work-a-lead.md", "leadline work correct")
CORRECT_OVER_HTTP = sample("work-a-lead.md", 'curl -s "http://127.0.0.1:8787/api/leads/$(cat lead)/profile')
TAG = sample("work-a-lead.md", "leadline work tag")
TAG_OVER_HTTP = sample("work-a-lead.md", 'curl -s "http://127.0.0.1:8787/api/leads/$(cat lead)/tags')
MERGE = sample("work-a-lead.md", "curl -sG http://127.0.0.1:8787/api/leads --data-urlencode email=countess")
REMIND = sample("work-a-lead.md", "leadline handover note")
OWNERS = '[[sales.owners]]\nname = "ana"\nweight = 0\n[[sales.owners]]\nname = "bo"\nweight = 0\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    (folder / "leadline.toml").write_text(f"{STARTER}\n{TAGS}\n{OWNERS}")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder, "serve") as server:
        yield server


@pytest.fixture(scope="module")
def lead(server: Server) -> str:
    """The path of the lead that the page is about."""
    server.http.post("/f/contact", data={"email": "ada@example.org"})
    asked = {"email": "ada@example.org"}
    [lead] = eventually(lambda: server.http.get("/api/leads", params=asked).json()["items"])
    return f"/api/leads/{lead['id']}"


def pasted(server: Server, folder: Path, block: str) -> str:
    return Shell(folder, LANG="C").pastes(block.replace("127.0.0.1:8787", f"127.0.0.1:{server.port}"))


def timeline(server: Server, lead: str, type: str) -> dict[str, Any]:
    [one] = [each for each in server.http.get(f"{lead}/timeline").json()["items"] if each["type"] == type]
    return dict(one)


def test_what_was_said_is_logged(server: Server, folder: Path, lead: str) -> None:
    shown = pasted(server, folder, LOG)
    assert "ada@example.org: 2, from" in shown and "note: Wants an offer by Friday" in shown
    pasted(server, folder, LOG_OVER_HTTP)
    assert timeline(server, lead, "call_logged")["properties"]["tags"] == ["price"]
    assert timeline(server, lead, "meeting_held")["occurred_at"] == "2024-05-20T09:00:00.000000Z"
    assert timeline(server, lead, "message_received")["properties"]["note"] == "Asks for a demo"
    assert server.http.get(lead).json()["last_touch"] > "2024-05-21"


def test_what_is_known_is_corrected_and_what_was_said_stays(server: Server, folder: Path, lead: str) -> None:
    shown = pasted(server, folder, CORRECT)
    assert "company Analytical Engines, employees 250" in shown and "employees -" in shown
    (folder / "lead").write_text(lead.rpartition("/")[2])
    pasted(server, folder, CORRECT_OVER_HTTP)
    assert server.http.get(lead).json()["profile"] == {
        "company": "Analytical Engines", "email": "ada@example.org", "phone": "+4930901820", "title": "Countess"
    }  # fmt: skip
    said = [each for each in server.http.get(f"{lead}/timeline").json()["items"] if each["type"] == "profile_corrected"]
    assert [each["profile"].get("employees", "") for each in said] == [250, None, ""]
    assert [each["context"].get("viewer") for each in said] == [None, None, "local"]
    assert said[0]["properties"] == {"by": "ana", "reason": "She said so"}


def test_a_lead_is_tagged_and_found_by_its_tag(server: Server, folder: Path, lead: str) -> None:
    shown = pasted(server, folder, TAG)
    assert "ada@example.org: Talked about the price, Key account" in shown  # in the order of the model
    assert "ada@example.org: Key account" in shown
    assert server.http.get(lead).json()["tags"] == ["key account"]
    (folder / "lead").write_text(lead.rpartition("/")[2])
    pasted(server, folder, TAG_OVER_HTTP)
    eventually(lambda: server.http.get(lead).json()["tags"] == ["price"])
    found = server.http.get("/api/leads", params={"tag": "price", "count": "true"}).json()
    assert (found["count"], f"/api/leads/{found['items'][0]['id']}") == (1, lead)
    assert server.http.get("/api/leads", params={"tag": "vip"}).status_code == 404


def test_what_is_written_down_and_to_be_reminded_of_is_listed(server: Server, folder: Path, lead: str) -> None:
    shown = pasted(server, folder, REMIND)
    assert shown.count("follow_up") == 2
    waiting = server.http.get("/api/deadlines").json()["items"]
    assert [(each["owner"], each["note"]) for each in waiting] == [
        ("bo", "Ask whether the offer came"), (None, "Send the offer"),
    ]  # fmt: skip
    assert server.http.get(f"{lead}/dossier").json()["notes"][0]["note"] == "Prefers to be called in the morning"


def test_a_merge_is_looked_at_before_it_is_done(server: Server, folder: Path, lead: str) -> None:
    server.http.post("/f/contact", data={"email": "countess@example.org", "company": "Engines"})
    asked = {"email": "countess@example.org"}
    [other] = eventually(lambda: server.http.get("/api/leads", params=asked).json()["items"])
    (folder / "lead").write_text(lead.rpartition("/")[2])
    answers = pasted(server, folder, MERGE)
    place, found = 0, []
    while place < len(answers):
        answer, place = json.JSONDecoder().raw_decode(answers, place)
        found.append(answer)
    preview, merged, apart = found
    assert (preview["type"], apart["type"]) == ("merged", "unmerged")
    [card] = preview["leads"]
    assert {each["id"] for each in preview["ceased"]} | {card["id"]} == {other["id"], lead.rpartition("/")[2]}
    kept = ("id", "identities", "profile", "stage", "grade", "hot", "touches", "tags")
    assert [card[name] for name in kept] == [merged[name] for name in kept]
    assert len(apart["leads"]) == 2
    assert len(server.http.get("/api/leads", params={**asked, "count": "true"}).json()["items"]) == 1
