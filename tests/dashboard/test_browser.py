"""The pages in a real Chromium over a real server: clean, for everybody, on a phone, without a script, live."""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from domain.files.durations import HOUR
from runtime.clock import clock
from runtime.demo.generator import generate
from runtime.demo.player import play
from tests.runtime.serving import Server, eventually, serving
from tests.services.browser import LOOKS, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

EXAMPLE = Path(__file__).parents[2] / "examples" / "b2b-software" / "leadline.toml"
MODEL = ("/model", "/model/history/1", "/model/edit", "/model/edit?as=text")
"""Drafts are looked at where they are made, in test_model_in_browser.py."""
FUNNELS = (
    "/funnels",
    "/funnels/signup?by=last_channel&series=day&period=7",
    "/funnels/content?by=profile.&field=employees&bands=50,200",
    "/funnels/signup/leads?state=pending&step=1",
)
HOT_NAME = "table.leads tr[id] .name"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with some of the demo's traffic."""
    with serving(tmp_path_factory.mktemp("site"), MODEL=str(EXAMPLE)) as server:
        traffic = generate(1, clock() - HOUR, 60)
        play("127.0.0.1", server.port, traffic.requests, lambda done, total: None)
        eventually(lambda: _count(server) == traffic.truth.leads and _count(server, hot="true"))
        yield server


def _count(server: Server, **narrowed: str) -> int:
    counted: int = server.http.get("/api/leads", params={"limit": "1", "count": "true", **narrowed}).json()["count"]
    return counted


def _hottest(server: Server) -> dict[str, Any]:
    lead: dict[str, Any] = server.http.get("/api/leads", params={"limit": "1", "hot": "true"}).json()["items"][0]
    return lead


def _become_hot(server: Server, name: str) -> None:
    fields = {"email": f"{name}@granite.example", "name": name, "company": "Granite", "title": "CTO"}
    assert server.http.post("/f/contact", data=fields).status_code == 303
    trial = {"userId": name, "event": "Trial Started", "context": {"traits": fields}, "writeKey": "demo"}
    assert server.http.post("/v1/track", json=trial).status_code == 200


def _host(server: Server) -> str:
    return f"127.0.0.1:{server.port}"


def _addresses(server: Server) -> list[str]:
    of_leads = ["/", "/?q=a&order=name&stage=lead", "/?q=zzzz", f"/leads/{_hottest(server)['id']}"]
    return [
        *of_leads,
        *(
            "/reports",
            "/reports/channels?sort=-won",
            "/reports/daily?by=type&period=7",
            "/sources",
            "/sources?by=campaign&way=linear",
            "/reports/channels/people?number=visitors",
            "/mail",
            "/mail?by=weekday",
            "/responses",
        ),
        *("/overview", "/overview/leads?of=new_leads&period=7"),
        *("/segments", "/segments/pricing-returners?by=day&period=7"),
        *MODEL,
        *FUNNELS,
        *("/signals", "/signals?last=7&kind=lead.hot"),
        *("/health", "/health/findings", "/health/findings?kind=missing_field", "/health/rejected?all=1"),
        *("/cohorts?reached=hot", "/paths?before=stage:qualified", "/paths?start=page_viewed", "/portrait?period=ever"),
    ]


def _faults(page: "Page") -> list[str]:
    results = Axe().run(page)
    return [f"{page.url}: {each['id']}: {each['help']}" for each in results.response["violations"]]


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_clean_fits_and_is_for_everybody(chromium: "Browser", site: Server, look: str) -> None:
    """No console error, no violation of the CSP, no request to another host; no fault for axe; nothing sticks out."""
    faults = []
    with opened(chromium, _host(site), **LOOKS[look], bypass_csp=False) as page:
        for address in _addresses(site):
            page.goto(address)
            beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            faults += [f"{page.url}: {beyond} px beyond the screen"] if beyond > 0 else []
            faults += _faults(page)
    assert not faults, "\n".join(faults)


def test_without_a_script_a_lead_is_found_and_a_call_logged(chromium: "Browser", site: Server) -> None:
    with opened(chromium, _host(site), locale="en-GB", java_script_enabled=False) as page:
        page.goto("/")
        name = page.locator(HOT_NAME).first.inner_text()
        page.fill("input[name=q]", name)
        page.select_option("select[name=order]", "last_seen")
        page.get_by_role("button", name="Show", exact=True).click()
        row = page.locator("table.leads tr[id]").first
        row.get_by_text("Log a call").click()
        row.locator("textarea").first.fill("said hello")
        row.get_by_role("button", name="Log the call").click()
        assert page.get_by_role("status").inner_text() == "Logged."
        assert "order=last_seen" in page.url and page.url.endswith(f"#{page.locator('tr:target').get_attribute('id')}")


_TARGETS = """() => Object.fromEntries(
  [...document.querySelectorAll("main :is(a.name, a.reach, .person .reach a, summary, button, select, input)")]
    .map(each => [each, each.getBoundingClientRect().height]).filter(([each, height]) => height)
    .map(([each, height]) => [`${each.tagName}.${each.className} ${each.textContent.trim().slice(0, 20)}`, height]))"""
