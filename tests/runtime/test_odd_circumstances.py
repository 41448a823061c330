"""What whoever runs Leadline meets at night: outputs that nobody takes, a server of another database, one that dies."""

import json
import resource
import subprocess
import threading
from pathlib import Path

import pytest

from domain.errors import Failed
from domain.model.starter import STARTER
from runtime import projected
from runtime.backup import back_up
from runtime.folder import FolderLock, FolderServer
from store.database.database import open_database
from store.database.errors import DatabaseMisconfigured
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


@pytest.mark.parametrize(("content", "words"), [
    (None, "written.toml is a folder: name a file"),
    ("stages".encode("utf-16"), "written.toml is no UTF-8 text (line 1): save it as UTF-8"),
    (b"a\n\xff", "written.toml is no UTF-8 text (line 2)"),
    (b"#" * 10_000_001, "written.toml has more than 10,000,000 bytes"),
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_in_plain_words(folder: Path, content: bytes | None, words: str) -> None:
    file = folder / "written.toml"
    file.mkdir() if content is None else file.write_bytes(content)
    for told in (
        here(folder, "leads", SETTINGS="written.toml"),
        here(folder, "model", "check", "written.toml"),
        here(folder, "import", "rows.csv", "--mapping", "written.toml"),
    ):
        assert told.returncode == 2 and words in told.stderr and "codec" not in told.stderr


def test_a_mark_at_the_beginning_of_a_file_is_none_of_its_text(folder: Path) -> None:
    (folder / "settings.toml").write_text('\ufeffmodel = "leadline.toml"')
    (folder / "mapping.toml").write_text(f"\ufeff{MAPPING}")
    assert here(folder, *IMPORT, "--no-wait", SETTINGS="settings.toml").returncode == 0


def test_what_is_no_file_of_rows_is_told_and_makes_nothing(folder: Path) -> None:
    for given, words in ((".", ".: a folder"), ("/dev/null", "/dev/null: a pipe or a device"), ("no", "no such file")):
        told = here(folder, "import", given, "--mapping", "mapping.toml")
        assert told.returncode == 2 and words in told.stderr and not (folder / "leadline-data").exists()
    assert "LEADLINE_DATA: rows.csv is a file: name a folder" in here(folder, "leads", DATA="rows.csv").stderr
    for servers in ("broker:99999", ","):
        assert "allowed is HOST:PORT,HOST:PORT" in here(folder, "leads", KAFKA=servers).stderr


def test_a_path_that_the_system_refuses_is_told_and_no_fault_of_ours(folder: Path) -> None:
    long, why = "x" * 300, "File name too long"
    for told, code, words in (
        (here(folder, "leads", DATA=long), 2, f"LEADLINE_DATA: {long} cannot be used: {why}"),
        (here(folder, "doctor", "--reachable", DATA=long), 1, f"data folder: {long}/log.db: {why}"),
        (here(folder, "model", "check", long), 2, f"{long} cannot be read: {why}"),
        (here(folder, "init", long), 2, f"{long} cannot be written: {why}"),
        (here(folder, "import", long, "--mapping", "mapping.toml"), 2, f"{long}: {why}. Check the path"),
    ):
        assert told.returncode == code and words in told.stderr, told.stderr


def test_what_init_began_on_a_full_disk_is_taken_away(folder: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = sorted(folder.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, most))
    try:
        told = here(folder, "init", "new.toml")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert told.returncode == 2 and "new.toml cannot be written: File too large" in told.stderr
    assert sorted(folder.iterdir()) == before


def test_the_doctor_finds_a_full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here(folder, *IMPORT, "--no-wait").returncode == 0
    monkeypatch.setattr("store.log.sql.free_bytes", lambda path: 0)
    told = here(folder, "doctor")
    assert told.returncode == 1 and "log: leadline-data/log.db: the disk is full" in told.stderr


def test_a_role_without_rights_is_told(postgres_url: str) -> None:
    database = open_database(postgres_url)
    words = r"refuses this role: permission denied .* Give it the right"
    with pytest.raises(DatabaseMisconfigured, match=words), database.transaction() as conn:
        conn.exec_driver_sql("SET LOCAL ROLE pg_monitor")
        conn.exec_driver_sql("CREATE TABLE public.anything ()")
    database.close()


def test_a_backup_whose_folder_another_made_meanwhile_is_told_in_plain_words(folder: Path) -> None:
    assert here(folder, *IMPORT, "--no-wait").returncode == 0

    def copied(file: Path, size: int) -> None:
        file.parent.mkdir(exist_ok=True)
        file.touch()

    with pytest.raises(Failed, match=r"nothing is left of it: Directory not empty$"):
        back_up(folder / "leadline-data", folder / "kept", copied)
    assert not list(folder.glob(".kept*"))
