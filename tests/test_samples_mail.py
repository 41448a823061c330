"""What the page on measuring mail shows, on a real server: the mail report has opens and clicks from links alone."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.mail_links import MailLinkMaker, WantedLinks
from producers.commands import CommandRefused
from runtime.clock import clock
from runtime.settings import read_settings
from runtime.wiring import Wiring
from tests.given_samples import Shell, sample
from tests.runtime.given_server import MODEL, sent
from tests.runtime.serving import Server, eventually, here, run, serving
from tests.services.browser import PERSON

SETTINGS = sample("measure-mail.md", "export LEADLINE_PUBLIC_URL")
MAKE = sample("measure-mail.md", "leadline links make ada")
MAKE_OF_SEGMENT = sample("measure-mail.md", "leadline links make --segment")
MAKE_OVER_HTTP = sample("measure-mail.md", "curl -s http")
SENT = sample("measure-mail.md", "curl -s -u")
REPORT = sample("measure-mail.md", "leadline report mail")
ROTATED = sample("measure-mail.md", "export LEADLINE_LINK_KEY")
SEGMENTS = """
[[segments]]
name = "newsletter"
when = { did = "form_submitted", at_least = 1 }
[[segments]]
name = "everybody"
when = { any = [{ did = "form_submitted", at_least = 1 }, { did = "page_viewed", at_least = 1 }] }
[[segments]]
name = "nobody"
when = { did = "order_refunded", at_least = 1 }
"""
FORMULA = "=1+1@example.org"
PUBLIC = "https://leads.example.com"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return Shell(tmp_path_factory.mktemp("exported")).exported(SETTINGS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("mail")
    (folder / "leadline.toml").write_text(MODEL + SEGMENTS)
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
        answer = server.http.get(url, headers={"User-Agent": PERSON})
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
    order = {"event": "order_placed", "messageId": "o-1", "context": {"traits": {"email": "ada@example.org"}},
             "properties": {"total": 90}}  # fmt: skip
    assert server.http.post("/v1/track", json=order).status_code == 200
    eventually(
        lambda: (
            [
                each["variant"]
                for each in server.http.get("/api/reports/mail", params={"by": "variant"}).json()["items"]
                if each["converted"] == 1
            ]
            == ["A"]
        )  # who clicked and ordered within seven days, in the variant of the click
    )
    assert "spring" in pasted(server, REPORT)
    lead = server.http.get("/api/leads", params={"email": "ada@example.org"}).json()["items"][0]["id"]
    items = server.http.get(f"/api/leads/{lead}/timeline").json()["items"]
    [click] = [each for each in items if each["type"] == "email_clicked"]  # of two within a moment
    assert click["source"] == {"kind": "provider", "name": "mail_links"}
    assert click["properties"]["url"].endswith("utm_campaign=spring")


def test_everybody_in_a_segment_gets_links(server: Server, settings: dict[str, str]) -> None:
    server.http.post("/f/contact", data={"email": FORMULA})
    server.http.get("/p.gif?aid=a-visitor&id=v-1")
    size = "/api/segments/everybody/members"
    eventually(lambda: len(server.http.get(size).json()["items"]) == 4)
    assert pasted(server, MAKE_OF_SEGMENT, **settings) == ""
    rows = list(csv.reader((server.lines.parent / "links.csv").read_text().splitlines()))
    assert rows[0] == ["lead", "email", "open", "click_1"] and rows[1:] == sorted(rows[1:])
    emails = {row[1]: row for row in rows[1:]}
    assert set(emails) == {"ada@example.org", "bo@example.org", f"'{FORMULA}"}
    clicked = emails["bo@example.org"][3].removeprefix(PUBLIC)
    assert server.http.get(clicked).headers["location"] == "https://www.example.com/offer"
    assert server.http.get(emails["bo@example.org"][2].removeprefix(PUBLIC)).status_code == 200

    def made(*words: str) -> dict[str, Any]:
        done = here(server.lines.parent, "links", "make", "--campaign", "spring", *words, "--json", **named)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    named = {name.removeprefix("LEADLINE_"): text for name, text in settings.items()}
    everybody = made("--segment", "everybody")
    assert {each["email"] for each in everybody["items"]} == {"ada@example.org", "bo@example.org", FORMULA}
    assert everybody["visitors"] == 1 and made("--segment", "nobody")["items"] == []
    for words, said in (
        (("--segment", "vip"), "newsletter"),
        (("--segment", "nobody", "ada@example.org"), "one of them"),
        ((), "one of them"),
        (("",), "leads: one of them is empty"),
        (("ada@example.org", "--address", "collect.example.com"), "address: found 'collect.example.com'"),
    ):
        refused = here(server.lines.parent, "links", "make", "--campaign", "spring", *words, **named)
        assert refused.returncode == 2 and said in refused.stderr
    empty = here(server.lines.parent, "links", "make", "--campaign", "spring", "--segment", "nobody", **named)
    assert empty.stdout.split() == ["lead,email,open"]


def test_a_segment_comes_in_pages_over_http_and_is_written_into_the_audit(server: Server) -> None:
    asked: dict[str, Any] = {"segment": "newsletter", "campaign": "spring", "limit": 1}
    pages = [server.http.post("/api/links", json=asked).json()]
    while cursor := pages[-1]["next"]:
        pages.append(server.http.post("/api/links", json={**asked, "cursor": cursor}).json())
    leads = [each["lead"] for page in pages for each in page["items"]]
    assert [len(page["items"]) for page in pages] == [1] * len(leads) and leads == sorted(set(leads)) and leads[1:]
    lines = server.http.get("/api/audit").json()["items"]
    assert {("export", "links for segment newsletter", 1)} <= {
        (each["act"], each["what"], each["rows"]) for each in lines
    }
    many = {**asked, "limit": 1000, "targets": [f"https://example.com/{n}" for n in range(100)]}
    page = server.http.post("/api/links", json=many).json()
    assert len(page["items"][0]["clicks"]) == len(page["targets"]) == 100
    for status, words, more in (
        (404, "newsletter", {"segment": "vip"}),
        (400, "one of them", {"leads": ["ada@example.org"]}),
        (400, "segment alone", {"segment": None, "leads": ["ada@example.org"]}),
        (400, "cursor", {"cursor": "x"}),
        (400, "limit", {"limit": 1001}),
        (
            422,
            "allowed are 99 leads",
            {"segment": None, "limit": None, "leads": ["x"] * 100, "targets": many["targets"]},
        ),
    ):
        body = {name: value for name, value in {**asked, **more}.items() if value is not None}
        answer = server.http.post("/api/links", json=body)
        assert answer.status_code == status and words in answer.json()["detail"], answer.text


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
