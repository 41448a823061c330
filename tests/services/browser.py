"""A real Chromium for tests, driven by Playwright: Debian's package, never a download of Playwright's own."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tests.services.service import ServiceUnavailable

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

PROGRAMS: Final = ("chromium", "chromium-headless-shell", "google-chrome")
PERSON: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
"""Who it says it is: one without a screen says that too, and counts as a machine. What is sent while a page is left
bears the program's own name, whatever a context says."""
_QUIET: Final = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--no-first-run",
)  # fmt: skip

LOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "en": {"locale": "en-GB"},
    "zh phone dark": {
        "locale": "zh-CN", "color_scheme": "dark", "viewport": {"width": 360, "height": 740}, "is_mobile": True,
        "has_touch": True,
    },
}  # fmt: skip
"""What pages look like to different people: each language, width and colour scheme once (axe takes seconds a page)."""


def described() -> str:
    """Which browser the tests use."""
    return program() or "none"


def program() -> str | None:
    """The browser's program, where there is one."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def running_chromium() -> Iterator["Browser"]:
    """Start the browser, stop it at the end. Raises ServiceUnavailable.

    Playwright's event loop is in this thread as long: no test of the same module may run one of its own.
    """
    chromium = program()
    if chromium is None:
        raise ServiceUnavailable(
            f"none of {', '.join(PROGRAMS)} is here: `apt-get install chromium fonts-wqy-microhei`"
        )
    if find_spec("playwright") is None:
        raise ServiceUnavailable("Playwright is not installed: `uv sync --group test`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        browser = tool.chromium.launch(
            executable_path=chromium,
            args=[*_QUIET, f"--user-agent={PERSON}"],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def left_alone(profile: Path, address: str) -> Iterator[None]:
    """A browser on a page, which nobody drives: one that is driven neither prerenders nor fetches ahead."""
    command = [program() or PROGRAMS[0], "--headless=new", "--no-sandbox", "--disable-gpu", *_QUIET,
               f"--user-agent={PERSON}", f"--user-data-dir={profile}", address]  # fmt: skip
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        browser.terminate()
        browser.wait()


class Watch:
    """What went wrong on a page: errors, console errors (violations of the CSP among them), requests to other hosts."""

    def __init__(self, page: "Page", host: str) -> None:
        """`host`: with its port, the one that may be asked."""
        self.wrong: list[str] = []
        self._host = host
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.wrong.append(f"{message.location.get('url')}: {message.text}")

    def _request(self, request: "Request") -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and address.netloc != self._host:
            self.wrong.append(f"asks another host: {request.url}")


@contextmanager
def opened(browser: "Browser", host: str, **context: Any) -> Iterator["Page"]:
    """A page of a browser of its own; relative addresses are of this host. At the end nothing may have gone wrong."""
    settings: Mapping[str, Any] = {"base_url": f"http://{host}", "viewport": {"width": 1280, "height": 900}, **context}
    within = browser.new_context(**settings)
    try:
        page = within.new_page()
        page.set_default_timeout(30_000)
        watch = Watch(page, host)
        yield page
    finally:
        within.close()
    assert not watch.wrong, "\n".join(watch.wrong)