"""How high is what a finger aims at."""


def test_on_a_phone_the_place_in_the_navigation_is_in_sight_and_a_finger_hits_what_it_aims_at(
    chromium: "Browser", site: Server
) -> None:
    with opened(chromium, _host(site), locale="en-GB", viewport={"width": 360, "height": 740}) as page:
        page.goto("/health")
        for address in ("/?hot=1", f"/leads/{_hottest(site)['id']}"):
            page.goto(address)
            heights = page.evaluate(_TARGETS)
            assert len(heights) > 4 and not {each: height for each, height in heights.items() if height < 24}, address
        page.goto("/health")
        nav, place = (page.locator(f"header nav{each}").bounding_box() for each in ("", " [aria-current]"))
        assert nav is not None and place is not None
        assert nav["x"] <= place["x"] and place["x"] + place["width"] <= nav["x"] + nav["width"]


def test_by_keyboard_a_lead_is_accepted_and_opened(chromium: "Browser", site: Server) -> None:
    with opened(chromium, _host(site), locale="en-GB") as page:
        page.goto("/?hot=1")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "Accept":
                break
        page.keyboard.press("Enter")
        page.wait_for_url("**done=accept*")
        page.locator("tr:target .name").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/leads/*")


def test_a_lead_that_becomes_hot_appears_without_reloading_but_moves_nothing_under_the_pointer(
    chromium: "Browser", site: Server
) -> None:
    with opened(chromium, _host(site), locale="en-GB") as page:
        page.goto("/?hot=1")
        page.evaluate("window.kept = true")
        _become_hot(site, "Mia")
        page.get_by_role("link", name="Mia", exact=True).wait_for()
        page.locator(HOT_NAME).last.hover()
        before = page.locator(HOT_NAME).all_inner_texts()
        _become_hot(site, "Zoe")
        page.locator("#news").get_by_role("link").wait_for()
        assert page.locator(HOT_NAME).all_inner_texts() == before
        page.locator("#news").get_by_role("link").click()
        page.get_by_role("link", name="Zoe", exact=True).wait_for()
        assert page.evaluate("window.kept"), "it was never loaded anew"


def test_what_becomes_hot_while_the_list_is_fetched_appears_too(chromium: "Browser", site: Server) -> None:
    fetched = count()

    def slowly(route: "Route") -> None:
        answer = route.fetch()
        if next(fetched) == 0:
            _become_hot(site, "Ida")
            time.sleep(3)  # its signal comes meanwhile
        route.fulfill(response=answer)

    with opened(chromium, _host(site), locale="en-GB") as page:
        page.goto("/?hot=1")
        page.route("**/?hot=1", slowly)
        _become_hot(site, "Eve")
        page.get_by_role("link", name="Eve", exact=True).wait_for()
        page.get_by_role("link", name="Ida", exact=True).wait_for()


def test_long_names_and_names_from_right_to_left_stay_in_their_place(chromium: "Browser", site: Server) -> None:
    """Nothing sticks out of a phone's screen, and no number that follows an Arabic name jumps before it."""
    long = {"name": "Wolfeschlegelsteinhausenbergerdorff" * 4, "company": "Donaudampfschifffahrt" * 6, "title": "مدير"}
    call = {"userId": "u-" + "x" * 90, "writeKey": "demo", "traits": {**long, "email": "long@names.example"}}
    assert site.http.post("/v1/identify", json=call).status_code == 200
    assert site.http.post("/v1/track", json={**call, "event": "z" * 100}).status_code == 200
    eventually(lambda: _count(site, q="Wolfeschlegel") == 1)
    with opened(chromium, _host(site), locale="en-GB", viewport={"width": 360, "height": 740}, is_mobile=True) as page:
        page.goto("/?q=Wolfeschlegel")
        lead = page.locator("main a.name").get_attribute("href") or ""
        for address in ("/?q=Wolfeschlegel", lead):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
            times = page.locator("main time").evaluate_all("all => all.map(each => getComputedStyle(each).unicodeBidi)")
            assert times and set(times) == {"isolate"}


def test_on_paper_no_column_is_cut_off_and_names_are_no_smaller_than_what_stands_below(
    chromium: "Browser", site: Server
) -> None:
    with opened(chromium, _host(site), locale="en-GB", viewport={"width": 718, "height": 1000}) as page:
        page.emulate_media(media="print")
        page.goto("/reports/stages")
        assert page.locator("main .scroll").evaluate("each => getComputedStyle(each).overflowX") == "visible"
        page.goto("/?hot=1")
        sizes = "all => all.map(each => parseFloat(getComputedStyle(each).fontSize))"
        name, of = (page.locator(f"table.leads .{each}").evaluate_all(sizes) for each in ("name", "of"))
        assert max(of) <= min(name)
        page.goto(page.locator("table.leads a.name").first.get_attribute("href") or "")
        assert page.locator(".only-wide svg").is_visible() and not page.locator(".only-narrow svg").is_visible()
