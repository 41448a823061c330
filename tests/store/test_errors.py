"""What databases say of a wrong setting, a vanished peer or an odd value, and which error of ours it becomes."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from domain.errors import Misconfigured
from store.database import bulk
from store.database import database as database_module
from store.database.database import Database, open_database, ping
from store.database.errors import DatabaseAway, DataError, named
from store.database.tables import rejected
from store.events.store import lock_events

# ---- a setting is wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"database": "nosuch"}, 'database "nosuch" does not exist'),
        ({"username": "ghost"}, "ghost"),
        ({"query": {"sslmode": "bogus"}}, "sslmode"),
        ({"query": {"sslmode": "require"}}, "SSL"),
        ({"query": {"no_such_option": "1"}}, "no_such_option"),
    ],
)
def test_a_wrong_url_is_no_outage(postgres_url: str, change: dict[str, object], says: str) -> None:
    url = make_url(postgres_url).set(**change)  # type: ignore[arg-type]
    opened = open_database(url.render_as_string(hide_password=False))
    with pytest.raises(Misconfigured, match=rf"refuses the connection: .*{says}.*Check LEADLINE_DATABASE"):
        ping(opened)
    with pytest.raises(Misconfigured, match=says):
        opened.elect("projector")


@pytest.mark.parametrize(
    "says",
    [
        'FATAL:  password authentication failed for user "leadline"',
        "fe_sendauth: no password supplied",
        'FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "x", database "y", no encryption',
        'FATAL:  role "leadline" is not permitted to log in',
        "SSL error: certificate verify failed",
        'root certificate file "/nowhere/root.crt" does not exist',
    ],
)
def test_what_libpq_says_of_a_wrong_secret_is_no_outage(says: str) -> None:
    import psycopg2

    assert isinstance(named(psycopg2.OperationalError(says)), Misconfigured)
    assert type(named(psycopg2.OperationalError("server closed the connection unexpectedly"))) is DatabaseAway


def test_what_libpq_supposes_besides_is_not_repeated() -> None:
    import psycopg2

    says = 'connection to server at "127.0.0.1", port 1 failed: Connection refused\n\tIs the server running?\n'
    assert str(named(psycopg2.OperationalError(says))).endswith("port 1 failed: Connection refused")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_bytes(b"not a database at all" * 100)
    (tmp_path / "folder.db").mkdir()
    for name in ("junk.db", "folder.db"):
        opened = open_database(f"sqlite:///{tmp_path / name}")
        began = time.monotonic()
        with pytest.raises(Misconfigured, match=str(tmp_path / name)):
            opened.migrate()
        assert time.monotonic() - began < 5
        opened.close()


def test_a_database_that_cannot_be_written_is_a_mistake_and_not_an_outage(sqlite_url: str, tmp_path: Path) -> None:
    open_database(sqlite_url).migrate()
    readonly = sqlite3.connect(f"file:{tmp_path / 'leadline.db'}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as caught:
        readonly.execute("DELETE FROM tracking")
    readonly.close()
    assert isinstance(named(caught.value), Misconfigured)
    assert "can be written" in str(named(caught.value))


def test_a_file_system_without_wal_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_database(f"sqlite:///{tmp_path / 'leadline.db'}")
    opened.engine.dialect.connect = lambda *_, **__: sqlite3.connect(  # type: ignore[method-assign]
        f"file:{tmp_path / 'leadline.db'}?vfs=unix-dotfile", uri=True, check_same_thread=False
    )
    began = time.monotonic()
    with pytest.raises(Misconfigured, match=r"leadline\.db: SQLite cannot use WAL.*local disk"):
        ping(opened)
    assert time.monotonic() - began < 5


# ---- a peer is gone ----------------------------------------------------------------------------------------------


def test_a_standby_is_away_until_it_is_promoted(postgres: Database) -> None:
    with pytest.raises(DatabaseAway), postgres.transaction() as conn:
        conn.exec_driver_sql("SET TRANSACTION READ ONLY")
        conn.exec_driver_sql("DELETE FROM tracking")


def test_who_froze_in_a_transaction_holds_nobody_up_for_ever(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = tuple(setting.replace("60s", "500ms") for setting in database_module._SESSION)
    monkeypatch.setattr(database_module, "_SESSION", short)
    opened = open_database(postgres_url)
    locked = threading.Event()

    def freeze() -> None:
        with pytest.raises(DatabaseAway), opened.transaction() as conn:
            lock_events(opened, conn)
            locked.set()
            time.sleep(3)
            conn.execute(select(1))

    thread = threading.Thread(target=freeze)
    thread.start()
    assert locked.wait(10)
    began = time.monotonic()
    while True:
        try:
            with opened.transaction() as conn:
                lock_events(opened, conn)
            break
        except DatabaseAway as error:
            assert "lock timeout" in str(error)
    assert time.monotonic() - began < 2.5
    thread.join()
    opened.close()


def test_a_session_notices_a_vanished_machine_and_a_long_look_may_think(postgres: Database) -> None:
    settings = "SELECT name, setting::int FROM pg_settings WHERE name LIKE 'tcp_keepalives%%' OR name LIKE '%%timeout'"
    with postgres.transaction() as conn:
        found = dict(conn.exec_driver_sql(settings).all())
    assert 0 < found["tcp_keepalives_idle"] <= 60
    assert 0 < found["idle_in_transaction_session_timeout"] <= 120_000
    assert 0 < found["lock_timeout"] <= 120_000
    with postgres.snapshot() as conn:
        found = dict(conn.exec_driver_sql(settings).all())
    assert found["idle_in_transaction_session_timeout"] == 0


# ---- a value cannot be stored ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["a\x00b", "a\ud800b"])
def test_what_no_database_can_hold_is_rejected(postgres: Database, value: str) -> None:
    with pytest.raises(DataError), postgres.snapshot() as conn:
        bulk.select_in(conn, rejected, ["id"], "id", [value])
    with pytest.raises(DataError), postgres.snapshot() as conn:
        conn.execute(select(rejected.c.id).where(rejected.c.id == value)).all()
