"""What was recorded by an instant: found by position, whatever is recorded later and whatever clocks do."""

from sqlalchemy import delete

from store.database.database import Database
from store.database.tables import events
from store.events.store import EventStore, recorded_at
from tests.store.touchpoints import incoming


def record(database: Database, *instants: int) -> EventStore:
    """One touchpoint at each instant."""
    store = EventStore(database)
    with database.snapshot() as conn:
        last = store.last_position(conn)
    for number, instant in enumerate(instants, last):
        store.append([incoming(str(number))], [], instant)
    return store


def known(database: Database, store: EventStore, instant: int) -> int:
    with database.snapshot() as conn:
        return store.position_at(conn, instant)


def test_it_is_the_last_that_was_recorded_by_then(database: Database) -> None:
    store = record(database, 10, 10, 20, 30, 30, 30, 40)
    assert [known(database, store, instant) for instant in (9, 10, 11, 20, 29, 30, 39, 40, 99)] == [
        0, 2, 2, 3, 3, 6, 6, 7, 7,
    ]  # fmt: skip


def test_nothing_was_recorded_in_an_empty_store(database: Database) -> None:
    assert known(database, EventStore(database), 99) == 0


def test_what_somebody_deleted_is_passed_over(database: Database) -> None:
    store = record(database, 10, 20, 30, 40)
    with database.transaction() as conn:
        conn.execute(delete(events).where(events.c.position.in_([2, 3])))
    with database.snapshot() as conn:
        assert recorded_at(conn, 2) == 40
    assert known(database, store, 30) in (1, 2), "the same touchpoints"


def test_what_is_recorded_later_changes_nothing_of_it(database: Database) -> None:
    """Nor where clocks stepped before: the positions that are looked at are the same."""
    store = record(database, 10, 90, 20, 30, 25, 40, 70, 50)
    before = {instant: known(database, store, instant) for instant in range(0, 60, 5)}
    for more in range(1, 30):
        record(database, 100 + more)
        assert {instant: known(database, store, instant) for instant in before} == before


def test_clocks_that_differ_put_no_more_on_the_wrong_side_than_they_differ(database: Database) -> None:
    """At each true instant one is committed, noted by one of two clocks: one is right, one is five ahead."""
    store = record(database, *(true + 5 * (true % 3 == 0) for true in range(1, 41)))
    for instant in range(10, 36):
        assert instant - 5 <= known(database, store, instant) <= instant
