"""SIGTERM and SIGINT: a process stops, however often it is told and whatever it is at."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runtime.serving import environment

AT_A_BAD_MOMENT = """
import os, signal, sys, threading
from runtime.processes import Process
from runtime.settings import Settings
from runtime.wiring import Wiring

class Stop(threading.Event):
    "Being set, as by a signal a moment before."
    lock = threading.Lock()
    def set(self):
        with self.lock:
            super().set()

process = Process(Wiring(Settings()))
process.workers.stop = Stop()
with process.workers.stop.lock:
    os.kill(os.getpid(), signal.Signals[sys.argv[1]])
    threading.Event().wait(0.2)
process.wait()
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_while_the_process_is_told_to_stop_does_not_block_it(tmp_path: Path, name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", AT_A_BAD_MOMENT, name],
        cwd=tmp_path,
        env={**environment(), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "stopped" in ended.stderr + ended.stdout


COMMANDS = {
    "serve": ("serve",),
    "leads": ("leads",),
    "import": ("import", "rows.csv", "--mapping", "mapping.toml"),
    "verify": ("verify",),
    "model check": ("model", "check"),
}
TELLS_WHEN_IT_LOADS = """
import sys
from runtime.entry import main

class Loading:
    "Says when the command's libraries begin to load."
    def find_spec(self, name, path=None, target=None):
        if name == "runtime.cli":
            print("loading", flush=True)

sys.meta_path.insert(0, Loading())
main()
"""


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("delay", [0.0, 0.3])
def test_ctrl_c_while_a_command_starts_ends_it_without_a_traceback(
    tmp_path: Path, words: tuple[str, ...], delay: float
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TELLS_WHEN_IT_LOADS, *words],
        cwd=tmp_path,
        env={**environment(BIND="127.0.0.1:0"), "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "loading\n"
    time.sleep(delay)
    was_over = process.poll() is not None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors and "KeyboardInterrupt" not in errors
    expected = {130} if delay == 0.0 else {130, -signal.SIGINT, 0, 2}
    assert was_over or process.returncode in expected, errors
