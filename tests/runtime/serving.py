"""Starts real Leadline processes in a folder, and asks them over real sockets."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
from typer.testing import CliRunner

from runtime.cli import create_app
from tests.services.forked import LOADED
from tests.services.service import free_ports

PATIENCE = 60.0
"""Seconds until an outcome is there."""


def environment(**settings: str) -> dict[str, str]:
    """The caller's environment without settings of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_")}
    return {**inherited, **{f"LEADLINE_{name}": value for name, value in settings.items()}}


def run(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command, run to its end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = LOADED.start(words, folder, environment(**settings), out, err)
        try:
            code = process.wait(300)
        finally:
            process.kill()
        said = [(file.seek(0), file.read().decode())[1] for file in (out, err)]
    return subprocess.CompletedProcess(words, code, *said)


def here(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which has loaded what that process would: for what needs no process to be proved."""
    with chdir(folder), patch.dict(os.environ, environment(**settings), clear=True):
        done = CliRunner().invoke(create_app(words[0]), list(words))
    if not isinstance(done.exception, SystemExit | None):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def eventually(found: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true answer. Fails where none comes in time."""
    until = time.monotonic() + seconds
    while True:
        if answer := found():
            return answer
        assert time.monotonic() < until, f"not in {seconds:g} s; the last answer was {answer!r}"
        time.sleep(0.1)


class Process:
    """A process that goes on, with its lines."""

    def __init__(self, folder: Path, words: tuple[str, ...], settings: Mapping[str, str]) -> None:
        self.lines = folder / f"{'-'.join(words)}-{time.monotonic_ns()}.log"
        with self.lines.open("wb") as out:
            self.popen = LOADED.start(words, folder, environment(**settings), out, out)

    @property
    def said(self) -> str:
        """All that it printed."""
        return self.lines.read_text(encoding="utf-8", errors="replace")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Its exit code after a signal."""
        self.popen.send_signal(number)
        return self.popen.wait(60)


class Server(Process):
    """A process that listens."""

    def __init__(
        self, folder: Path, words: tuple[str, ...], settings: Mapping[str, str], port: int | None = None
    ) -> None:
        self.port = port or free_ports(1)[0]
        super().__init__(folder, words, {**settings, "BIND": f"127.0.0.1:{self.port}"})
        token = settings.get("API_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30)

    def wait(self) -> None:
        """Until it is ready."""
        eventually(self._ready)

    def _ready(self) -> bool:
        assert self.popen.poll() is None, self.said
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx2.HTTPError:
            return False


@contextmanager
def serving(folder: Path, *words: str, **settings: str) -> Iterator[Server]:
    """A server that is ready."""
    server = Server(folder, words or ("serve",), settings)
    try:
        server.wait()
        yield server
    finally:
        server.http.close()
        if server.popen.poll() is None:
            server.popen.kill()
            server.popen.wait()
