"""Signing in and out in a real browser, of a real server: by keyboard, on any screen, and the page's own requests."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.runtime.given_server import MODEL
from tests.runtime.serving import Server, run, serving
from tests.services.browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STATUS = "path => fetch(path).then(answer => answer.status)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("login")
    (folder / "leadline.toml").write_text(MODEL)
    with serving(folder) as server:
        yield server


@pytest.fixture(scope="module")
def secret(server: Server) -> str:
    return run(server.lines.parent, "token", "make", "ann@example.com", "--role", "sales").stdout.strip()


@pytest.mark.parametrize("settings", [
    {"locale": "en-GB"},
    {"locale": "zh-CN", "viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
])  # fmt: skip
def test_people_sign_in_and_out(chromium: "Browser", server: Server, secret: str, settings: dict[str, Any]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(chromium, f"127.0.0.1:{server.port}", **settings) as page:
        page.goto("/?hot=1")
        assert page.url.endswith("/login?next=%2F%3Fhot%3D1")
        assert Axe().run(page).response["violations"] == []
        widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert widths[0] == widths[1]
        page.keyboard.type(secret)  # the field has the focus
        page.keyboard.press("Enter")
        page.wait_for_url("**/?hot=1")
        assert page.locator(".viewer").inner_text() == "ann@example.com"
        assert page.evaluate("document.cookie").find(secret) < 0
        assert page.evaluate(STATUS, "/api/signals") == 200
        page.locator("form[action='/logout'] button").click()
        page.wait_for_url("**/login")
        page.goto("/")
        assert page.url.endswith("/login")
