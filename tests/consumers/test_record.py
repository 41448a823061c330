"""The recorder on real parts: a log, an event store, and everything that may go wrong between them."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from consumers.record.recorder import Recorded, Recorder
from domain.errors import Fenced
from domain.touchpoints.envelope import encode
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Source, Touchpoint
from store.database.database import Database
from store.database.errors import DatabaseAway
from store.database.tables import events, rejected, tracking
from store.events.ids import Ids
from store.events.store import Advance, Appended, EventStore
from store.log.port import LARGEST, Entry, Log, LogAway, Partition, Record, RecordTooLarge
from store.log.rejection import rejection_record
from store.log.sql import SqlLog
from store.log.topics import IN, REJECTED, TOUCHPOINTS

MINUTE = 60_000_000
START = 1_790_000_000_000_000
WEB = Source("browser", "web")


def page(n: int, **changes: Any) -> Touchpoint:
    at = START + n * MINUTE
    made = Touchpoint(f"page-{n}", WEB, "page_viewed", at, at + 5, (Identity("anonymous_id", f"anon-{n % 7}"),))
    return made._replace(properties={"path": f"/p/{n}"}, **changes)


def put(log: Log, *touchpoints: Touchpoint) -> None:
    log.append(TOUCHPOINTS, [Record(str(one.trail).encode(), encode(one)) for one in touchpoints])


@pytest.fixture
def ids(database: Database) -> Ids:
    return Ids(database.id_key())


@pytest.fixture
def start(database: Database, log: SqlLog, ids: Ids) -> Iterator[Callable[..., Recorder]]:
    """Starts recorders on one log and database: each is a new process as far as memory goes."""
    started: list[Recorder] = []

    def make(store: EventStore | None = None, out: Log | None = None) -> Recorder:
        recorder = Recorder(
            log.subscribe(IN, "record"), database, store or EventStore(database), ids, out or log, lambda: START
        )
        started.append(recorder)
        return recorder

    yield make
    for recorder in started:
        recorder.close()


def drained(recorder: Recorder) -> Recorded:
    total = Recorded()
    while (done := recorder.run_once(wait=0.05)).read:
        total.add(done)
    return total


def rows(database: Database) -> list[Mapping[str, Any]]:
    with database.snapshot() as conn:
        return [dict(row._mapping) for row in conn.execute(select(events).order_by(events.c.position))]


def rejections(database: Database) -> list[Mapping[str, Any]]:
    with database.snapshot() as conn:
        return [dict(row._mapping) for row in conn.execute(select(rejected).order_by(rejected.c.id))]


def test_touchpoints_become_events_with_their_clear_part(
    log: SqlLog, database: Database, start: Callable[..., Recorder], ids: Ids
) -> None:
    late = page(1, received_at=START + 30, seq=3)  # claims to have happened after it was received
    both = page(2, identities=(Identity("user_id", "u-1"), Identity("anonymous_id", "anon-2")))
    put(log, page(0), late, both)
    assert drained(start()) == Recorded(read=3, written=3)
    first, second, third = rows(database)
    assert first["trail"] == ids.of(Identity("anonymous_id", "anon-0"))
    assert (first["position"], first["version"], first["type"], first["source"]) == (1, 1, "page_viewed", "web")
    assert first["dedupe"] == ids.dedupe("web", "page-0")
    assert (first["instant"], first["received"], first["recorded"]) == (START, START + 5, START)
    assert (second["instant"], second["seq"]) == (START + 30, 3)
    assert third["trail"] == ids.of(Identity("anonymous_id", "anon-2"))
    with database.snapshot() as conn:
        recorded = EventStore(database).scan(conn, 0, 10)
    assert [touchpoint for _, touchpoint in recorded] == [page(0), late, both]
    assert [row["state"] for row in rows(database)] == [encode(one) for one in (page(0), late, both)]


def test_what_is_sent_again_is_recorded_once(log: SqlLog, database: Database, start: Callable[..., Recorder]) -> None:
    put(log, page(1), page(1), page(2))
    recorder = start()
    drained(recorder)
    put(log, page(2), page(3))
    drained(recorder)
    put(log, page(1), page(2), page(3), page(4))
    assert drained(start()) == Recorded(read=4, written=1, duplicates=3)
    assert [row["position"] for row in rows(database)] == [1, 2, 3, 4]
    assert recorder.counts == Recorded(read=5, written=3, duplicates=2)


def test_a_restarted_recorder_goes_on_where_the_last_one_committed(
    log: SqlLog, database: Database, start: Callable[..., Recorder]
) -> None:
    put(log, *(page(n) for n in range(30)))
    assert start().run_once(limit=10, wait=0.1).read == 10
    assert drained(start()).read == 20
    assert drained(start()).read == 0
    assert len(rows(database)) == 30


def test_what_is_no_envelope_is_kept_with_its_reason_and_recording_goes_on(
    log: SqlLog, database: Database, start: Callable[..., Recorder]
) -> None:
    good = encode(page(1))
    wire = orjson.loads(good)
    bad = {
        b"not json": "Invalid JSON",
        b"": "Invalid JSON",
        b"{}": "Field required",
        orjson.dumps({**wire, "occurred_at": 1_700_000_000}): "RFC 3339",
        orjson.dumps({**wire, "occurred_at": "1700000000"}): "RFC 3339",
        orjson.dumps({**wire, "received_at": "2026-13-01T00:00:00Z"}): "month",
        orjson.dumps({**wire, "received_at": "1969-01-01T00:00:00Z"}): "1970",
        orjson.dumps({**wire, "v": 2}): "v: Input should be less than or equal to 1",
        orjson.dumps({**wire, "v": True}): "v: Input should be a valid integer",
        orjson.dumps({**wire, "v": 1.0}): "v: Input should be a valid integer",
        orjson.dumps({**wire, "seq": "7"}): "seq",
        orjson.dumps({**wire, "identities": []}): "identities",
        orjson.dumps({**wire, "identities": [{"kind": "email", "value": "A@X"}]}): "identities.0: Value error, email",
        orjson.dumps({**wire, "source": {"kind": "browser", "name": "a\x00b"}}): "source.name",
        orjson.dumps({**wire, "more": 1}): "more: Extra",
        good.replace(b'"/p/1"', b"NaN"): "not JSON that can be read back",
        good.replace(b'"/p/1"', b"1e999"): "not JSON that can be read back",
        good[:-5] + b"\xff" + good[-5:]: "Invalid JSON",
    }
    log.append(TOUCHPOINTS, [Record(b"key", raw) for raw in bad] + [Record(b"key", good)])
    recorder = start()
    total = drained(recorder)
    assert (total.written, total.refused, total.kept) == (1, len(bad), len(bad))
    found = {row["raw"]: row for row in rejections(database)}
    assert set(found) == set(bad)
    for raw, reason in bad.items():
        assert reason in found[raw]["reason"], found[raw]["reason"]
        assert found[raw]["door"] == "log"
        assert orjson.loads(found[raw]["meta"])["topic"] == TOUCHPOINTS


def test_a_refused_entry_is_a_cloud_event_with_the_headers_of_a_dead_letter(
    log: SqlLog, database: Database, start: Callable[..., Recorder]
) -> None:
    log.append(TOUCHPOINTS, [Record(b"key", encode(page(1))), Record(b"key", b"not json")])
    start().run_once(wait=0.1)
    watching = log.subscribe([REJECTED], "watch")
    (partition,) = watching.assigned()
    (entry,) = watching.poll({partition: None}, 10, 0.1)
    names = [name for name, _ in entry.headers]
    connect = "__connect.errors."
    for name in ("topic", "partition", "offset", "stage", "exception.class.name", "exception.message"):
        assert connect + name in names
    assert (entry.header(connect + "topic"), entry.header(connect + "offset")) == (TOUCHPOINTS.encode(), b"2")
    assert entry.value == b"not json"
    assert (entry.header("ce_type"), entry.header("ce_specversion")) == (b"touchpoint.rejected", b"1.0")
    start().run_once(wait=0.1)
    assert [row["id"] for row in rejections(database)] == [(entry.header("ce_id") or b"").decode()]
    watching.close()


def test_what_a_door_refused_becomes_one_row_however_often_it_is_on_the_log(
    log: SqlLog, database: Database, start: Callable[..., Recorder]
) -> None:
    record, other = (
        rejection_record(
            door="v1/track",
            reason="no identity",
            source="browser:web",
            meta={"path": "/v1/track", "received_at": at},
            raw=b'{"event":"x"}',
            at=at,
        )
        for at in (START, START + 1)
    )
    log.append(REJECTED, [record, record])
    assert drained(start()).kept == 2
    log.append(REJECTED, [record, other])
    drained(start())
    first, second = sorted(rejections(database), key=lambda row: int(row["at"]))
    assert (first["door"], first["reason"], first["source"]) == ("v1/track", "no identity", "browser:web")
    assert (first["raw"], first["at"], second["at"]) == (b'{"event":"x"}', START, START + 1)
    assert orjson.loads(first["meta"])["path"] == "/v1/track"


@pytest.mark.parametrize("key", [b"\x00" * 400_000, b"k"])
def test_a_refusal_of_the_largest_record_is_a_record_and_says_what_was_cut(
    log: SqlLog, database: Database, start: Callable[..., Recorder], key: bytes
) -> None:
    log.append(TOUCHPOINTS, [Record(key, b"x" * (LARGEST - len(key)))])
    assert drained(start()).kept == 1
    (row,) = rejections(database)
    meta = orjson.loads(row["meta"])
    assert (meta["key_bytes"], len(meta["key"])) == (len(key), min(len(key), 1_000))
    assert ("cut" in meta) == (len(row["raw"]) < LARGEST - len(key))
    watching = log.subscribe([REJECTED], "watch")
    (entry,) = watching.poll(dict.fromkeys(watching.assigned()), 10, 0.1)
    assert Record(entry.key, entry.value, entry.headers).size <= LARGEST
    watching.close()


def test_a_refusal_that_the_broker_finds_too_large_is_kept_all_the_same(
    log: SqlLog, database: Database, start: Callable[..., Recorder]
) -> None:
    class Small:
        def append(self, topic: str, records: Any) -> None:
            raise RecordTooLarge("at most 100 kB")

        subscribe = ends = close = append

    put(log, page(1))
    log.append(TOUCHPOINTS, [Record(b"key", b"not json"), Record(b"key", b"nor this")])
    assert drained(start(out=Small())) == Recorded(read=3, written=1, refused=2, kept=2)
    assert {row["raw"] for row in rejections(database)} == {b"not json", b"nor this"}


def test_a_dead_letter_of_others_is_kept_too(log: SqlLog, database: Database, start: Callable[..., Recorder]) -> None:
    log.append(REJECTED, [Record(b"", b"raw\x00", (("leadline.meta", b"[1]"), ("x", b"\xff")))])
    drained(start())
    (row,) = rejections(database)
    assert (row["door"], row["reason"], row["raw"]) == ("log", "no reason was given", b"raw\x00")


class Failing(EventStore):
    """An event store whose commit fails, before or after the fact."""

    def __init__(self, database: Database, committed: bool) -> None:
        super().__init__(database)
        self.committed = committed
        self.failures = 1

    def append(self, incoming: Any, advances: Any, recorded_at: int, also: Any = None) -> Appended:
        if self.failures:
            self.failures -= 1
            if self.committed:
                super().append(incoming, advances, recorded_at, also)
            raise DatabaseAway("the connection was lost")
        return super().append(incoming, advances, recorded_at, also)


@pytest.mark.parametrize("committed", [False, True])
def test_a_commit_whose_outcome_is_unknown_neither_loses_nor_repeats(
    log: SqlLog, database: Database, start: Callable[..., Recorder], committed: bool
) -> None:
    put(log, *(page(n) for n in range(10)))
    log.append(TOUCHPOINTS, [Record(b"key", b"not json")])
    recorder = start(Failing(database, committed))
    with pytest.raises(DatabaseAway):
        recorder.run_once(wait=0.1)
    drained(recorder)
    assert len(rows(database)) == 10
    assert len(rejections(database)) == 1


def test_two_recorders_on_one_partition_write_each_touchpoint_once(
    log: SqlLog, database: Database, start: Callable[..., Recorder]
) -> None:
    first, second = start(), start()
    put(log, *(page(n) for n in range(20)))
    first.run_once(limit=10, wait=0.1)
    second.run_once(limit=5, wait=0.1)
    with pytest.raises(Fenced):
        first.run_once(limit=10, wait=0.1)
        first.run_once(limit=10, wait=0.1)
        second.run_once(limit=10, wait=0.1)
    drained(second)
    drained(first)
    positions = [row["position"] for row in rows(database)]
    assert positions == list(range(1, 21))


def test_a_rejected_topic_that_is_away_holds_the_batch_back(
    log: SqlLog, database: Database, start: Callable[..., Recorder]
) -> None:
    class Away:
        def append(self, topic: str, records: Any) -> None:
            raise LogAway("the broker is away")

        subscribe = ends = close = append

    put(log, page(1))
    log.append(TOUCHPOINTS, [Record(b"key", b"not json")])
    with pytest.raises(LogAway):
        start(out=Away()).run_once(wait=0.1)
    assert rows(database) == []
    drained(start())
    assert (len(rows(database)), len(rejections(database))) == (1, 1)


def test_run_waits_out_what_is_away_and_stops(log: SqlLog, database: Database, start: Callable[..., Recorder]) -> None:
    recorder = start(Failing(database, committed=False))
    stop = threading.Event()
    thread = threading.Thread(target=recorder.run, args=(stop,))
    with capture_logs() as lines:
        thread.start()
        put(log, *(page(n) for n in range(5)))
        until = time.monotonic() + 10
        while len(rows(database)) < 5 and time.monotonic() < until:
            time.sleep(0.02)
        stop.set()
        thread.join(5)
    assert (thread.is_alive(), len(rows(database))) == (False, 5)
    assert [line["event"] for line in lines] == ["record.assigned", "record.waits", "record.goes_on"]


def test_a_log_that_lost_its_end_is_read_again_from_its_start(database: Database, ids: Ids, log: SqlLog) -> None:
    partition = Partition("cluster/topic/0", TOUCHPOINTS, 0)
    position = Advance(partition.name, 100, None)
    EventStore(database).append([], [position], START)

    class Shorter:
        left = [Entry(partition, n, b"k", encode(page(n))) for n in range(3)]

        def assigned(self) -> tuple[Partition, ...]:
            return (partition,)

        def poll(self, after: Mapping[Partition, int | None], limit: int, wait: float) -> list[Entry]:
            found, self.left = self.left, []
            return found

        def close(self) -> None: ...

    recorder = Recorder(Shorter(), database, EventStore(database), ids, log)
    assert recorder.run_once().written == 3
    with database.snapshot() as conn:
        assert EventStore(database).source_position(conn, partition.name) == 2


def test_what_is_appended_to_a_log_restored_from_a_backup_is_recorded(
    tmp_path: Path, database: Database, ids: Ids, log: SqlLog
) -> None:
    put(log, *(page(n) for n in range(3)))
    with closing(sqlite3.connect(tmp_path / "backup.db")) as backup:
        log._writer.backup(backup)
    put(log, *(page(n) for n in range(3, 10)))
    recorder = Recorder(log.subscribe(IN, "record"), database, EventStore(database), ids, log)
    assert drained(recorder).written == 10
    recorder.close()
    restored = SqlLog(tmp_path / "backup.db")
    put(restored, *(page(n) for n in range(20, 25)))
    recorder = Recorder(restored.subscribe(IN, "record"), database, EventStore(database), ids, restored)
    assert drained(recorder).written == 5
    put(restored, page(30))
    assert drained(recorder).written == 1
    recorder.close()
    restored.close()


def test_incoming_of_the_recorder_says_the_same_as_the_touchpoint(
    log: SqlLog, database: Database, start: Callable[..., Recorder], ids: Ids
) -> None:
    people = (
        (Identity("phone", "+491234567"), Identity("email", "a@example.com")),
        (Identity("email", "a@example.com"), Identity("user_id", "u"), Identity("anonymous_id", "z")),
        (Identity("phone", "+491234567"),),
    )
    sent = [page(n, identities=people[n % 3], occurred_at=START + n, seq=n % 4) for n in range(12)]
    for one in sent:  # the wire may hold them in any order
        wire = orjson.loads(encode(one))
        wire["identities"].reverse()
        log.append(TOUCHPOINTS, [Record(b"k", orjson.dumps(wire))])
    drained(start())
    for row, one in zip(rows(database), sent, strict=True):
        ordered = one._replace(identities=tuple(sorted(one.identities, key=lambda each: each.kind)))
        kinds = {identity.kind: identity for identity in ordered.identities}
        nearest = next(kinds[kind] for kind in ("anonymous_id", "user_id", "email", "phone") if kind in kinds)
        assert row["trail"] == ids.of(nearest)
        assert (row["instant"], row["seq"], row["received"]) == (one.instant, one.seq, one.received_at)


def test_positions_are_one_row_a_partition(log: SqlLog, database: Database, start: Callable[..., Recorder]) -> None:
    put(log, page(1))
    log.append(REJECTED, [Record(b"", b"raw")])
    drained(start())
    with database.snapshot() as conn:
        names = sorted(name for (name,) in conn.execute(select(tracking.c.name)))
    assert names == sorted(partition.name for partition in log.ends(IN))
