"""Refused input that is tried again: what cannot be is told why, and stays."""

import json
from pathlib import Path

from domain.touchpoints.envelope import decode
from producers.reading.conventions import Conventions, parse_forms
from producers.replay import replay
from runtime.status import status_of
from store.database.database import open_database
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from store.rejected import Rejected, keep, listed


def test_what_was_cut_is_not_replayed_and_says_what_to_do(tmp_path: Path, migrated_sqlite_url: str) -> None:
    database = open_database(migrated_sqlite_url, b"an id key for tests only")
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


def test_of_a_batch_what_is_a_touchpoint_now_is_appended_and_the_rest_stays(
    tmp_path: Path, migrated_sqlite_url: str
) -> None:
    database = open_database(migrated_sqlite_url, b"an id key for tests only")
    items = [{"type": "track", "event": event, "userId": "u-1"} for event in ("Bought", "Erased")]
    raw, meta = json.dumps({"batch": items}).encode(), json.dumps({"received_at": 1, "made_id": "x", "places": [3, 7]})
    with database.transaction() as conn:
        keep(conn, [Rejected("id", 1, "v1/batch", "item 3: no", "server:shop", raw, meta)])
    log = SqlLog(tmp_path / "log.db")
    outcome = replay(database, log)
    assert (outcome.tried, outcome.appended, outcome.refused) == (1, 1, 1)
    with database.snapshot() as conn:
        assert [row.id for row in listed(conn, 10, replayed=False)] == ["id"]
    log.close()
    database.close()


def test_a_refused_form_is_counted_and_taken_with_a_mapping(tmp_path: Path, migrated_sqlite_url: str) -> None:
    database = open_database(migrated_sqlite_url, b"an id key for tests only")
    raw, meta = b"f7=0171+1234567&f8=Engines", json.dumps({"received_at": 1_000_000, "made_id": "made"})
    with database.transaction() as conn:
        keep(conn, [Rejected("id", 1, "f/contact", "no usable identity", "browser:www.example.com", raw, meta)])
        keep(conn, [Rejected("other", 2, "v1/track", "too large", "server:shop", b"{", meta)])
    assert (status_of(database).rejected, status_of(database).rejected_forms) == (2, 1)
    log = SqlLog(tmp_path / "log.db")
    assert replay(database, log, door="f/").appended == 0
    mended = Conventions("DE", parse_forms(["contact:f7:phone", "*:f8:company"]))
    assert replay(database, log, door="f/", conventions=mended).appended == 1
    reader = log.subscribe([TOUCHPOINTS], "test")
    (record,) = reader.poll(dict.fromkeys(reader.assigned()), 10, 0)
    found = decode(record.value)
    assert found.profile == {"phone": "+491711234567", "company": "Engines"} and found.id == "made"
    assert status_of(database).rejected_forms == 0
    log.close()
    database.close()
