"""The model changed in a real Chromium: by keyboard and without script, compared by a real server, kept as a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from domain.files.durations import HOUR
from runtime.clock import clock
from runtime.demo.generator import generate
from runtime.demo.player import play
from tests.runtime.serving import Server, eventually, serving
from tests.services.browser import LOOKS, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EXAMPLE = Path(__file__).parents[2] / "examples" / "b2b-software" / "leadline.toml"
COVERED = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + Math.min(box.width / 2, 20), box.top + box.height / 2);
  return top !== null && !at.contains(top) && !top.contains(at);
}"""
POINTS = 'input[name="score.rules[1].points"]'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("site"), MODEL=str(EXAMPLE)) as server:
        traffic = generate(1, clock() - HOUR, 30)
        play("127.0.0.1", server.port, traffic.requests, lambda done, total: None)
        eventually(lambda: server.http.get("/api/leads?hot=true&count=true&limit=1").json()["count"])
        yield server


def clean(page: "Page") -> None:
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    faults = [f"{each['id']}: {each['help']}" for each in Axe().run(page).response["violations"]]
    assert (faults, max(0, beyond)) == ([], 0), page.url


def to_button(page: "Page", text: str) -> None:
    """Press Tab until a button of this text has the focus, then Enter; nothing lies over what has it."""
    for _ in range(400):
        page.keyboard.press("Tab")
        assert not page.evaluate(COVERED), page.evaluate("document.activeElement.name")
        if page.evaluate("document.activeElement.textContent.trim()") == text:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no Tab leads to {text}")


def test_by_keyboard_points_are_changed_and_compared(chromium: "Browser", site: Server) -> None:
    with opened(chromium, f"127.0.0.1:{site.port}", locale="en-GB") as page:
        page.goto("/model")
        to_button(page, "Change it")
        page.wait_for_url("**/model/edit")
        page.locator(POINTS).focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("70")
        to_button(page, "See what it would change")
        page.wait_for_url("**/model/drafts/*")
        page.get_by_role("heading", name="What becomes of leads").wait_for()  # it looks again by itself
        assert 'score.rules "viewed pricing" points' in page.locator(".changed").inner_text()
        assert page.get_by_role("row", name="become hot").count() == 1
        assert "start the server again" in page.locator(".activate").inner_text()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the file").click()
        kept = Path(download.value.path()).read_text(encoding="utf-8")
        before = EXAMPLE.read_text(encoding="utf-8")
        assert [line for line in kept.split("\n") if line not in before.split("\n")] == ["points = 70"]


@pytest.mark.parametrize("look", LOOKS)
def test_editor_and_draft_are_for_everybody(chromium: "Browser", site: Server, look: str) -> None:
    with opened(chromium, f"127.0.0.1:{site.port}", **LOOKS[look], bypass_csp=False) as page:
        page.goto("/model/edit")
        clean(page)
        page.fill(POINTS, "many")
        page.locator(".editor-bar button").last.click()
        page.locator(".is-faulty").first.wait_for()
        clean(page)
        page.locator(".editor-bar button").last.click()
        page.locator(".fault").first.wait_for()
        clean(page)
        page.goto("/model/edit")
        page.fill(POINTS, "70")
        page.locator(".editor-bar button").first.click()
        page.locator("#leads").wait_for()
        clean(page)


def test_without_a_script_a_draft_is_compared(chromium: "Browser", site: Server) -> None:
    with opened(chromium, f"127.0.0.1:{site.port}", locale="en-GB", java_script_enabled=False) as page:
        page.goto("/model/edit?as=text")
        text = page.locator("textarea").input_value()
        page.fill("textarea", text.replace('half_life = "7d"', 'half_life = "1h"'))
        page.get_by_role("button", name="See what it would change").click()
        page.get_by_role("heading", name="What becomes of leads").wait_for()
        assert "score.half_life" in page.locator(".changed").inner_text()
