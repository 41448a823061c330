"""What the how-to pages show of sending and hearing, done on a real server: scripts, forms, the pixel, curl."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.model.starter import STARTER
from tests.given_forms import SITE, Form, here
from tests.given_samples import HOW_TO, Shell, sample
from tests.runtime.serving import Server, eventually, serving

BROWSER = Path(__file__).with_name("given_browser.mjs")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the settings that the page exports."""
    folder = tmp_path_factory.mktemp("samples")
    (folder / "leadline.toml").write_text(STARTER)
    settings = Shell(folder).exported(
        sample("connect-a-website.md", "export LEADLINE_WRITE_KEYS")
        + sample("connect-a-website.md", "export LEADLINE_PROXIES")
    )
    assert set(settings) == {"LEADLINE_WRITE_KEYS", "LEADLINE_SITES", "LEADLINE_PROXIES"}
    with serving(folder, "serve", **{name.removeprefix("LEADLINE_"): value for name, value in settings.items()}) as it:
        yield it


def types(server: Server, **who: str) -> list[str]:
    """What the lead of an identity did, newest first; nothing as long as nobody has it."""
    items = server.http.get("/api/leads", params=who).json()["items"]
    if not items:
        return []
    timeline = server.http.get(f"/api/leads/{items[0]['id']}/timeline", params={"order": "newest"}).json()["items"]
    return [item["type"] for item in timeline]


