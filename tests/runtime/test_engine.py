"""LEADLINE_WORKERS: who does work over the whole history."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import Misconfigured
from projections.history.engines import INLINE, Dask, Engine, Pool
from runtime.settings import SettingsError, read_settings
from runtime.wiring import Wiring

POSTGRES = {"LEADLINE_DATABASE": "postgresql://db.example/leads"}


@pytest.mark.parametrize(
    ("text", "engine"),
    [("", INLINE), ("1", Pool(1)), ("4", Pool(4)), ("tcp://host:8786", Dask("tcp://host:8786"))],
)
def test_the_engine_of_a_setting(text: str, engine: Engine) -> None:
    assert Wiring(read_settings({"LEADLINE_WORKERS": text, **POSTGRES})).engine == engine


@pytest.mark.parametrize("text", ["0", "-1", "many", "1001", "http://host:8786", "tcp://host", "tcp://host:port"])
def test_what_is_no_engine_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"LEADLINE_WORKERS.*allowed is a number of processes"):
        read_settings({"LEADLINE_WORKERS": text})


def test_workers_say_what_happens_where_the_command_does() -> None:
    """As log lines on stderr: stdout is the command's answer."""
    settings = {"LEADLINE_WORKERS": "1", "LEADLINE_LOG": "json"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.runtime.saying"], env={**os.environ, **settings}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert (json.loads(line)["event"], json.loads(line)["level"]) == ("work.says", "warning")


def test_a_cluster_cannot_read_a_file(tmp_path: Path) -> None:
    wiring = Wiring(read_settings({"LEADLINE_WORKERS": "tcp://host:8786", "LEADLINE_DATA": str(tmp_path)}))
    with pytest.raises(Misconfigured, match="set LEADLINE_DATABASE, or name a number of processes"):
        _ = wiring.engine
