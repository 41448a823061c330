"""The database: its URL, its migrations, its transactions and snapshots, its clock, and what its errors become."""

import os
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from eventsourcing.persistence import DataError, IntegrityError, PersistenceError, ProgrammingError
from sqlalchemy import event, func, insert, inspect, select, text

from domain.errors import Misconfigured, Retry
from store.database.database import Database, open_database
from store.database.errors import DatabaseAway, DatabaseFull, NewerDatabase, OlderDatabase
from store.database.migrate import SCRIPTS
from store.database.tables import installation, live, models
from tests.given_release_0_1 import make_database_of_release_0_1
from tests.services.service import free_ports

# ---- the URL -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://host/name", "found 'mysql', allowed are postgresql and sqlite"),
        ("leadline.db", "cannot be read: allowed are postgresql://"),
        ("", "cannot be read"),
        ("sqlite://", "SQLite in memory is not allowed"),
        ("sqlite:///:memory:", "SQLite in memory is not allowed"),
        ("sqlite:////nowhere/at/all/x.db", "folder /nowhere/at/all does not exist: create it"),
    ],
)
def test_a_wrong_url_is_refused_with_what_is_allowed(url: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        open_database(url)


def test_any_postgresql_url_means_psycopg2(postgres_url: str) -> None:
    for prefix in ("postgresql://", "postgresql+psycopg://", "postgresql+psycopg2://"):
        opened = open_database(postgres_url.replace("postgresql://", prefix))
        assert opened.engine.dialect.driver == "psycopg2"
        with opened.snapshot() as conn:
            assert conn.execute(select(1)).scalar_one() == 1
        opened.close()


def test_no_password_is_shown() -> None:
    opened = open_database("postgresql://leadline:not-a-real-password@127.0.0.1:1/name")
    with pytest.raises(DatabaseAway) as caught:
        opened.migrate()
    assert "not-a-real-password" not in repr(opened) + str(caught.value) + repr(caught.value.__cause__)


def test_sqlite_stays_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened = open_database("sqlite:///x.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    opened.migrate()
    assert opened.path == tmp_path / "x.db"
    assert opened.path.exists()
    opened.close()


def test_sqlite_is_wal_with_every_commit_on_disk(sqlite_url: str) -> None:
    opened = open_database(sqlite_url)
    with opened.snapshot() as conn:
        pragmas = [conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")]
        assert pragmas == ["wal", 2]
        assert conn.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 30_000
    opened.close()


# ---- migrations --------------------------------------------------------------------------------------------------


def test_migrating_again_is_quick_and_waits_for_nobody(database: Database) -> None:
    with database.transaction():  # another writer is at work
        other = open_database(str(database.engine.url.render_as_string(hide_password=False)))
        other.migrate()
        took = []
        for _ in range(5):
            start = time.perf_counter()
            other.migrate()
            took.append(time.perf_counter() - start)
        other.close()
    assert min(took) < 0.05, took


def test_a_database_of_a_newer_release_is_refused(database: Database) -> None:
    with database.transaction() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabase, match="has schema 9999, this release knows up to") as caught:
        database.migrate()
    assert isinstance(caught.value, Misconfigured)


def test_a_database_of_release_0_1_is_refused_and_left_as_it_is(database_url: str) -> None:
    opened = open_database(database_url)
    make_database_of_release_0_1(opened.engine)
    with opened.snapshot() as conn:
        tables = inspect(conn).get_table_names()
    with pytest.raises(
        OlderDatabase, match=r"recorded by release 0\.1.*start with an empty database.*import anew"
    ) as caught:
        opened.migrate()
    assert isinstance(caught.value, Misconfigured)
    assert "\n" not in str(caught.value)
    with opened.snapshot() as conn:
        assert inspect(conn).get_table_names() == tables
        assert conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "0001"
    opened.close()


def test_another_programs_tables_are_not_taken_over(database_url: str) -> None:
    opened = open_database(database_url)
    with opened.transaction() as conn:
        conn.exec_driver_sql("CREATE TABLE leads (name TEXT)")
    with pytest.raises(Misconfigured, match=r"tables that Leadline did not make \(leads\): name an empty database"):
        opened.migrate()
    opened.close()


def test_a_failed_migration_leaves_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> bytes:
        raise RuntimeError("no randomness")

    opened = open_database(database_url)
    monkeypatch.setattr(secrets, "token_bytes", broken)
    with pytest.raises(RuntimeError):
        opened.migrate()
    with opened.snapshot() as conn:
        assert inspect(conn).get_table_names() == []
    monkeypatch.undo()
    opened.migrate()
    assert len(opened.id_key()) == 32
    opened.close()


MIGRATE = """
import sys
from store.database.database import open_database
database = open_database(sys.argv[1])
sys.stdin.readline()
database.migrate()
print(database.id_key().hex())
"""


def test_two_processes_migrate_at_once_from_any_folder(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS.parents[1])}
    command = [sys.executable, "-c", MIGRATE, database_url]
    running = [
        subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = [process.communicate(timeout=60)[0].strip() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(keys[0]) == 64
    assert len(set(keys)) == 1


def test_the_id_key_is_the_installations_unless_overridden(database_url: str) -> None:
    first, again = open_database(database_url), open_database(database_url)
    first.migrate()
    assert first.id_key() == again.id_key()
    assert len(first.id_key()) == 32
    assert open_database(database_url, b"sixteen bytes or more").id_key() == b"sixteen bytes or more"
    with first.transaction() as conn:
        conn.execute(installation.delete())
    with pytest.raises(Misconfigured, match="has no id key"):
        again.id_key()
    first.close()
    again.close()


# ---- transactions ------------------------------------------------------------------------------------------------


def note(n: int) -> dict[str, object]:
    return {"name": f"note-{n}", "value": b"x"}


def test_a_snapshot_is_one_moment_and_blocks_no_writer(database: Database) -> None:
    count = select(func.count()).select_from(installation)
    with database.snapshot() as reader:
        before = reader.execute(count).scalar_one()
        with database.transaction() as writer:
            writer.execute(insert(installation), [note(1)])
        assert reader.execute(count).scalar_one() == before
    with database.snapshot() as reader:
        assert reader.execute(count).scalar_one() == before + 1


def test_a_snapshot_cannot_write_and_leaves_its_connection_able_to(database: Database) -> None:
    for _ in range(2):
        with pytest.raises(PersistenceError), database.snapshot() as conn:
            conn.execute(insert(installation), [note(1)])
    for n in range(8):
        with database.transaction() as conn:
            conn.execute(insert(installation), [note(n)])


def test_a_look_sees_what_is_committed_and_leaves_its_connection_able_to_write(database: Database) -> None:
    count = select(func.count()).select_from(installation)
    for n in range(3):
        with database.look() as conn:
            before = conn.execute(count).scalar_one()
        with pytest.raises(PersistenceError), database.look() as conn:
            conn.exec_driver_sql("SELECT * FROM nothing_of_this_name")
        with database.transaction() as conn:
            conn.execute(insert(installation), [note(n)])
            with database.look() as beside:
                assert beside.execute(count).scalar_one() == before
        with database.look() as conn:
            assert conn.execute(count).scalar_one() == before + 1


def test_a_snapshot_of_postgresql_begins_with_one_statement(postgres: Database) -> None:
    """Each is a trip to the database and back, beside the driver's own BEGIN and COMMIT."""
    asked: list[str] = []
    event.listen(postgres.engine, "before_cursor_execute", lambda conn, cursor, statement, *_: asked.append(statement))
    for _ in range(2):
        asked.clear()
        with postgres.snapshot() as conn:
            conn.execute(select(1))
        assert [statement.split(" ", 1)[0] for statement in asked] == ["SET", "SELECT"]


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.transaction() as writer:
        writer.execute(insert(installation), [note(1)])
        start = time.perf_counter()
        with database.snapshot() as reader:
            assert reader.execute(select(func.count()).select_from(installation)).scalar_one() == 1
        assert time.perf_counter() - start < 5


def test_writers_that_read_first_take_turns(database: Database) -> None:
    """Read, then write: on SQLite a deferred transaction would fail here."""
    with database.transaction() as conn:
        conn.execute(insert(models), [{"activation": 1, "hash": "", "text": "", "activated_at": 0}])
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                with database.transaction() as conn:
                    database.lock(conn, "models")
                    at = conn.execute(select(models.c.activated_at)).scalar_one()
                    conn.execute(models.update().values(activated_at=at + 1))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.snapshot() as conn:
        assert (errors, conn.execute(select(models.c.activated_at)).scalar_one()) == ([], 60)


def test_the_databases_time_is_now_and_goes_on(database: Database) -> None:
    with database.transaction() as conn:
        first = database.now(conn)
        time.sleep(0.01)
        second = database.now(conn)
    assert 10_000 <= second - first < 5_000_000
    assert abs(first - time.time_ns() // 1000) < 5_000_000


# ---- errors ------------------------------------------------------------------------------------------------------


def test_a_database_that_does_not_answer_is_away() -> None:
    opened = open_database(f"postgresql://leadline@127.0.0.1:{free_ports(1)[0]}/name")
    with pytest.raises(DatabaseAway, match="PostgreSQL is away") as caught, opened.transaction():
        pass
    assert isinstance(caught.value, Retry)
    with pytest.raises(DatabaseAway):
        opened.elect("projector")


def test_a_lost_connection_is_away_and_the_next_one_works(postgres: Database) -> None:
    for statement in (None, "COPY installation TO STDOUT"):
        with pytest.raises(DatabaseAway), postgres.transaction() as conn:
            pid = conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with postgres.transaction() as other:
                other.exec_driver_sql("SELECT pg_terminate_backend(%s)", (pid,))
            if statement is None:
                conn.exec_driver_sql("SELECT 1")
            else:
                with Path(os.devnull).open("w") as nowhere:
                    conn.connection.cursor().copy_expert(statement, nowhere)
        with postgres.snapshot() as conn:
            assert conn.execute(select(1)).scalar_one() == 1


def test_a_connection_that_was_lost_while_it_lay_idle_is_replaced(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = "SELECT pg_backend_pid()"
    with postgres.transaction() as one, postgres.transaction() as other:
        idle = [conn.exec_driver_sql(pid).scalar_one() for conn in (one, other)]
    apart = open_database(postgres.address)
    with apart.transaction() as conn:
        for each in idle:
            conn.exec_driver_sql("SELECT pg_terminate_backend(%s)", (each,))
    apart.close()
    later = time.monotonic() + 2.0
    monkeypatch.setattr("store.database.postgres_only.time.monotonic", lambda: later)
    with postgres.snapshot() as one, postgres.look() as other:
        assert {conn.exec_driver_sql(pid).scalar_one() for conn in (one, other)}.isdisjoint(idle)


def test_a_pool_without_a_free_connection_is_away(database: Database) -> None:
    pool = database.engine.pool
    pool._timeout = 0.05  # type: ignore[attr-defined]
    held = [database.engine.raw_connection() for _ in range(pool.size() + pool._max_overflow)]  # type: ignore[attr-defined]
    with pytest.raises(DatabaseAway, match="no database connection became free"), database.snapshot():
        pass
    for connection in held:
        connection.close()


def test_a_locked_sqlite_is_away(sqlite_url: str) -> None:
    opened = open_database(sqlite_url)
    opened.migrate()
    event.listen(opened.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 50"))
    opened.close()
    with (
        pytest.raises(DatabaseAway, match="SQLite is away: database is locked"),
        opened.transaction(),
        opened.transaction(),
    ):
        pass
    opened.close()


def test_a_full_sqlite_is_full_and_goes_on_when_there_is_room(sqlite_url: str) -> None:
    opened = open_database(sqlite_url)
    opened.migrate()
    with pytest.raises(DatabaseFull, match=r"database or disk is full.*Free disk space"), opened.transaction() as conn:
        conn.exec_driver_sql("PRAGMA max_page_count = 80")
        conn.execute(insert(installation), [{"name": "big", "value": b"x" * 4_000_000}])
    with opened.transaction() as conn:
        conn.exec_driver_sql("PRAGMA max_page_count = 1000000")
        conn.execute(insert(installation), [{"name": "big", "value": b"x" * 4_000_000}])
    opened.close()


@pytest.mark.parametrize(
    ("state", "expected"),
    [("53100", DatabaseFull), ("53200", DatabaseFull), ("40P01", DatabaseAway), ("57P01", DatabaseAway),
     ("53300", DatabaseAway), ("22003", DataError), ("42P01", ProgrammingError), ("23514", IntegrityError)],
)  # fmt: skip
def test_what_postgresql_says_becomes_ours(postgres: Database, state: str, expected: type[Exception]) -> None:
    with pytest.raises(expected) as caught, postgres.transaction() as conn:
        conn.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '{state}'; END $$")
    assert type(caught.value) is expected


def test_errors_hold_no_values(database: Database) -> None:
    row = {"segment": "alice@example.com", "lead": "00000000000000000000000000000000", "entered_at": 0}
    statement = text("INSERT INTO segment_members (segment, lead, entered_at) VALUES (:segment, :lead, :entered_at)")
    with pytest.raises(IntegrityError) as caught, database.transaction() as conn:
        conn.execute(statement, row)
        conn.execute(statement, row)
    assert "alice" not in str(caught.value)
    assert live.segment_members.name == "segment_members"
