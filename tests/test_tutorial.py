"""The tutorial, followed: its commands are run as they stand there, and give what it says."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.service import free_ports

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial.md"
PATIENCE = 60.0
"""Seconds until an outcome is there: the projector works while the reader reads on."""


class Reader:
    """Somebody who types what the tutorial says."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_")}
        self._environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "200"}

    def types(self, line: str) -> str:
        """What a command says. It must succeed."""
        done = subprocess.run(
            ["bash", "-c", line.replace("localhost:8787", f"127.0.0.1:{self._port}")],
            cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    def sees(self, line: str, *texts: str) -> None:
        """A command's output that has all the texts, sooner or later."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                found = self.types(line)
                missing = [text for text in texts if text not in found]
            except AssertionError as failure:
                found, missing = str(failure), list(texts)
            if not missing:
                return
            assert time.monotonic() < deadline, f"{line}: {missing} not in\n{found}"
            time.sleep(0.3)

    def serves(self) -> subprocess.Popen[bytes]:
        """`leadline serve`, which goes on."""
        command = ["leadline", "serve", "--bind", f"127.0.0.1:{self._port}"]
        return subprocess.Popen(command, cwd=self._folder, env=self._environment)

    def waits(self) -> None:
        """Until the server is ready."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < deadline, "the server is not ready"
                time.sleep(0.2)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path, free_ports(1)[0])
    reader.types("leadline init")
    process = reader.serves()
    try:
        reader.waits()
        yield reader
    finally:
        process.terminate()
        process.wait(30)


def chapters() -> dict[str, list[str]]:
    """The command lines of each chapter, by its number."""
    found: dict[str, list[str]] = {}
    for number, text in re.findall(r"^## (\d+)\.(.*?)(?=^## |\Z)", TUTORIAL.read_text(), re.MULTILINE | re.DOTALL):
        lines = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).splitlines()
        found[number] = [line.partition("      #")[0].strip() for line in lines if line.strip()]
    return found


def test_the_tutorial_leads_to_a_hot_lead(reader: Reader) -> None:
    steps = chapters()
    assert list(steps) == ["1", "2", "3", "4", "5", "6", "7"], "one more: follow it here"
    assert steps["1"] == ["make demo"], "tests/runtime/test_demo.py runs what it runs"
    assert steps["2"][1:] == ["leadline init", "leadline model check"] and steps["3"] == ["leadline serve"]
    reader.types("leadline model check")
    *visits, asks = steps["4"]
    for visit in visits:
        reader.types(visit)
    reader.sees(asks, '"stage":"visitor"', '"heat":22.0')
    *forms, looks = steps["5"]
    for form in forms:
        reader.types(form)
    reader.sees(looks, "Ada Lovelace", "anonymous_id:c-1", "viewed pricing", "sent a form")
    visit, signals = steps["6"]
    reader.types(visit)
    reader.sees(signals, "lead.hot", "stage.changed")
    reader.sees(looks, "qualified")
    (verify,) = steps["7"]
    assert " 0 " in reader.types(verify)
