"""A process that is forked from a loaded program is like one that was started: streams, exit codes, signals."""

import subprocess
from pathlib import Path

import pytest

from tests.given_samples import Shell
from tests.runtime.given_server import MODEL
from tests.runtime.serving import Process, environment, eventually, run
from tests.services.asking import Asking
from tests.services.forked import LOADED, PROGRAM, Forked


def test_it_says_and_ends_as_the_program_does(tmp_path: Path) -> None:
    (tmp_path / "here.toml").write_text("[score]\nhot = 1\n")
    words = ("model", "check", "--model", "here.toml")
    begun = subprocess.run(
        [PROGRAM, *words], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    forked = run(tmp_path, *words)
    assert begun.returncode == 2 and "here.toml" in begun.stderr
    assert (forked.returncode, forked.stdout, forked.stderr) == (begun.returncode, begun.stdout, begun.stderr)


def test_settings_of_one_are_not_those_of_the_next(tmp_path: Path) -> None:
    assert "of-one" in run(tmp_path, "doctor", DATA="of-one").stdout
    assert "of-one" not in run(tmp_path, "doctor").stdout


def test_a_shell_runs_it_and_gets_its_exit_code(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert shell.pastes("leadline --version | cat").startswith("leadline ")
    assert "--no-such-option" in shell.pastes("cd /; leadline --no-such-option", 2)


def test_it_is_waited_for_told_to_stop_and_killed(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    process = Process(tmp_path, ("serve",), {"BIND": "127.0.0.1:0"})
    assert isinstance(process.popen, Forked) and process.popen.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.popen.wait(0.01)
    eventually(lambda: "serving" in process.said)
    assert process.stop() == 0 and '"stopped"' in process.said
    again = Process(tmp_path, ("serve",), {"BIND": "127.0.0.1:0"}).popen
    again.kill()
    assert again.wait(60) == -9 and again.poll() == -9
    again.kill()  # nobody is there, and nobody else is hit


def test_it_ends_with_whoever_asked_for_it(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    with (tmp_path / "lines").open("wb") as out:
        settings = environment(BIND="127.0.0.1:0")
        asking = Asking(f"{LOADED.path()}/asked", ["serve"], str(tmp_path), settings, [0, out.fileno(), out.fileno()])
    assert Path(f"/proc/{asking.pid}").exists()
    asking.line.close()
    eventually(lambda: not Path(f"/proc/{asking.pid}").exists())


def test_what_is_read_while_a_program_starts_is_for_a_start_of_its_own(tmp_path: Path) -> None:
    with (tmp_path / "lines").open("wb") as out:
        process = LOADED.start(["--version"], tmp_path, environment() | {"PYTHONUTF8": "0"}, out, out)
    assert isinstance(process, subprocess.Popen) and process.wait(60) == 0
