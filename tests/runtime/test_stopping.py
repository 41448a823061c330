"""SIGTERM and SIGINT: a process stops, however often it is told and whatever it is at."""

import subprocess
import sys
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
