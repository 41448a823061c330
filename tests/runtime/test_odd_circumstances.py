"""What whoever runs Leadline meets at night: outputs that nobody takes, a server of another database, one that dies."""

import json
import subprocess
import threading
from pathlib import Path

import pytest

from domain.model.starter import STARTER
from runtime import projected
from runtime.folder import FolderLock, FolderServer
from store.database.database import open_database
from tests.runtime.serving import here
from tests.services.forked import PROGRAM
from tests.services.postgres import PostgresServer
from tests.services.service import free_ports

MAPPING = (
    'source = "list"\ntype = "form_submitted"\nidentities = { email = "who" }\n[time]\ncolumn = "at"\nformat = "iso"'
)
IMPORT = ("import", "rows.csv", "--mapping", "mapping.toml")
FULL = "the output cannot be written: No space left on device"

OUTPUTS = {
    "--help >/dev/full": (1, FULL),
    "--version >/dev/full": (1, FULL),
    "init --help >/dev/full": (1, FULL),
    "report --json >/dev/full": (1, FULL),
    "report --json >&-": (0, ""),
    "init 2>/dev/full": (2, ""),  # there is a file: what is said of it reaches nobody
    "init --json <&- 2>&- | cat >&2": (2, ""),
    "doctor | true": (1, "leadline: database: "),  # as it would end with a reader
}
"""Where outputs go to, with the exit code and what is told."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model, and a row to import."""
    (tmp_path / "leadline.toml").write_text(STARTER)
    (tmp_path / "mapping.toml").write_text(MAPPING)
    (tmp_path / "rows.csv").write_text("who,at\nada@example.org,2026-01-01T00:00:00Z\n")
    return tmp_path


@pytest.fixture
def lock(folder: Path) -> FolderLock:
    """Held as a server holds it."""
    lock = FolderLock.take(folder / "leadline-data")
    assert lock is not None
    return lock


def test_an_output_that_takes_nothing_is_told_in_words(folder: Path) -> None:
    started = {
        words: subprocess.Popen(
            ["bash", "-c", f"unset PYTHONUNBUFFERED; {PROGRAM} {words}; exit ${{PIPESTATUS[0]}}"],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in OUTPUTS
    }
    for words, (code, said) in OUTPUTS.items():
        _, told = started[words].communicate(timeout=60)
        assert started[words].returncode == code and "Traceback" not in told, (words, told)
        assert said in told and (said or not told), (words, told)


def test_a_log_that_is_recorded_into_another_database_is_refused(folder: Path, lock: FolderLock) -> None:
    lock.note(FolderServer("4711", "7/42", "postgresql://db.example/leads"))
    refused = here(folder, *IMPORT)
    assert refused.returncode == 2 and "(process 4711) records into postgresql://db.example/leads" in refused.stderr
    assert not list((folder / "leadline-data").glob("*.db"))
    (folder / "leadline-data" / "log.db").touch()
    ill = json.loads(here(folder, "doctor", "--json").stderr)["problems"]
    assert [problem.partition(":")[0] for problem in ill] == ["database", "log"] and "set LEADLINE_DATABASE" in ill[1]


def test_a_database_is_the_same_under_every_address(postgres_server: PostgresServer, postgres_url: str) -> None:
    other = postgres_server.create()
    known = open_database(postgres_url).identity()
    assert open_database(postgres_url.replace("127.0.0.1", "localhost")).identity() == known
    assert open_database(other).identity() != known
    postgres_server.drop(other)


def test_an_import_does_the_work_of_a_server_that_died_while_it_waited(
    folder: Path, lock: FolderLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here(folder, *IMPORT, "--no-wait").returncode == 0
    monkeypatch.setattr(projected, "LOOK", 0.2)
    dies = threading.Timer(0.5, lock.release)
    dies.start()
    # The server that held the folder has made its tables and its model: here an import of nothing new stands for it.
    waited = here(folder, *IMPORT)
    dies.join()
    assert waited.returncode == 0 and "is gone: what waits is recorded and projected here" in waited.stderr
    assert json.loads(here(folder, "leads", "--json").stdout)["items"]


def test_a_broker_that_takes_no_connection_is_told_at_once(folder: Path) -> None:
    ill = here(folder, "doctor", "--reachable", "--kafka", f"127.0.0.1:{free_ports(1)[0]},[::1]:1")
    told = [line for line in ill.stderr.splitlines() if line.startswith("leadline: log: Kafka at 127.0.0.1")]
    assert ill.returncode == 1 and "takes no connections" in told[0] and "Connection refused" in told[0]
