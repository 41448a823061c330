"""Starts the program as a fork of one that has loaded all of it (loaded.py): a second of CPU less for each process.

It is a process like any other, with its folder, environment, signals and exit code. What a fork cannot show is how the
interpreter starts: a test of that starts PROGRAM itself.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from tests.services import asking
from tests.services.asking import Asking

ROOT: Final = Path(__file__).parents[2]

PROGRAM: Final = Path(sys.executable).with_name("leadline")
"""The console script."""

ASKING: Final = asking.__file__

_AT_START: Final = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "TERMINAL_WIDTH", "TYPER_", "_TYPER")
"""Variables that begin so are read while the interpreter starts or modules load."""


class Forked:
    """A process that was asked for, to be handled like one of `subprocess.Popen`."""

    def __init__(self, asking: Asking) -> None:
        self.pid = asking.pid
        self.returncode: int | None = None
        self._asking = asking

    def wait(self, timeout: float | None = None) -> int:
        """The exit code: the negative number of the signal that ended it. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._asking.line.settimeout(timeout)
            try:
                number = self._asking.number()
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(str(PROGRAM), timeout or 0) from None
            self._asking.line.close()
            self.returncode = -signal.SIGKILL if number is None else number
        return self.returncode

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Nothing happens where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Without its doing."""
        self.send_signal(signal.SIGKILL)


class Loaded:
    """The program, loaded when the first process is asked for; and what it cost until now."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._running: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}

    def start(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes]
    ) -> "Forked | subprocess.Popen[bytes]":
        """A process of the program: one of its own from the start where the environment asks for another start."""
        if _at_start(environment) != _at_start(os.environ):
            return subprocess.Popen([PROGRAM, *words], cwd=folder, env=environment, stdout=stdout, stderr=stderr)
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123
            files = [file.fileno() for file in (nothing, stdout, stderr)]
            return Forked(Asking(str(self._there() / "asked"), words, str(folder), environment, files))

    def path(self) -> str:
        """The folder of a `leadline` for shells, for their PATH."""
        return str(self._there())

    def seconds(self) -> float:
        """CPU of what runs, and of its processes that ended; where the system tells that.

        Read by the plainest means: the test that just ran may have put its own in the place of others.
        """
        if self._running is None or sys.platform != "linux":
            return 0.0
        stat = os.open(f"/proc/{self._running.pid}/stat", os.O_RDONLY)
        fields = os.read(stat, 4_096).rpartition(b")")[2].split()
        os.close(stat)
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """It ends, and what it started, and its folder."""
        if self._running is not None:
            assert self._running.stdin is not None
            self._running.stdin.close()
            self._running.wait(60)
            self._running = None

    def _there(self) -> Path:
        """The folder of what it is asked by. Raises CalledProcessError where it could not be loaded."""
        if self._running is None or self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="leadline-loaded-"))
            asked = self._folder / "asked"
            command = [sys.executable, "-m", "tests.services.loaded", str(asked), str(PROGRAM)]
            self._running = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert self._running.stdout is not None
            if self._running.stdout.readline() != b"loaded\n":
                raise subprocess.CalledProcessError(self._running.wait(60), command)
            shell = self._folder / PROGRAM.name
            shell.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{ASKING}" "{asked}" "$@"\n')
            shell.chmod(0o755)
        return self._folder


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_AT_START)}


LOADED: Final = Loaded()
"""The one of this run, or of this worker of a run."""
