"""What only the SQLite log must do: survive a kill, share a file, keep its budget, say what is wrong."""

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from store.log.port import LogAway, LogFull, LogMisconfigured, Record
from store.log.sql import SqlLog
from tests.store.given_log import Reader, records

APPEND = """
import sys
from store.log.port import Record
from store.log.sql import SqlLog
log = SqlLog(sys.argv[1])
for n in range(int(sys.argv[2])):
    log.append("topic", [Record(sys.argv[3].encode(), b"%d" % n)])
    print(n, flush=True)
"""


def other_process(path: Path, count: int, name: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", APPEND, str(path), str(count), name]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    process = other_process(tmp_path / "log.db", 1_000_000, "killed")
    assert process.stdout is not None
    acknowledged = -1
    for line in process.stdout:
        acknowledged = int(line)
        if acknowledged >= 200:
            process.kill()
            break
    acknowledged = max([acknowledged, *(int(line) for line in process.stdout if line.endswith("\n"))])
    process.wait()
    log = SqlLog(tmp_path / "log.db")
    reader = Reader(log.subscribe(["topic"], "g"))
    while reader.poll(wait=0):
        pass
    values = [int(entry.value) for entry in reader.entries]
    assert values == list(range(len(values)))
    assert len(values) >= acknowledged + 1
    log.close()


def test_several_processes_share_a_file(tmp_path: Path) -> None:
    log = SqlLog(tmp_path / "log.db")
    reader = Reader(log.subscribe(["topic"], "g"))
    others = [other_process(tmp_path / "log.db", 100, name) for name in ("a", "b")]
    for n in range(100):
        log.append("topic", [Record(b"ours", b"%d" % n)])
    got = reader.read(300)
    assert [process.wait() for process in others] == [0, 0]
    for name in (b"a", b"b", b"ours"):
        assert [entry.value for entry in got if entry.key == name] == [b"%d" % n for n in range(100)]
    offsets = [entry.offset for entry in got]
    assert offsets == sorted(offsets)
    reader.subscription.close()
    log.close()


def test_concurrent_appends_share_commits(tmp_path: Path) -> None:
    log = SqlLog(tmp_path / "log.db")
    log.partition("topic")
    commits: list[str] = []
    log._writer.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    log._writing.acquire()  # all of them queue behind a slow commit
    threads = [threading.Thread(target=log.append, args=("topic", records(3, first=n))) for n in range(0, 60, 3)]
    for thread in threads:
        thread.start()
    while len(log._waiting) < 20:
        time.sleep(0.01)
    log._writing.release()
    for thread in threads:
        thread.join()
    assert len(commits) == 1
    assert log.ends(["topic"])[log.partition("topic")] == 60
    log.close()


@pytest.mark.parametrize("error", [MemoryError("no memory"), KeyboardInterrupt()])
def test_nobody_is_told_of_a_success_when_whoever_writes_for_all_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    log = SqlLog(tmp_path / "log.db")
    log.append("topic", records(1))
    commit, told = log._commit, dict[int, BaseException | None]()

    def fail_once(batch: list[Any]) -> None:
        monkeypatch.setattr(log, "_commit", commit)
        log._writer.execute("BEGIN IMMEDIATE")
        raise error

    def work(n: int) -> None:
        try:
            log.append("topic", records(1, first=n))
            told[n] = None
        except BaseException as found:
            told[n] = found

    monkeypatch.setattr(log, "_commit", fail_once)
    log._writing.acquire()
    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    while len(log._waiting) < 3:
        time.sleep(0.01)
    log._writing.release()
    for thread in threads:
        thread.join()
    assert error in told.values()
    assert [type(each) for each in told.values()].count(LogAway) == 2
    log.append("topic", records(1, first=9))
    assert [record.value for _, record in log.first("topic", 10)] == [b"value-0", b"value-9"]
    log.close()


def test_the_budget_refuses_what_does_not_fit_and_nothing_of_it_is_stored(tmp_path: Path) -> None:
    log = SqlLog(tmp_path / "log.db", limit_bytes=500_000)
    log.append("topic", [Record(b"k", b"x" * 1000)] * 100)
    before = log.ends(["topic"])
    with pytest.raises(LogFull, match="budget of 500000 bytes") as full:
        log.append("topic", [Record(b"k", b"x" * 1000)] * 1000)
    assert full.value.retry_after > 0
    assert log.ends(["topic"]) == before
    log.append("topic", [Record(b"k", b"x" * 1000)])
    log.check_room()
    with pytest.raises(LogFull):
        for _ in range(1000):
            log.append("topic", [Record(b"k", b"x" * 1000)])
    log.forget("topic", 90)
    log.append("topic", [Record(b"k", b"x" * 1000)])
    log.close()


def test_a_full_disk_is_an_error_that_says_so_and_then_over(tmp_path: Path) -> None:
    log = SqlLog(tmp_path / "log.db")
    log.append("topic", records(10))
    log._writer.execute("PRAGMA max_page_count = 20")  # SQLite's own "disk is full"
    with pytest.raises(LogFull, match="disk is full"):
        log.append("topic", [Record(b"k", b"x" * 200_000)])
    log._writer.execute("PRAGMA max_page_count = 4294967294")
    log.append("topic", [Record(b"k", b"x" * 200_000)])
    assert log.ends(["topic"])[log.partition("topic")] == 11
    log.close()


def test_offsets_are_never_given_twice(tmp_path: Path) -> None:
    log = SqlLog(tmp_path / "log.db")
    log.append("topic", records(10))
    log.forget("topic", 10)
    assert log.first("topic", 10) == []
    log.append("topic", records(1))
    assert [offset for offset, _ in log.first("topic", 10)] == [11]
    log.close()


def test_what_is_no_log_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is a text file, and long enough that SQLite reads its header" * 20)
    with pytest.raises(LogMisconfigured, match=r"text\.db"):
        SqlLog(tmp_path / "text.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(LogMisconfigured, match=r"folder\.db"):
        SqlLog(tmp_path / "folder.db")


def test_a_file_system_without_wal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    without = lambda path, **more: connect(f"file:{path}?vfs=unix-dotfile", uri=True, **more)  # noqa: E731
    monkeypatch.setattr("store.log.sql.sqlite3.connect", without)
    with pytest.raises(LogMisconfigured, match=r"log\.db: SQLite cannot use WAL.*local disk"):
        SqlLog(tmp_path / "log.db")


def test_a_file_that_another_process_holds_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.log.sqlite_file._BUSY", 0.2)
    log, other = SqlLog(tmp_path / "log.db"), SqlLog(tmp_path / "log.db")
    log.append("topic", records(1))
    other._writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogAway, match="locked"):
        log.append("topic", records(1))
    other._writer.execute("ROLLBACK")
    log.append("topic", records(1))
    log.close()
    other.close()
