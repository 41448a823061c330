"""What the page on measuring mail shows, on a real server: the mail report has opens and clicks from links alone."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.mail_links import MailLinkMaker, WantedLinks
from producers.commands import CommandRefused
from runtime.clock import clock
from runtime.settings import read_settings
from runtime.wiring import Wiring
from tests.given_samples import Shell, sample
from tests.runtime.given_server import MODEL, sent
from tests.runtime.serving import Server, eventually, run, serving

SETTINGS = sample("measure-mail.md", "export LEADLINE_PUBLIC_URL")
MAKE = sample("measure-mail.md", "leadline links make")
MAKE_OVER_HTTP = sample("measure-mail.md", "curl -s http")
SENT = sample("measure-mail.md", "curl -s -u")
REPORT = sample("measure-mail.md", "leadline report mail")
ROTATED = sample("measure-mail.md", "export LEADLINE_LINK_KEY")
PUBLIC = "https://leads.example.com"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return Shell(tmp_path_factory.mktemp("exported")).exported(SETTINGS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("mail")
    (folder / "leadline.toml").write_text(MODEL)
    with serving(folder, "serve", **{name.removeprefix("LEADLINE_"): text for name, text in settings.items()}) as it:
        for name in ("ada", "bo"):
            sent(it, name)
        yield it


def pasted(server: Server, text: str, **variables: str) -> str:
    here = text.replace("http://127.0.0.1:8787", str(server.http.base_url).rstrip("/"))
    return Shell(server.lines.parent, **variables).pastes(here)


def test_the_mail_report_shows_opens_and_clicks_from_links_alone(server: Server, settings: dict[str, str]) -> None:
    shown = pasted(server, MAKE, **settings)
    opened, clicked = re.findall(rf"{PUBLIC}(/[oc]/\S+)", shown)
    assert shown.startswith("ada@example.org\n  open  https://") and "https://www.example.com/offer?utm_" in shown
    made = json.loads(pasted(server, MAKE_OVER_HTTP))
    assert [each["asked"] for each in made["items"]] == ["ada@example.org", "bo@example.org"] and made["next"] is None
    assert pasted(server, SENT, KEY="any")
    [_, bo] = made["items"]
    for url in (opened, clicked, clicked, bo["clicks"][0]["url"].removeprefix(PUBLIC)):
        answer = server.http.get(url)
        assert answer.status_code == (200 if url is opened else 302), answer.text
        assert answer.headers.get("location", "https://www.example.com/offer").startswith(
            "https://www.example.com/offer"
        )
    assert server.http.get(clicked[:-1]).status_code == 404

    def counted() -> dict[str, tuple[int, ...]] | None:
        rows = server.http.get("/api/reports/mail", params={"by": "variant"}).json()["items"]
        found = {each["variant"]: tuple(each[n] for n in ("people", "sent", "opened", "clicked")) for each in rows}
        return found if found == {"A": (1, 1, 1, 1), "B": (1, 0, 0, 1)} else None

    eventually(counted)
    assert "spring" in pasted(server, REPORT)
    lead = server.http.get("/api/leads", params={"email": "ada@example.org"}).json()["items"][0]["id"]
    items = server.http.get(f"/api/leads/{lead}/timeline").json()["items"]
    [click] = [each for each in items if each["type"] == "email_clicked"]  # of two within a moment
    assert click["source"] == {"kind": "provider", "name": "mail_links"}
    assert click["properties"]["url"].endswith("utm_campaign=spring")


def test_what_cannot_be_made_is_refused_with_what_is_allowed(server: Server) -> None:
    def refused(status: int, words: str, **more: object) -> None:
        body = {"leads": ["ada@example.org"], "campaign": "spring", **more}
        answer = server.http.post("/api/links", json=body)
        assert answer.status_code == status and words in answer.json()["detail"], answer.text

    refused(404, "nobody@example.org", leads=["nobody@example.org"])
    refused(422, "allowed is an http or https address", targets=["javascript:alert(1)"])
    refused(422, "campaign", campaign=" ")
    refused(400, "leads", leads=[])
    refused(400, "colour", colour="red")


def test_without_a_key_or_an_address_the_command_says_which_setting(server: Server, settings: dict[str, str]) -> None:
    words = ("links", "make", "ada@example.org", "--campaign", "spring")
    folder = server.lines.parent
    without_key = run(folder, *words)
    assert without_key.returncode == 2 and "LEADLINE_LINK_KEY" in without_key.stderr
    key = settings["LEADLINE_LINK_KEY"]
    with Wiring(read_settings({"LEADLINE_LINK_KEY": key}, data=folder / "leadline-data")) as wiring:
        maker = MailLinkMaker(wiring.reader, wiring.settings.mail_keys, wiring.settings.public_url, clock)
        with pytest.raises(CommandRefused, match="LEADLINE_PUBLIC_URL"):
            maker.make(WantedLinks(leads=["ada@example.org"], campaign="spring"))
    given = run(folder, *words, "--address", "https://mail.example.com/x/", "--json", LINK_KEY=key)
    assert json.loads(given.stdout)["items"][0]["open"].startswith("https://mail.example.com/x/o/"), given.stderr


def test_a_key_is_exchanged(settings: dict[str, str], tmp_path: Path) -> None:
    before = settings["LEADLINE_LINK_KEY"]
    both = Shell(tmp_path, LEADLINE_LINK_KEY=before).exported(ROTATED)["LEADLINE_LINK_KEY"].split(",")
    assert len(both) == 2 and both[1] == before and both[0] != before
