"""A real WebKit (WebKitGTK's MiniBrowser under Xvfb), spoken to by W3C's WebDriver. Outside CI: `make webkit`."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx2

from tests.services.service import ServiceUnavailable, answers, free_ports

PROGRAMS: Final = ("WebKitWebDriver", "Xvfb")
_START: Final = 30.0
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
"""How WebDriver marks what stands for an element."""


class WebKitTab:
    """The one tab of a session."""

    def __init__(self, http: httpx2.Client, session: dict[str, Any]) -> None:
        self._http = http
        self._path = f"/session/{session['sessionId']}"
        self.version: str = f"{session['capabilities']['browserName']} {session['capabilities']['browserVersion']}"

    def go(self, address: str) -> None:
        """Open an address, and wait until it is loaded."""
        self._say("POST", "/url", url=address)

    def run(self, script: str) -> Any:
        """What a script returns."""
        return self._say("POST", "/execute/sync", script=script, args=[])

    def fill(self, selector: str, text: str) -> None:
        """Write into a field as a person does."""
        self._say("POST", f"/element/{self._find(selector)}/value", text=text)

    def click(self, selector: str) -> None:
        """Click as a person does."""
        self._say("POST", f"/element/{self._find(selector)}/click")

    def cookies(self) -> dict[str, str]:
        """The cookies of the page."""
        return {each["name"]: each["value"] for each in self._say("GET", "/cookie")}

    def end(self) -> None:
        """Close the browser."""
        self._say("DELETE", "")

    def _find(self, selector: str) -> str:
        return str(self._say("POST", "/element", using="css selector", value=selector)[_ELEMENT])

    def _say(self, method: str, path: str, **words: Any) -> Any:
        answer = self._http.request(method, self._path + path, json=words if method == "POST" else None)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]


@contextmanager
def running_webkit() -> Iterator[WebKitTab]:
    """Start it, stop it at the end. Raises ServiceUnavailable."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise ServiceUnavailable(f"{', '.join(missing)}: not here: `apt-get install webkit2gtk-driver xvfb`")
    with tempfile.TemporaryDirectory() as home, _display() as display:
        environment = {**os.environ, "DISPLAY": display, "HOME": home, "XDG_RUNTIME_DIR": home}
        environment |= {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1", "LIBGL_ALWAYS_SOFTWARE": "1"}
        port = free_ports(1)[0]
        with (Path(home) / "driver.log").open("wb") as log:
            driver = subprocess.Popen(["WebKitWebDriver", f"--port={port}"], env=environment, stdout=log, stderr=log)
        try:
            _wait(lambda: answers(port), "WebKitWebDriver")
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
                answer = http.post("/session", json={"capabilities": {"alwaysMatch": {}}})
                if answer.status_code != 200:
                    raise ServiceUnavailable(f"WebKit did not start: {answer.text}")
                tab = WebKitTab(http, answer.json()["value"])
                try:
                    yield tab
                finally:
                    tab.end()
        finally:
            driver.terminate()
            driver.wait(30)


@contextmanager
def _display() -> Iterator[str]:
    """A screen that nobody sees. Gives its name."""
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        if not number:
            raise ServiceUnavailable("Xvfb did not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(30)


def _wait(ready: Any, name: str) -> None:
    until = time.monotonic() + _START
    while not ready():
        if time.monotonic() > until:
            raise ServiceUnavailable(f"{name} did not start in {_START:g} s")
        time.sleep(0.05)
