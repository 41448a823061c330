"""SIGTERM, SIGINT and SIGHUP: a process stops, however often it is told and whatever it is at."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli import create_app
from store.database.errors import DatabaseAway
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


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
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


AT_WORK = """
import signal, sys, tempfile, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever started the tests may ignore it
from runtime import cli, entry

def work():
    with tempfile.TemporaryDirectory() as folder:
        print(folder, flush=True)
        time.sleep(60)

cli.load = lambda: work
entry.main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_command_that_is_ended_puts_away_what_it_made(tmp_path: Path, number: signal.Signals) -> None:
    """A copy of the database among the temporary files, for one."""
    process = subprocess.Popen(
        [sys.executable, "-c", AT_WORK],
        env={**environment(), "PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and Path(process.stdout.readline().strip()).is_dir()
    process.send_signal(number)
    assert process.communicate(timeout=20) == ("", "") and not list(tmp_path.iterdir())
    assert process.returncode == (130 if number is signal.SIGINT else -number)


def test_what_fails_because_of_ctrl_c_ends_as_by_ctrl_c() -> None:
    """What SQLite says when it is interrupted within a transaction, for one."""
    app = create_app("init")

    @app.command()
    def interrupted() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise DatabaseAway("SQLite is away: database table is locked")

    done = CliRunner().invoke(app, ["interrupted"])
    assert (done.exit_code, done.stderr) == (130, "")


BLOCKED = """
from multiprocessing import forkserver
from pathlib import Path
from projections.history.engines import Pool
Pool(1).prepare()
status = Path(f"/proc/{forkserver._forkserver._forkserver_pid}/status").read_text()
print(int(dict(line.split(":", 1) for line in status.splitlines())["SigBlk"], 16) & 1 << 1)
"""


def test_a_ctrl_c_of_the_terminal_is_not_for_what_starts_workers() -> None:
    environ = {**environment(), "PYTHONPATH": str(Path(__file__).parents[2])}
    said = subprocess.check_output([sys.executable, "-c", BLOCKED], env=environ, text=True, timeout=60)
    assert said == "2\n"  # the bit of SIGINT


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
