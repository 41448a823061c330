"""Leadline's processes, of whichever checkout, driven by what is stable: command line, settings and signals."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.memory import Peaks, Watch
from tests.services.service import remove

MODEL = Path(__file__).with_name("model.toml")


@dataclass(frozen=True)
class Installation:
    """One checkout's program, a folder to work in, and its settings (names without LEADLINE_)."""

    program: Path
    folder: Path
    settings: Mapping[str, str]
    hash_seed: int = 0
    """The same for all sides of a round, since the places of texts in tables cost a little more or less."""

    @property
    def environment(self) -> dict[str, str]:
        """The caller's environment without settings, or modules, of its own."""
        others = ("LEADLINE_", "PYTHON", "VIRTUAL_ENV")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        ours = {"MODEL": str(MODEL), "DATA": str(self.folder / "data"), **self.settings}
        return {
            **inherited,
            "PYTHONHASHSEED": str(self.hash_seed),
            **{f"LEADLINE_{name}": value for name, value in ours.items()},
        }

    def run(self, *words: str) -> str:
        """What a command prints, run to its end. Raises SystemExit where it fails."""
        return self.watched(*words)[0]

    def watched(self, *words: str) -> tuple[str, Peaks]:
        """The same, with how much memory it and its workers had at most."""
        with subprocess.Popen(
            [self.program, *words], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            watch = Watch(process.pid)
            try:
                out, err = process.communicate(timeout=600)
            except BaseException:
                process.kill()
                raise
            finally:
                peaks = watch.stop()
        if process.returncode:
            raise SystemExit(f"{self.program} {' '.join(words)} ended with {process.returncode}:\n{out}{err}")
        return out, peaks

    def check(self, expected: int) -> None:
        """Raises SystemExit where `verify` finds other rows, or the history is not as long as it should be."""
        found = json.loads(self.run("verify", "--json"))
        if found["differences"] or found["aside"] or found["touchpoints"] != expected:
            raise SystemExit(
                f"{self.program.parents[2]}: verify reports {found['differences']} differing rows, "
                f"{len(found['aside'])} leads put aside and {found['touchpoints']:,} of {expected:,} touchpoints: "
                "figures of a wrong result count nothing"
            )

    @contextmanager
    def running(self, *words: str) -> Iterator["Running"]:
        """A process that goes on, named after the last of the words; it is stopped at the end."""
        command = words[-1]
        lines = self.folder / f"{command}.log"
        with lines.open("wb") as out:
            popen = subprocess.Popen(
                [self.program, *words], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=out,
                stderr=out,
            )  # fmt: skip
        process = Running(command, popen, lines)
        try:
            yield process
        finally:
            process.stop()

    def clear(self) -> None:
        """Remove the folder."""
        remove(self.folder)


@dataclass
class Running:
    """One process that goes on."""

    command: str
    popen: "subprocess.Popen[bytes]"
    lines: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.popen.pid

    def check(self) -> None:
        """Raises SystemExit, with the last lines, where it ended."""
        if self.popen.poll() is not None:
            tail = self.lines.read_text(encoding="utf-8", errors="replace")[-3_000:]
            raise SystemExit(f"leadline {self.command} ended with {self.popen.returncode}:\n{tail}")

    def pause(self) -> None:
        """Stop it where it is: it spends nothing until `go_on`."""
        self.popen.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it work."""
        self.popen.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it, cleanly if it likes."""
        self.go_on()
        self.popen.terminate()
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
