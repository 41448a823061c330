"""Touchpoints in batches: each once, positions without a gap in the order of commits, one consumer a position."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from eventsourcing.persistence import DataError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from domain.errors import Fenced
from domain.touchpoints.envelope import decode
from domain.touchpoints.event import UnknownTopic
from store.database import bulk
from store.database.database import Database
from store.database.errors import TouchpointKnown, VersionConflict
from store.database.tables import events, installation
from store.events.store import Advance, Appended, EventStore, Incoming, lock_events
from tests.store.touchpoints import NOW, incoming, trail

PARTITION = "cluster/topic/0"


def stored(database: Database) -> list[tuple[int, bytes]]:
    """Everything that is committed: positions and stored bytes."""
    with database.snapshot() as conn:
        rows = conn.execute(select(events.c.position, events.c.state).order_by(events.c.position))
        return [(row.position, bytes(row.state)) for row in rows]


def test_positions_and_versions_follow_the_batch(database: Database) -> None:
    store = EventStore(database)
    batch = [incoming("1", "a"), incoming("2", "b"), incoming("3", "a")]
    assert store.append(batch, [Advance(PARTITION, 2, None)], NOW) == Appended(1, 3, 3, 0)
    assert store.append([incoming("4", "a")], [Advance(PARTITION, 3, 2)], NOW) == Appended(4, 4, 1, 0)
    with database.snapshot() as conn:
        rows = conn.execute(select(events.c.position, events.c.trail, events.c.version).order_by(events.c.position))
        assert [tuple(row) for row in rows] == [
            (1, trail("a"), 1), (2, trail("b"), 1), (3, trail("a"), 2), (4, trail("a"), 3)
        ]  # fmt: skip
        assert store.last_position(conn) == 4
        assert store.source_position(conn, PARTITION) == 3
        assert store.source_position(conn, "another") is None


def test_clear_columns_stand_beside_the_envelope(database: Database) -> None:
    one = incoming("1")
    one.source = "web\x00site"  # an envelope may hold a NUL, no database does
    EventStore(database).append([one], [], NOW + 5)
    with database.snapshot() as conn:
        row = conn.execute(select(events)).one()._asdict()
    assert row == {
        "position": 1, "trail": one.trail, "version": 1, "topic": "leadline.touchpoint_recorded", "state": one.envelope,
        "type": "page_viewed", "instant": NOW, "seq": 0, "received": NOW + 1_000, "recorded": NOW + 5,
        "source": "web\ufffdsite", "dedupe": one.dedupe,
    }  # fmt: skip


def test_the_first_copy_wins_within_a_batch_across_batches_and_after_a_restart(database: Database) -> None:
    store = EventStore(database)
    first, second = incoming("1", says="-first"), incoming("1", says="-second")
    assert store.append([first, second], [], NOW) == Appended(1, 1, 1, 1)
    assert store.append([second, incoming("2")], [], NOW) == Appended(2, 2, 1, 1)
    assert EventStore(database).append([second, incoming("2")], [Advance(PARTITION, 9, None)], NOW) == Appended(
        None, None, 0, 2
    )
    assert stored(database) == [(1, first.envelope), (2, incoming("2").envelope)]


def test_positions_alone_can_be_advanced(database: Database) -> None:
    store = EventStore(database)
    moves = [Advance("b", 5, None), Advance("a", 7, None)]
    assert store.append([], moves, NOW) == Appended(None, None, 0, 0)
    with database.snapshot() as conn:
        assert (store.source_position(conn, "a"), store.source_position(conn, "b")) == (7, 5)


def test_what_else_is_written_shares_the_transaction_even_when_it_is_tried_again(database: Database) -> None:
    store = EventStore(database)
    store.append([incoming("1")], [], NOW)
    calls: list[str] = []

    def also(conn: object) -> None:
        calls.append("called")
        bulk.insert(conn, installation, [("log", b"x")])  # type: ignore[arg-type]

    assert store.append([incoming("1"), incoming("2")], [], NOW, also).written == 1
    assert calls == ["called", "called"]
    with database.snapshot() as conn:
        assert bulk.select_in(conn, installation, ["value"], "name", ["log"]) == [(b"x",)]


def test_a_late_commit_hides_nothing(database: Database) -> None:
    """Guarantee: position order is commit order. While one writer's transaction is open, nobody passes it."""
    holding, release = threading.Event(), threading.Event()

    def hold(conn: object) -> None:
        if threading.current_thread().name == "late":
            holding.set()
            assert release.wait(10)

    event.listen(database.engine, "commit", hold)
    late = threading.Thread(
        target=lambda: EventStore(database).append([incoming("late")], [], NOW), name="late", daemon=True
    )
    quick = threading.Thread(target=lambda: EventStore(database).append([incoming("quick")], [], NOW), daemon=True)
    late.start()
    assert holding.wait(10)
    quick.start()
    quick.join(0.3)
    assert quick.is_alive(), "the second writer must wait for the first"
    assert stored(database) == []
    release.set()
    late.join(10)
    quick.join(10)
    assert stored(database) == [(1, incoming("late").envelope), (2, incoming("quick").envelope)]


