"""Refused input that is tried again: what cannot be is told why, and stays."""

from pathlib import Path

from runtime.replay import replay
from store.database.database import open_database
from store.log.sql import SqlLog
from store.rejected import Rejected, keep, listed


def test_what_was_cut_is_not_replayed_and_says_what_to_do(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'leadline.db'}", b"an id key for tests only")
    database.migrate()
    meta = '{"cut":true,"bytes":1000000,"received_at":1,"made_id":"x"}'
    with database.transaction() as conn:
        keep(conn, [Rejected("id", 1, "v1/track", "too large", "server:shop", b'{"event":', meta)])
    log = SqlLog(tmp_path / "log.db")
    outcome = replay(database, log)
    ((reason, count),) = outcome.reasons.items()
    assert count == 1
    assert "first 9 bytes were kept: send it again from its source" in reason
    with database.snapshot() as conn:
        assert [row.id for row in listed(conn, 10, replayed=False)] == ["id"]
    log.close()
    database.close()
