"""The tracker in a WebKit, which Safari is made of too: a smoke test.

It is no part of CI: there it is skipped, as where no WebKit is (`apt-get install webkit2gtk-driver xvfb`).
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.services.service import answers, free_ports
from tests.tracker.given_site import QUIET, Site, running_site

DRIVER: Final = shutil.which("WebKitWebDriver")
SCREEN: Final = shutil.which("Xvfb")
BROWSERS: Final = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
PATIENCE: Final = 20.0


@dataclass
class Tab:
    """A window of the browser, driven over WebDriver."""

    session: str
    http: httpx2.Client

    def go(self, address: str) -> None:
        """Open a page and wait for its tracker."""
        self._post("url", {"url": address})
        wait(lambda: self.run("return !!(window.leadline && leadline.loaded)"))

    def run(self, script: str) -> Any:
        """What a script returns."""
        return self._post("execute/sync", {"script": script, "args": []})

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.http.post(f"{self.session}/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]


def wait(found: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while not (answer := found()):
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)
    return answer


@contextmanager
def started(*command: str, ready: Callable[[], bool], **environment: str) -> Iterator[None]:
    """A program that runs as long."""
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait(ready)
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    if os.environ.get("CI"):
        pytest.skip("no part of CI")
    if not (DRIVER and SCREEN and BROWSERS):
        pytest.skip("no WebKit is here: `apt-get install webkit2gtk-driver xvfb`")
    screen, port = f":{free_ports(1)[0] % 20_000 + 100}", free_ports(1)[0]
    socket = Path(f"/tmp/.X11-unix/X{screen[1:]}")
    with (
        started(SCREEN, screen, "-screen", "0", "1280x800x24", "-nolisten", "tcp", ready=socket.exists),
        started(DRIVER, f"--port={port}", ready=lambda: answers(port), DISPLAY=screen),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http,
    ):
        options = {"binary": str(BROWSERS[-1]), "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        answer = http.post("/session", json=wanted)
        assert answer.status_code == 200, answer.text
        session = f"/session/{answer.json()['value']['sessionId']}"
        try:
            yield Tab(session, http)
        finally:
            http.delete(session)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("webkit")) as site:
        yield site


FORM: Final = (
    '<form data-leadline="contact" action="/thanks" method="post"><input name="email"><button>Send</button></form>'
)


def test_pages_a_form_and_what_is_sent_on_leaving_arrive(tab: Tab, site: Site) -> None:
    host = "localhost"
    site.page("/", FORM + '<a href="/next">Next</a>')
    site.page("/next", "")
    site.page("/thanks", "")

    def types() -> list[str]:
        return [each.type for each in site.touchpoints(host)]

    tab.go(f"http://{host}:{site.port}/?utm_source=newsletter&utm_medium=email")
    wait(lambda: types() == ["page_viewed"])
    tab.run("leadline('track', 'Demo Requested'); document.querySelector('a').click()")  # sent while the page is left
    wait(lambda: len(types()) == 3)
    tab.go(f"http://{host}:{site.port}/")
    tab.run("document.querySelector('input').value = 'ada@example.com'; document.querySelector('button').click()")
    wait(lambda: "form_submitted" in types() and len(types()) == 6)
    found = site.touchpoints(host)
    assert sorted(each.type for each in found) == ["demo_requested", "form_submitted", *["page_viewed"] * 4]
    assert len({identity for each in found for identity in each.identities if identity.kind == "anonymous_id"}) == 1
    assert found[0].context["campaign"]["source"] == "newsletter"


def test_who_withdraws_sends_nothing_more(tab: Tab, site: Site) -> None:
    site.page("/", FORM)
    tab.go(f"http://localhost:{site.port}/")
    time.sleep(QUIET)
    tab.run("leadline('withdraw')")
    came = len(site.came)
    tab.run("leadline('track', 'Demo Requested')")
    tab.go(f"http://localhost:{site.port}/")
    time.sleep(2 * QUIET)
    assert len([each for each in site.came[came:] if each.path == "/v1/b"]) == 0
    kept = tab.run("return document.cookie + ' ' + JSON.stringify(localStorage)")
    assert kept == '_ll=no {"_ll":"no"}'