def test_failed_writes_burn_no_position(database: Database) -> None:
    store = EventStore(database)
    store.append([incoming("1")], [Advance(PARTITION, 1, None)], NOW)
    huge = incoming("2")
    huge.instant = 2**63
    for _ in range(3):
        with pytest.raises(DataError, match=r"events\.instant"):
            store.append([incoming("3"), huge], [], NOW)
        with pytest.raises(Fenced):
            store.append([incoming("4")], [Advance(PARTITION, 9, 0)], NOW)
        with pytest.raises(RuntimeError), database.transaction() as conn:
            lock_events(database, conn)
            bulk.insert(conn, events, [(2, trail("x"), 1, "t", b"", *[None] * 7)])
            raise RuntimeError
    assert store.append([incoming("5")], [Advance(PARTITION, 2, 1)], NOW) == Appended(2, 2, 1, 0)


def test_the_stale_consumer_loses_and_its_rows_roll_back(database: Database) -> None:
    EventStore(database).append([incoming("1")], [Advance(PARTITION, 10, None)], NOW)
    owner, zombie = EventStore(database), EventStore(database)
    owner.append([incoming("2")], [Advance(PARTITION, 20, 10)], NOW)
    with pytest.raises(Fenced, match="is 20, expected 10"):
        zombie.append([incoming("3")], [Advance("another", 1, None), Advance(PARTITION, 15, 10)], NOW)
    assert [position for position, _ in stored(database)] == [1, 2]
    with database.snapshot() as conn:
        assert owner.source_position(conn, PARTITION) == 20
        assert owner.source_position(conn, "another") is None


def test_a_swap_never_moves_back(database: Database) -> None:
    store = EventStore(database)
    store.append([], [Advance(PARTITION, 30, None)], NOW)
    for new in (20, 30):
        with pytest.raises(Fenced, match="cannot move from 30"):
            store.append([], [Advance(PARTITION, new, 30)], NOW)
    with pytest.raises(Fenced, match="expected None"):
        store.append([], [Advance(PARTITION, 40, None)], NOW)
    with pytest.raises(Fenced, match="is None, expected 3"):
        store.append([], [Advance("unknown", 40, 3)], NOW)


def test_of_eight_first_consumers_one_wins(database: Database) -> None:
    wins: list[int] = []
    together = threading.Barrier(8)

    def run(number: int) -> None:
        together.wait()
        try:
            EventStore(database).append([incoming(f"{number}")], [Advance(PARTITION, 1, None)], NOW)
        except Fenced:
            return
        wins.append(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(wins) == 1
    assert stored(database) == [(1, incoming(f"{wins[0]}").envelope)]


def test_another_writer_of_a_trail_is_noticed(database: Database) -> None:
    """A store that remembers a trail's version finds it stale after a rebalance, and reads it anew."""
    one, other = EventStore(database), EventStore(database)
    one.append([incoming("1", "a")], [], NOW)
    other.append([incoming("2", "a"), incoming("3", "b")], [], NOW)
    assert one.append([incoming("4", "a"), incoming("5", "b")], [], NOW) == Appended(4, 5, 2, 0)
    assert other.append([incoming("1", "a"), incoming("6", "a")], [], NOW) == Appended(6, 6, 1, 1)
    with database.snapshot() as conn:
        rows = conn.execute(select(events.c.version).where(events.c.trail == trail("a")).order_by(events.c.position))
        assert rows.scalars().all() == [1, 2, 3, 4]


def test_the_memory_of_versions_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventStore, "VERSIONS", 3)
    store = EventStore(database)
    for number in range(20):
        store.append([incoming(f"{number}", f"trail-{number % 5}")], [], NOW)
        assert len(store._versions) <= 3
    with database.snapshot() as conn:
        assert len(store.of_trails(conn, [trail("trail-0")], 1_000)) == 4


def test_known_touchpoint_and_version_conflict_are_told_apart(database: Database) -> None:
    EventStore(database).append([incoming("1", "a")], [], NOW)
    known = (2, trail("b"), 1, "t", b"", *[None] * 6, incoming("1").dedupe)
    taken = (2, trail("a"), 1, "t", b"", *[None] * 6, b"new")
    passed = (1, trail("c"), 1, "t", b"", *[None] * 7)
    for row, expected in ((known, TouchpointKnown), (taken, VersionConflict), (passed, VersionConflict)):
        with pytest.raises(expected) as caught, database.transaction() as conn:
            bulk.insert(conn, events, [row])
        assert type(caught.value) is expected


