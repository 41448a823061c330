"""`leadline handover`: alone in a folder, and beside a server that holds it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.given_server import MODEL, OWNERS, sent
from tests.runtime.serving import Server, eventually, here, run, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handover")
    (folder / "leadline.toml").write_text(MODEL + OWNERS)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder, "serve") as server:
        yield server


def said(folder: Path, *words: str) -> str:
    done = here(folder, "handover", *words, "--lang", "en")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_beside_a_server_it_waits_for_what_that_projects(server: Server, folder: Path) -> None:
    lead = str(sent(server, "cli")["id"])
    assert said(folder, "assign", "cli@example.org", "berlin", "--by", "cy").startswith("cli@example.org: berlin since")
    assert "accepted at" in said(folder, "accept", lead, "--by", "ana")
    shown = json.loads(said(folder, "note", lead, "likes tea", "--json"))
    assert shown["owner"]["name"] == "berlin" and shown["owner"]["accepted_at"] is not None
    assert said(folder, "reject", lead, "--reason", "not ready", "--note", "in May") == "cli@example.org: nobody\n"
    assert said(folder, "remind", lead, "--at", "9000-01-01", "--no-wait").startswith("reminder_set ")
    timeline = f"/api/leads/{lead}/timeline"
    eventually(lambda: server.http.get(timeline).json()["items"][-1]["type"] == "reminder_set")
    items = server.http.get(timeline).json()["items"]
    assert [each["type"] for each in items] == [
        "form_submitted", "owner_assigned", "owner_accepted", "noted", "owner_rejected", "reminder_set"
    ]  # fmt: skip
    shown_lead = here(folder, "lead", lead, "--lang", "en").stdout
    assert "given back by berlin: not ready" in shown_lead and "note: likes tea" in shown_lead


@pytest.mark.parametrize(("words", "problem"), [
    (("assign", "anna"), "did you mean ana?"), (("accept",), "nobody has the lead"),
    (("reject", "--reason", "spam"), "nobody has the lead"), (("remind", "--at", "2020-01-01"), "at: found 2020"),
    (("note", " "), "note: it is empty"),
])  # fmt: skip
def test_what_is_refused_says_why_and_records_nothing(
    server: Server, folder: Path, words: tuple[str, ...], problem: str
) -> None:
    lead = str(sent(server, f"refused-{words[0]}")["id"])
    done = here(folder, "handover", words[0], lead, *words[1:])
    assert (done.returncode, done.stdout) == (2, "") and problem in done.stderr
    items = server.http.get(f"/api/leads/{lead}/timeline").json()["items"]
    assert [each["type"] for each in items] == ["form_submitted"]


def test_where_no_server_holds_the_folder_it_is_done_here(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL + OWNERS)
    (tmp_path / "people.csv").write_text("id,who,at\n1,ada@example.org,2026-01-01T00:00:00Z\n")
    (tmp_path / "people.toml").write_text(
        'source = "list"\nid = "id"\ntype = "list_joined"\nidentities = { email = "who" }\n'
        'time = { column = "at", format = "iso" }\n'
    )
    assert run(tmp_path, "import", "people.csv", "--mapping", "people.toml").returncode == 0
    assert said(tmp_path, "assign", "ada@example.org", "ana").startswith("ada@example.org: ana since")
    listed = json.loads(here(tmp_path, "leads", "--owner", "ana", "--json").stdout)
    assert [each["owner"]["name"] for each in listed["items"]] == ["ana"]
