"""The page of a lead in a real browser, of a real server: sums, keyboard, without script, narrow, dark, and for all."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboard.given_lead import MODEL
from tests.runtime.serving import Server, eventually, serving
from tests.services.browser import LOOKS, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def _story(email: str) -> list[dict[str, Any]]:
    """A month of somebody, who is hot at the end."""
    now = datetime.now(UTC)

    def ago(days: float) -> str:
        return (now - timedelta(days=days)).isoformat()

    def event(days: float, name: str, **properties: Any) -> dict[str, Any]:
        return {"type": "track", "userId": email, "event": name, "timestamp": ago(days), "properties": properties}

    traits = {"email": email, "name": "Li Na", "title": "CTO", "phone": "+8613800138000"}
    visits = [event(20 - n / 24, "Page Viewed", path=f"/docs/{n}") for n in range(5)]
    return [
        {"type": "identify", "userId": email, "traits": traits, "timestamp": ago(28)},
        *visits,
        event(5, "Page Viewed", path="/pricing/with-a-very-long-address-that-has-no-place-to-break/" * 3),
        event(2, "Order Placed", total=1290.5, order_id="A-17"),
        event(0.1, "Demo Requested"),
    ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("lead")
    (folder / "leadline.toml").write_text(MODEL, encoding="utf-8")
    with serving(folder) as server:
        yield server


def _lead(server: Server, name: str) -> str:
    """Somebody of their own with the story. The lead's id."""
    email = f"{name}@example.org"
    assert server.http.post("/v1/batch", json={"batch": _story(email)}).status_code == 200
    asked = {"email": email, "hot": "true"}
    [lead] = eventually(lambda: server.http.get("/api/leads", params=asked).json()["items"])
    return str(lead["id"])


@pytest.fixture(scope="module")
def lead(server: Server) -> str:
    """Somebody to look at."""
    return _lead(server, "looked.at")


def _host(server: Server) -> str:
    return f"127.0.0.1:{server.port}"


def _violations(page: "Page") -> list[str]:
    """What keeps people out, by axe."""
    from axe_playwright_python.sync_playwright import Axe

    for each in page.query_selector_all("details:not([open]) > summary"):
        each.click()
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in Axe().run(page).response["violations"]]


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_it_on_any_screen(chromium: "Browser", server: Server, lead: str, look: str) -> None:
    with opened(chromium, _host(server), **LOOKS[look]) as page:
        page.goto(f"/leads/{lead}")
        assert page.locator("html").get_attribute("lang") == {"en": "en", "zh phone dark": "zh-CN"}[look]
        assert _violations(page) == []
        widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert widths[0] == widths[1]
        shown = [page.locator(f".only-{which} svg").is_visible() for which in ("wide", "narrow")]
        assert shown == ([False, True] if "phone" in look else [True, False])


def test_the_points_add_up_where_people_see_them(chromium: "Browser", server: Server, lead: str) -> None:
    with opened(chromium, _host(server), locale="en-GB") as page:
        page.goto(f"/leads/{lead}")
        left = [float(each) for each in page.locator(".points td.left").all_inner_texts()]
        heat = page.locator("#heat-now").inner_text()
        assert (
            len(left) > 1
            and f"{sum(left):g}" == f"{float(heat):g}" == f"{float(page.locator('#heat-sum').inner_text()):g}"
        )
        curve = page.locator(".only-wide svg")
        assert curve.locator(".award").count() >= 3 and curve.locator(".heat-hot").count() == 1
        assert page.get_by_role("img", name="Heat over time").count() == 1
        page.locator(".points summary", has_text="Viewed a page").click()
        page.get_by_role("link", name="Viewed a page").first.click()
        assert re.search(r"#t-.+", page.url) and page.locator(".item:target").count() == 1


def test_a_stage_that_lacks_a_field_asks_for_it_by_keyboard(chromium: "Browser", server: Server) -> None:
    lead = _lead(server, "by.keyboard")
    wrong: list[str] = []
    context = chromium.new_context(base_url=f"http://{_host(server)}", locale="en-GB")
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"/leads/{lead}")
    page.get_by_text("Move to another stage").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Cust")  # the first option that begins so
    page.keyboard.press("Tab")
    page.keyboard.type("signed")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.evaluate("document.activeElement.name") == "profile.company"
    assert page.locator("#do-stage input[required]").count() == 1
    page.keyboard.type("Na & Sons")
    page.keyboard.press("Enter")
    page.wait_for_url("**?done=stage*")
    assert "Customer" in page.locator(".facts").inner_text() and "Na & Sons" in page.locator(".person").inner_text()
    assert "Moved." in page.locator("[role=status]").inner_text()
    context.close()
    assert not wrong


def test_without_script_all_forms_work(chromium: "Browser", server: Server) -> None:
    lead = _lead(server, "no.script")
    with opened(chromium, _host(server), locale="en-GB", java_script_enabled=False) as page:
        page.goto(f"/leads/{lead}")
        page.get_by_role("button", name="Accept").click()
        page.wait_for_url("**?done=accept*")
        assert "accepted" in page.locator(".facts").inner_text()
        page.get_by_text("Note something").click()
        page.locator("#do-note textarea").fill("Likes tea")
        page.locator("#do-note button").click()
        page.wait_for_url("**?done=note*")
        assert "Likes tea" in page.locator(".timeline").first.inner_text()
        page.get_by_role("link", name=re.compile("^Viewed a page 6")).click()
        assert page.locator(".item").count() == 6


def test_the_past_is_read_only(chromium: "Browser", server: Server, lead: str) -> None:
    with opened(chromium, _host(server), locale="en-GB") as page:
        page.goto(f"/leads/{lead}")
        day = (datetime.now(UTC) - timedelta(days=10)).date().isoformat()
        page.locator("input[name=as_of]").fill(day)
        page.get_by_role("button", name="Show").click()
        assert "By what is known today." in page.locator("[role=status]").inner_text()
        assert page.locator("form[method=post]").count() == 0 and "Asked for a demo" not in page.inner_text("main")
        assert _violations(page) == []
        page.get_by_role("link", name="A day").click()
        assert f"as_of={day}" in page.url and "knowing=now" in page.url