@contextmanager
def writing(database: Database) -> Iterator[None]:
    """Another writer at work all the while."""
    stop = threading.Event()

    def write() -> None:
        number, store = 0, EventStore(database)
        while not stop.is_set():
            number += 1
            store.append([incoming(f"w{number}", f"w{number % 7}"), incoming(f"x{number}", "w")], [], NOW)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def test_a_follower_sees_every_position_once_and_in_order(database: Database) -> None:
    store, seen = EventStore(database), [0]
    with writing(database), writing(database):
        while seen[-1] < 60:
            with database.snapshot() as conn:
                seen += [position for position, _ in store.scan(conn, seen[-1], 7)]
    assert seen == list(range(len(seen)))


def test_reads_by_range_and_by_trail(database: Database) -> None:
    store = EventStore(database)
    batch = [incoming(f"{number}", f"t{number % 700}") for number in range(2_100)]
    store.append(batch, [], NOW)
    touchpoints = [decode(new.envelope) for new in batch]
    with database.snapshot() as conn:
        assert store.scan(conn, 10, 3) == list(zip((11, 12, 13), touchpoints[10:13], strict=True))
        assert store.scan(conn, 10, 100, until=12) == list(zip((11, 12), touchpoints[10:12], strict=True))
        assert store.scan(conn, 2_100, 5) == []
        parts = list(store.scan_range(conn, 100, 2_000, size=1_000))
        assert [len(part) for part in parts] == [1_000, 900]
        assert [touchpoint for part in parts for _, touchpoint in part] == touchpoints[100:2_000]
        trails = [trail(f"t{number}") for number in range(600)]
        found = store.of_trails(conn, [*trails, trail("t0"), trail("unknown")], 1_400)
        assert found == [(n + 1, touchpoints[n]) for n in range(1_400) if n % 700 < 600]
        assert store.of_trails(conn, [], 5) == []
        middle = sorted(touchpoint.instant for _, touchpoint in found)[len(found) // 2]
        later = [(position, touchpoint) for position, touchpoint in found if touchpoint.instant > middle]
        assert store.of_trails(conn, [*trails, trail("t0"), trail("unknown")], 1_400, middle) == later


def test_a_gap_that_somebody_made_is_no_end(database: Database) -> None:
    store = EventStore(database)
    store.append([incoming(f"{number}") for number in range(30)], [], NOW)
    with database.transaction() as conn:
        bulk.delete(conn, events, "position", list(range(5, 25)))
    with database.snapshot() as conn:
        found = [position for part in store.scan_range(conn, 0, 30, size=4) for position, _ in part]
        assert found == [1, 2, 3, 4, *range(25, 31)]
        assert [position for position, _ in store.scan(conn, 4, 3)] == [25, 26, 27]
        assert store.scan(conn, 4, 3, until=20) == []


def test_an_unknown_topic_stops_the_reader(database: Database) -> None:
    store = EventStore(database)
    store.append([incoming("1")], [], NOW)
    with database.transaction() as conn:
        bulk.insert(conn, events, [(2, trail("a"), 1, "leadline.not_yet_known", b"{}", *[None] * 7)])
    with database.snapshot() as conn:
        assert len(store.scan(conn, 0, 1)) == 1
        with pytest.raises(UnknownTopic, match="not_yet_known"):
            store.scan(conn, 0, 10)
        with pytest.raises(UnknownTopic):
            store.of_trails(conn, [trail("a")], 2)


ONE = st.tuples(st.integers(0, 30), st.integers(0, 5))


@given(batches=st.lists(st.lists(ONE, max_size=12), max_size=8), restarts=st.sets(st.integers(0, 8)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_duplicates_and_cuts_leave_one_of_each(
    database: Database, batches: list[list[tuple[int, int]]], restarts: set[int]
) -> None:
    """Whatever repeats, wherever the batches are cut: first of each, gapless positions, gapless versions."""
    with database.transaction() as conn:
        conn.execute(events.delete())
    stores = [EventStore(database), EventStore(database)]
    expected: dict[int, Incoming] = {}
    for number, batch in enumerate(batches):
        if number in restarts:
            stores.reverse()
        new = [incoming(f"{id}", f"t{on}", says=f"-{number}-{n}") for n, (id, on) in enumerate(batch)]
        before = len(expected)
        for (id, _), one in zip(batch, new, strict=True):
            expected.setdefault(id, one)
        done = stores[0].append(new, [], NOW)
        assert (done.written, done.duplicates) == (len(expected) - before, len(new) - len(expected) + before)
    assert stored(database) == [(n, one.envelope) for n, one in enumerate(expected.values(), 1)]
    with database.snapshot() as conn:
        versions: dict[object, list[int]] = {}
        for on, version in conn.execute(select(events.c.trail, events.c.version).order_by(events.c.position)):
            versions.setdefault(on, []).append(version)
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
