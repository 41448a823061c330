"""Backup and restore as real processes: after a kill, while a server works, in both modes; and whose the files are."""

import os
import signal
import stat
import subprocess
import threading
from functools import partial
from pathlib import Path

import pytest

from runtime.backup import back_up, restore
from store.log.port import Record
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from tests.runtime.serving import Server, environment, eventually, here, run, serving
from tests.services.absent import without
from tests.services.postgres import PostgresServer, program
from tests.services.service import ServiceUnavailable

MODEL = '[[stages]]\nname = "lead"\n'


def acknowledged(server: Server, first: int, count: int) -> None:
    """So many people, each of whom the server has acknowledged."""
    for number in range(first, first + count):
        assert server.http.post("/v1/identify", json={"userId": f"u-{number}"}).status_code == 200


def leads(server: Server) -> int:
    return len(server.http.get("/api/leads?limit=1000").json()["items"])


def reached(server: Server, count: int) -> bool:
    return leads(server) >= count


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "leadline.toml").write_text(MODEL)
    return tmp_path


def test_what_was_acknowledged_before_a_backup_is_there_after_its_restore(folder: Path) -> None:
    with serving(folder) as server:
        acknowledged(server, 0, 50)
        server.stop(signal.SIGKILL)
    killed = run(folder, "backup", "killed")
    assert killed.returncode == 0, killed.stderr
    with serving(folder) as server:
        acknowledged(server, 50, 50)
        stop = threading.Event()

        def go_on() -> None:
            number = 100
            while not stop.is_set():
                acknowledged(server, number, 1)
                number += 1

        traffic = threading.Thread(target=go_on)
        traffic.start()
        done = run(folder, "backup", "served")
        stop.set()
        traffic.join()
        assert done.returncode == 0, done.stderr
        server.stop(signal.SIGKILL)
    for name, count in (("killed", 50), ("served", 100)):
        data = f"data-{name}"
        restored = run(folder, "restore", name, DATA=data)
        assert restored.returncode == 0, restored.stderr
        with serving(folder, DATA=data) as server:
            eventually(partial(reached, server, count))
            acknowledged(server, 5_000, 1)  # and it works on
            assert server.stop() == 0
        assert run(folder, "verify", DATA=data).returncode == 0


def test_a_spool_that_is_not_sent_yet_is_copied_too(tmp_path: Path) -> None:
    record = Record(b"k", b"v", (("name", b"text"),))
    spool = SqlLog(tmp_path / "data" / "spool.db")
    spool.append(TOUCHPOINTS, [record])
    copied: list[Path] = []
    back_up(tmp_path / "data", tmp_path / "target", lambda path, size: copied.append(path))
    restore(tmp_path / "target", tmp_path / "other", lambda path, size: copied.append(path))
    assert copied == [tmp_path / "target" / "spool.db", tmp_path / "other" / "spool.db"]
    restored = SqlLog(tmp_path / "other" / "spool.db")
    assert [found for _, found in restored.first(TOUCHPOINTS, 10)] == [record]
    for log in (spool, restored):
        log.close()


def test_a_backup_says_what_it_refuses(folder: Path) -> None:
    empty = here(folder, "backup", "target")
    assert empty.returncode == 2 and "holds nothing to back up" in empty.stderr
    with serving(folder) as server:
        acknowledged(server, 0, 1)
        assert run(folder, "backup", "target").returncode == 0
        twice = here(folder, "backup", "target")
        assert twice.returncode == 2 and "exists already" in twice.stderr
        held = here(folder, "restore", "target")
        assert held.returncode == 2 and "is held by a running server" in held.stderr
    full = here(folder, "restore", "target")
    assert full.returncode == 2 and "a restore writes over nothing" in full.stderr
    nothing = here(folder, "restore", "nowhere", DATA="other")
    assert nothing.returncode == 2 and "is no backup" in nothing.stderr
    damaged = folder / "target" / "leadline.db"
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    broken = here(folder, "restore", "target", DATA="other")
    assert broken.returncode == 1 and "cannot be restored" in broken.stderr
    assert not (folder / "other" / "leadline.db").exists()


def test_files_are_their_users_alone_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        (folder / "rows.csv").write_text("who,at\nada@example.org,2026-01-01T00:00:00Z\n")
        (folder / "mapping.toml").write_text(
            'source = "list"\ntype = "form_submitted"\nidentities = { email = "who" }\n'
            'time = { column = "at", format = "iso" }\n'
        )
        with serving(folder) as server:
            acknowledged(server, 0, 1)
            server.http.post("/v1/track", content=b"{")
            assert run(folder, "import", "rows.csv", "--mapping", "mapping.toml").returncode == 0
            assert run(folder, "backup", "target").returncode == 0
            found = [
                path for name in ("leadline-data", "target") for path in (folder / name, *(folder / name).rglob("*"))
            ]
            modes = {path.relative_to(folder): stat.S_IMODE(path.stat().st_mode) for path in found}
        assert {"leadline.db-wal", "log.db-shm"} <= {path.name for path in modes}
        assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}
        (folder / "leadline-data" / "log.db").chmod(0o644)
        with serving(folder):
            assert stat.S_IMODE((folder / "leadline-data" / "log.db").stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_postgresql_is_dumped_with_its_own_tools(
    folder: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    try:
        dump, fill = program("pg_dump"), program("pg_restore")
    except ServiceUnavailable as reason:
        without(reason)
    with serving(folder, DATABASE=postgres_url) as server:
        acknowledged(server, 0, 50)
        # The commands of docs/how-to/back-up.md: the database first, then the log beside it.
        subprocess.run([dump, "--format=custom", "--file=leadline.dump", postgres_url], cwd=folder, check=True)
        acknowledged(server, 50, 50)
        done = run(folder, "backup", "target", DATABASE=postgres_url)
        assert done.returncode == 0 and "pg_dump" in done.stderr
        server.stop(signal.SIGKILL)
    again = postgres_server.create()
    try:
        subprocess.run([fill, "--exit-on-error", "--no-owner", f"--dbname={again}", "leadline.dump"], cwd=folder,
                       check=True, env=environment())  # fmt: skip
        assert run(folder, "restore", "target", DATABASE=again, DATA="other").returncode == 0
        with serving(folder, DATABASE=again, DATA="other") as server:
            assert eventually(lambda: leads(server) == 100)
            assert server.stop() == 0
        assert run(folder, "verify", DATABASE=again).returncode == 0
    finally:
        postgres_server.drop(again)


def test_without_files_postgresql_is_left_to_its_tools(folder: Path) -> None:
    done = here(folder, "backup", "target", DATABASE="postgresql://127.0.0.1:1/leadline")
    assert done.returncode == 2 and "pg_dump" in done.stderr and "back-up.md" in done.stderr
