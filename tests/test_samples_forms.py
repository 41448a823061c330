"""What the how-to pages show of form builders and of files behind a form, done on a real server."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.model.starter import STARTER
from tests.given_forms import SITE, Form, here
from tests.given_samples import Shell, sample
from tests.runtime.serving import Server, eventually, serving

APPS_SCRIPT = """
const answer = (title, response) => ({ getItem: () => ({ getTitle: () => title }), getResponse: () => response })
globalThis.UrlFetchApp = {
  fetch: async (url, { method, contentType, payload }) => {
    const got = await fetch(url, { method, headers: { "Content-Type": contentType }, body: payload })
    console.log(await got.text())
  },
}
const response = {
  getId: () => "r-1",
  getRespondentEmail: () => "jane@example.org",
  getItemResponses: () => [answer("First Name", "Jane"), answer("Colors", ["red", "blue"])],
}
"""
"""What Google's script finds there, for node."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the keys that the page exports, and a site."""
    folder = tmp_path_factory.mktemp("forms")
    (folder / "leadline.toml").write_text(STARTER + sample("gate-a-download.md", "[[score.rules]]"))
    exported = Shell(folder).exported(sample("connect-a-form-builder.md", "export LEADLINE_WRITE_KEYS"))
    keys = exported["LEADLINE_WRITE_KEYS"]
    with serving(folder, "serve", WRITE_KEYS=keys, SITES=SITE, API_TOKEN="") as it:
        yield it


def test_a_builders_webhook_becomes_a_lead(server: Server, tmp_path: Path) -> None:
    curl = here(server, sample("connect-a-form-builder.md", "curl -s"))
    address = sample("connect-a-form-builder.md", "https://collect.example.com/f/contact").strip()
    assert here(server, address) in curl
    assert [Shell(tmp_path).pastes(curl) for _ in range(2)] == ['{"success":true}'] * 2
    [lead] = eventually(lambda: server.http.get("/api/leads", params={"email": "laura@example.com"}).json()["items"])
    assert lead["profile"] == {"email": "laura@example.com", "first_name": "Laura"}
    items = server.http.get(f"/api/leads/{lead['id']}/timeline").json()["items"]
    assert [(item["type"], item["properties"]["form"]) for item in items] == [("form_submitted", "contact")]


def test_a_script_of_a_google_form_sends_it(server: Server) -> None:
    if (node := shutil.which("node")) is None:
        pytest.skip("NOT TESTED HERE: node is not on PATH")
    script = here(server, sample("connect-a-form-builder.md", "const ADDRESS"))
    done = subprocess.run(
        [node, "--eval", f"{APPS_SCRIPT}\n{script}\nonSubmit({{ response }})"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, '{"success":true}\n'), done.stderr
    [lead] = eventually(lambda: server.http.get("/api/leads", params={"email": "jane@example.org"}).json()["items"])
    assert lead["profile"]["first_name"] == "Jane"
    [item] = server.http.get(f"/api/leads/{lead['id']}/timeline").json()["items"]
    assert item["properties"] == {
        "email": "jane@example.org", "First Name": "Jane", "Colors": ["red", "blue"], "form": "survey",
    }  # fmt: skip


def test_what_names_nobody_is_taken_once_its_fields_are_known(server: Server, tmp_path: Path) -> None:
    fields = {"first_one": "eve@example.org", "second_one": "ada@example.org", "firm": "Engines"}
    address = "/f/contact?writeKey=pub-EXAMPLE-typeform"
    assert server.http.post(address, json=fields).json()["rejected"][0]["item"] == 0
    shell = Shell(server.lines.parent)
    listed, export, replay = sample("connect-a-form-builder.md", "leadline rejected list").splitlines()
    eventually(lambda: "second_one" in shell.pastes(listed))
    assert "1 touchpoint" in shell.pastes(f"{export}\n{replay}")
    [lead] = eventually(lambda: server.http.get("/api/leads", params={"email": "ada@example.org"}).json()["items"])
    assert lead["profile"] == {"email": "ada@example.org", "company": "Engines"}


def test_a_file_is_given_for_an_address_and_counts(server: Server) -> None:
    form = Form(here(server, sample("gate-a-download.md", "<form")))
    assert form.fields["_gotcha"] == "" and form.fields["_download"].startswith(SITE)
    filled = {**form.fields, "email": "bo@example.org", "company": "Engines Ltd", "_aid": "c-guide"}
    page = {"anonymousId": "c-guide", "writeKey": "pub-EXAMPLE-change-me", "properties": {"path": "/"}}
    assert server.http.post("/v1/page", json=page).status_code == 200
    answer = server.http.post(form.action, data=filled, headers={"Origin": SITE, "Referer": f"{SITE}/"})
    assert (answer.status_code, answer.headers["location"]) == (303, form.fields["_download"])

    def known() -> list[str]:
        leads = server.http.get("/api/leads", params={"email": "bo@example.org"}).json()["items"]
        points = server.http.get(f"/api/leads/{leads[0]['id']}/score").json() if leads else {}
        return [each["rule"] for each in points.get("items", [])]

    eventually(lambda: sorted(known()) == ["sent a form", "took the guide", "viewed a page"])
    funnel = server.http.get("/api/funnels/guide").json()
    assert [step["leads"] for step in funnel["steps"]] == [1, 1, 0]
    members = server.http.get("/api/segments/took the guide and came back/members").json()["items"]
    assert len(members) == 1