def scripted(server: Server, script: str) -> str:
    """What a script prints in a browser that looks at a page of the site."""
    if (node := shutil.which("node")) is None:
        pytest.skip("NOT TESTED HERE: node is not on PATH")
    script = re.sub(r"^import .*$", "", script, flags=re.MULTILINE)
    command = [node, "--import", str(BROWSER), "--input-type=module", "--eval", here(server, script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", ["connect-a-website.md", "send-touchpoints.md"])
def test_a_pixel_says_the_path_though_a_browser_tells_the_origin_only(server: Server, page: str) -> None:
    source = re.search(r'<img src="https://collect\.example\.com(/p\.gif[^"]*)"', (HOW_TO / page).read_text())
    assert source is not None
    cookie = page.partition(".")[0]
    answer = server.http.get(source[1].replace("COOKIE-ID", cookie), headers={"Referer": f"{SITE}/"})
    assert answer.status_code == 200
    asked = {"anonymous_id": cookie}
    [lead] = eventually(lambda: server.http.get("/api/leads", params=asked).json()["items"])
    assert lead["heat"] == 11.0, "a page and the prices"


def test_a_pixel_by_a_script_says_where_it_stands(server: Server) -> None:
    html = sample("connect-a-website.md", "<script>").replace("COOKIE-ID", "c-script")
    scripted(server, re.sub(r"</?script>", "", html))
    asked = {"anonymous_id": "c-script"}
    [lead] = eventually(lambda: server.http.get("/api/leads", params=asked).json()["items"])
    assert lead["heat"] == 11.0, "a page and the prices"


def test_sdks_pointed_here_tell_of_one_person(server: Server, tmp_path: Path) -> None:
    browser = sample("connect-a-website.md", "// In the browser")
    scripted(server, browser)
    again = sample("send-touchpoints.md", "const analytics = AnalyticsBrowser")
    assert again.strip() in browser
    node = sample("send-touchpoints.md", "// Node.js")
    scripted(server, node + 'await analytics.track({ userId: "u-1001", event: "Plan Viewed" })')
    (tmp_path / "sample.py").write_text(here(server, sample("connect-a-website.md", "# On a server")))
    Shell(tmp_path).pastes("python sample.py")
    expected = ["demo_requested", "identified", "page_viewed", "plan_viewed"]
    eventually(lambda: sorted(types(server, user_id="u-1001")) == expected)
    [lead] = server.http.get("/api/leads", params={"email": "ada@example.com"}).json()["items"]
    assert lead["profile"]["company"] == "Example Ltd"


def test_a_beacon_needs_no_header(server: Server) -> None:
    scripted(server, sample("send-touchpoints.md", "navigator.sendBeacon"))
    eventually(lambda: types(server, anonymous_id="c-beacon") == ["video_watched"])


def test_a_plain_form_goes_on_to_the_sites_page_and_ties_earlier_views(server: Server) -> None:
    form = Form(here(server, sample("connect-a-website.md", "<form")))
    assert form.fields["_gotcha"] == ""
    cookie_field = sample("send-touchpoints.md", '<input type="hidden" name="_aid">')
    assert list(Form(cookie_field).fields) == ["_aid"]
    script = cookie_field[cookie_field.index("<script>") :].replace("<script>", "").replace("</script>", "")
    analytics = 'const analytics = { user: () => ({ anonymousId: () => "c-form" }) }\n'
    cookie = scripted(server, f"{analytics}{script}\nconsole.log(document.forms[0]._aid.value)").strip()
    page = {"anonymousId": cookie, "properties": {"path": "/pricing"}, "writeKey": "pub-EXAMPLE-change-me"}
    assert server.http.post("/v1/page", json=page).status_code == 200
    filled = {**form.fields, "email": "bo@example.org", "company": "Engines Ltd", "_aid": cookie}
    answer = server.http.post(form.action, data=filled, headers={"Origin": SITE})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{SITE}/thank-you")
    eventually(lambda: sorted(types(server, email="bo@example.org")) == ["form_submitted", "page_viewed"])


def test_a_server_says_itself_where_somebody_came_from(server: Server, tmp_path: Path) -> None:
    curl = here(server, sample("see-where-leads-come-from.md", "curl -u")).replace("u-1", "u-fair")
    Shell(tmp_path, KEY="srv-EXAMPLE-change-me").pastes(curl)
    [lead] = eventually(lambda: server.http.get("/api/leads", params={"user_id": "u-fair"}).json()["items"])
    assert lead["first_channel"] == "event"


def test_leads_are_found_by_name_and_by_what_they_did(server: Server) -> None:
    form = {"userId": "u-wang", "event": "Form Submitted", "writeKey": "srv-EXAMPLE-change-me"}
    who = {"email": "wang@example.org", "name": "王芳", "company": "Engines Ltd"}
    assert server.http.post("/v1/identify", json={**form, "traits": who}).status_code == 200
    for number in range(3):
        page = {"userId": "u-wang", "properties": {"path": f"/pricing/{number}"}, "writeKey": form["writeKey"]}
        assert server.http.post("/v1/page", json=page).status_code == 200
    assert server.http.post("/v1/track", json=form).status_code == 200
    eventually(lambda: server.http.get("/api/leads", params={"user_id": "u-wang", "hot": "true"}).json()["items"])
    shell = Shell(server.lines.parent, LEADLINE_API_TOKEN="")
    commands = sample("find-leads.md", "leadline leads").splitlines()
    for command in commands:
        shown = shell.pastes(command.replace("ada", "wang").replace("event", "direct"))
        assert "王芳" in shown, command
    [lead] = json.loads(shell.pastes(here(server, sample("find-leads.md", "curl -sG"))))["items"]
    assert lead["profile"]["name"] == "王芳" and lead["reasons"]


def test_a_report_is_had_as_csv(server: Server, tmp_path: Path) -> None:
    asked = here(server, sample("read-a-report.md", "curl -s")).replace("curl -s ", "curl -sSf ")
    assert Shell(tmp_path).pastes(asked).startswith("stage,detour,retired,entered,")


@pytest.fixture
def announced(server: Server) -> str:
    """The id of a lead that is hot."""
    for number in range(3):
        page = {"userId": "u-hot", "properties": {"path": f"/pricing/{number}"}, "writeKey": "srv-EXAMPLE-change-me"}
        assert server.http.post("/v1/page", json=page).status_code == 200
    form = {"userId": "u-hot", "event": "Form Submitted", "writeKey": "srv-EXAMPLE-change-me"}
    assert server.http.post("/v1/track", json=form).status_code == 200

    def hot() -> Any:
        found = server.http.get("/api/leads", params={"user_id": "u-hot", "hot": "true"}).json()["items"]
        return found and found[0]["announced"] and found[0]["id"]

    return str(eventually(hot))


def test_hot_leads_are_heard_of_by_asking_and_as_a_stream(server: Server, announced: str) -> None:
    shell = Shell(server.lines.parent, LEADLINE_API_TOKEN="")
    asked = sample("receive-hot-leads.md", "curl -H")
    curl, command = here(server, asked).replace("1041", "0").split("\nleadline ")
    assert announced in shell.pastes(curl.replace("curl ", "curl -sSf "))
    assert "lead.hot" in shell.pastes(f"leadline {command}")
    stream = here(server, sample("receive-hot-leads.md", "curl -N")).strip()
    process = shell.starts(stream.replace("curl ", "curl -sSf -H 'Last-Event-ID: 0' "))
    try:
        eventually(lambda: f'"lead":"{announced}"' in (shell.folder / "started.log").read_text())
    finally:
        process.kill()
        process.wait()


def test_who_asks_for_hot_leads_hears_of_every_end() -> None:
    asked = [line for line in (HOW_TO / "receive-hot-leads.md").read_text().splitlines() if "kind=lead.hot," in line]
    assert asked and all("lead.hot.retracted,lead.cooled" in line for line in asked)
