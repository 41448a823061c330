"""A lease: one holder, which dies with its process or its connection."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import event, select, text

from store.database.database import Database, open_database
from store.database.migrate import SCRIPTS


def test_one_holds_it_until_released(database: Database) -> None:
    lease = database.elect("projector")
    assert lease is not None
    assert lease.held()
    assert database.elect("projector") is None
    other = open_database(database.engine.url.render_as_string(hide_password=False))
    assert other.elect("projector") is None
    publisher = other.elect("publisher: of signals/topics")
    assert publisher is not None
    lease.release()
    lease.release()
    assert not lease.held()
    again = other.elect("projector")
    assert again is not None
    assert again.held()
    again.release()
    publisher.release()
    other.close()


def test_it_is_free_as_soon_as_it_is_released(database: Database) -> None:
    for _ in range(50):  # the server takes a moment to notice that a connection is gone
        lease = database.elect("rebuild")
        assert lease is not None
        assert database.elect("rebuild") is None, "this one's connection stands ready"
        lease.release()
        again = database.elect("rebuild")
        assert again is not None
        again.release()


def test_it_outlives_the_pool(database: Database) -> None:
    lease = database.elect("projector")
    assert lease is not None
    database.close()
    with database.snapshot():
        pass
    assert lease.held()
    assert database.elect("projector") is None
    lease.release()


HOLD = """
import sys, time
from store.database.database import open_database
lease = open_database(sys.argv[1]).elect("projector")
print(lease.held(), flush=True)
time.sleep(60)
"""


def test_a_killed_holder_leaves_it_to_the_next(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS.parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], env=environment, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert database.elect("projector") is None
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    deadline = time.monotonic() + 10
    while (lease := database.elect("projector")) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    lease.release()


def test_a_lost_connection_is_noticed(postgres: Database) -> None:
    lease = postgres.elect("projector")
    assert lease is not None
    with postgres.transaction() as conn:
        conn.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        )
    assert not lease.held()
    assert not lease.held(), "for ever"
    lease.release()
    again = postgres.elect("projector")
    assert again is not None
    again.release()


def test_a_lock_file_taken_away_is_noticed(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    lease = database.elect("projector")
    assert lease is not None
    [lock] = Path(database.path).parent.glob("*.projector.lock")
    lock.unlink()
    assert not lease.held()
    again = database.elect("projector")
    assert again is not None
    again.release()


def test_a_standby_opens_no_connection_each_time_it_asks(postgres: Database) -> None:
    held = postgres.elect("projector")
    assert postgres.elect("projector") is None
    opened: list[object] = []
    event.listen(postgres.engine, "connect", lambda *each: opened.append(each))
    assert [postgres.elect("projector") for _ in range(5)] == [None] * 5
    assert opened == []
    assert held is not None
    held.release()
    taken = postgres.elect("projector")
    assert taken is not None
    with postgres.snapshot() as conn:
        assert conn.execute(select(1)).scalar_one() == 1
    assert taken.held()
    taken.release()
