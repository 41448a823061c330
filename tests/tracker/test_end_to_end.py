"""A visitor of the example site, and `leadline serve` as people run it: one lead, of whom is told what was done.

The tests go on with one story: the server, the site and the visitor are the same.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from runtime.demo.example_site import served_site
from runtime.demo.examples import SOFTWARE
from tests.runtime.serving import Server, eventually, run
from tests.tracker.given_site import KEY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

AD = "?gclid=EXAMPLE-click-1"
NEWSLETTER = "?utm_source=newsletter&utm_medium=email&utm_campaign=spring"
SETTINGS = {"MODEL": str(SOFTWARE.model), "WRITE_KEYS": f"website:public:{KEY}"}


@dataclass
class Story:
    """The server, which can go away and come back on its port; the site; and a visitor with a browser."""

    folder: Path
    server: Server
    site: str
    browser: "BrowserContext"
    sent: list[str] = field(default_factory=list)
    """The bodies of what the pages sent."""

    def open(self, path: str) -> "Page":
        """A tab with a page of the site, whose tracker runs."""
        tab = self.browser.new_page()
        tab.set_default_timeout(30_000)
        tab.on("request", self._note)
        self.go(tab, path)
        return tab

    def go(self, tab: "Page", path: str) -> None:
        """Another page in the tab."""
        tab.goto(self.site + path)
        tab.wait_for_function("window.leadline && leadline.loaded")

    def leads(self) -> list[dict[str, Any]]:
        """All leads and visitors."""
        items: list[dict[str, Any]] = self.server.http.get("/api/leads").json()["items"]
        return items

    def timeline(self) -> list[dict[str, Any]]:
        """What the one lead did, in its order, without what the server said of it; nothing while there are two."""
        leads = self.leads()
        if len(leads) != 1:
            return []
        items = self.server.http.get(f"/api/leads/{leads[0]['id']}/timeline?limit=200").json()["items"]
        return [each for each in items if each["source"]["kind"] not in ("policy", "api")]

    def did(self, *types: str) -> list[dict[str, Any]]:
        """Wait until these types, in their order, are all that the lead did."""

        def whole() -> list[dict[str, Any]]:
            took = self.timeline()
            return took if [each["type"] for each in took] == list(types) else []

        found: list[dict[str, Any]] = eventually(whole, 30)
        return found

    def _note(self, request: "Request") -> None:
        if request.url.endswith("/v1/b") and request.post_data:
            self.sent.append(request.post_data)


@pytest.fixture(scope="module")
def story(chromium: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("served")
    server = Server(folder, ("serve",), SETTINGS)
    try:
        server.wait()
        with served_site(f"http://127.0.0.1:{server.port}") as site:
            browser = chromium.new_context(locale="en-GB")
            yield Story(folder, server, site, browser)
            browser.close()
    finally:
        server.http.close()
        if server.popen.poll() is None:
            server.popen.kill()
            server.popen.wait()


VISITS = ("page_viewed", "page_viewed", "page_viewed", "page_viewed")
FORM = ("form_submitted", "page_viewed")


def test_two_visits_and_a_form_are_one_lead_with_its_first_and_last_touch(story: Story) -> None:
    tab = story.open(f"/index.html{AD}")
    tab.click("text=Pricing")
    tab.wait_for_url("**/pricing.html")
    story.did(*VISITS[:2])
    tab.close()
    tab = story.open(f"/index.html{NEWSLETTER}")
    tab.click("text=Contact")
    tab.wait_for_url("**/contact.html")
    tab.fill("[name=email]", "ada@example.com")
    tab.fill("[name=name]", "Ada Example")
    tab.fill("[name=company]", "Example Ltd")
    tab.click("button")
    tab.wait_for_url("**/thanks.html")
    took = story.did(*VISITS, *FORM)
    paths = ["/index.html", "/pricing.html", "/index.html", "/contact.html", "/contact.html", "/thanks.html"]
    assert [each["properties"]["path"] for each in took] == paths
    [lead] = story.leads()
    assert (lead["first_channel"], lead["last_channel"]) == ("paid_search", "email")
    assert lead["profile"] == {"email": "ada@example.com", "name": "Ada Example", "company": "Example Ltd"}
    detail = story.server.http.get(f"/api/leads/{lead['id']}").json()
    first, last = detail["first_source"], detail["last_source"]
    assert (first["channel"], first["source"]) == ("paid_search", "google")
    assert [last[name] for name in ("source", "medium", "campaign")] == ["newsletter", "email", "spring"]
    assert detail["identified_source"] == {**last, "since": detail["identified_source"]["since"]}
    assert {each["rule"] for each in lead["reasons"]} == {"read a page", "viewed pricing", "sent the contact form"}


def test_what_is_sent_again_with_the_same_ids_is_recorded_once(story: Story) -> None:
    before = story.timeline()
    assert story.sent
    for body in (*story.sent, *story.sent):
        answer = httpx2.post(f"http://127.0.0.1:{story.server.port}/v1/b", content=body.encode())
        assert answer.status_code == 200
    tab = story.open("/trial.html")  # after what was sent again, so all of that is projected by then
    story.did(*VISITS, *FORM, "page_viewed")
    assert story.timeline()[: len(before)] == before
    tab.close()


def test_a_tab_closed_while_the_server_is_down_loses_nothing(story: Story) -> None:
    tab = story.open("/cart.html")
    story.did(*VISITS, *FORM, "page_viewed", "page_viewed")
    assert story.server.stop() == 0
    tab.click("#add")
    tab.wait_for_timeout(400)  # it was tried in vain
    tab.click("#pay")
    tab.close()
    story.server.http.close()
    story.server = Server(story.folder, ("serve",), SETTINGS, story.server.port)
    story.server.wait()
    story.open("/pricing.html")
    cart = ("product_added", "checkout_started", "page_viewed")
    added, paid, _ = story.did(*VISITS, *FORM, "page_viewed", "page_viewed", *cart)[-3:]
    assert added["properties"]["product"] == "oak-table" and paid["properties"]["value"] == 349
    assert added["occurred_at"] < paid["occurred_at"]


def test_all_of_it_is_what_the_events_say(story: Story) -> None:
    assert story.server.stop() == 0
    verified = run(story.folder, "verify", "--json", **SETTINGS)
    assert verified.returncode == 0, verified.stderr
    told = json.loads(verified.stdout)
    assert told["differences"] == 0 and told["aside"] == []
    assert told["touchpoints"] >= len((*VISITS, *FORM)) + 5
