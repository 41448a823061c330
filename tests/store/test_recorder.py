"""The library's recorders: what its own suites do not ask, and the mapper of touchpoints."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application, LocalNotificationLog, ProcessingEvent
from eventsourcing.domain import Aggregate, DomainEventProtocol
from eventsourcing.persistence import DataError, IntegrityError, StoredEvent, Tracking
from eventsourcing.projection import EventSourcedProjection, EventSourcedProjectionRunner
from eventsourcing.utils import get_topic
from sqlalchemy import insert, select

from domain.errors import Fenced
from domain.touchpoints.envelope import decode
from domain.touchpoints.event import TouchpointRecorded, UnknownTopic
from store.database.database import Database
from store.database.errors import TouchpointKnown, VersionConflict
from store.database.tables import events, installation
from store.events.ids import Ids
from store.events.library.mapper import StoredTouchpoint, TouchpointMapper
from store.events.library.recorders import Datastore, SqlApplicationRecorder, SqlProcessRecorder, SqlTrackingRecorder
from store.events.store import Advance, EventStore
from tests.store.conftest import ID_KEY
from tests.store.touchpoints import NOW, incoming, trail


def a_stored_event(on: UUID, version: int) -> StoredEvent:
    return StoredEvent(on, version, "topic", b"state")


def environment(database_url: str) -> dict[str, str]:
    return {
        "PERSISTENCE_MODULE": "store.events.library.factory",
        "LEADLINE_DATABASE": database_url,
        "IS_SNAPSHOTTING_ENABLED": "y",
    }


# ---- positions ---------------------------------------------------------------------------------------------------


def test_an_advance_is_a_swap_through_the_librarys_interface(database: Database) -> None:
    recorder = SqlProcessRecorder(Datastore(database, "consumer"))
    on = uuid4()
    recorder.insert_events([a_stored_event(on, 1)], tracking=Advance("upstream", 10, None))
    with pytest.raises(Fenced):
        recorder.insert_events([a_stored_event(on, 2)], tracking=Advance("upstream", 20, 5))
    recorder.insert_tracking(Advance("upstream", 20, 10))
    assert recorder.max_tracking_id("upstream") == 20
    assert len(recorder.select_events(on)) == 1
    assert recorder.max_notification_id() == 1


def test_two_consumers_of_one_upstream_are_independent(database: Database) -> None:
    one, two = (SqlTrackingRecorder(Datastore(database, name)) for name in ("one", "two"))
    one.insert_tracking(Tracking("upstream", 5))
    assert two.max_tracking_id("upstream") is None
    two.insert_tracking(Tracking("upstream", 3))
    assert (one.max_tracking_id("upstream"), two.max_tracking_id("upstream")) == (5, 3)
    with pytest.raises(IntegrityError):
        two.insert_tracking(Tracking("upstream", 3))


# ---- conflicts and refusals --------------------------------------------------------------------------------------


def test_known_touchpoint_and_version_conflict_are_told_apart(database: Database) -> None:
    mapper = TouchpointMapper(ids=Ids(ID_KEY))
    recorder = SqlApplicationRecorder(Datastore(database))
    stored = mapper.to_stored_event(TouchpointRecorded(trail("a"), 1, incoming("1").envelope, NOW))
    assert recorder.insert_events([stored]) == [1]
    with pytest.raises(TouchpointKnown):
        recorder.insert_events([mapper.to_stored_event(TouchpointRecorded(trail("a"), 2, incoming("1").envelope, NOW))])
    with pytest.raises(VersionConflict):
        recorder.insert_events([mapper.to_stored_event(TouchpointRecorded(trail("a"), 1, incoming("2").envelope, NOW))])
    assert recorder.insert_events([a_stored_event(trail("b"), 0)]) == [2]


def test_other_ids_and_unknown_arguments_are_refused(database: Database) -> None:
    recorder = SqlApplicationRecorder(Datastore(database))
    with pytest.raises(DataError, match="allowed is a UUID"):
        recorder.insert_events([StoredEvent("text", 1, "topic", b"")])
    with pytest.raises(DataError):
        recorder.select_events("text")
    for arguments in ({"tracking": Tracking("upstream", 1)}, {"conection": object()}):
        with pytest.raises(TypeError, match=f"does not know {next(iter(arguments))}"):
            recorder.insert_events([a_stored_event(uuid4(), 1)], **arguments)
    assert recorder.max_notification_id() is None


# ---- transactions of several -------------------------------------------------------------------------------------


class Account(Aggregate):
    """An aggregate of the library's own."""


class Deposited(Aggregate.Event):
    """Something that happened to it."""


def test_save_snapshot_and_own_row_roll_back_together(database_url: str) -> None:
    app = Application[UUID](env=environment(database_url))
    account = Account()
    app.save(account)
    datastore = app.recorder.datastore  # type: ignore[attr-defined]

    def change() -> None:
        account: Account = app.repository.get(kept)
        account.trigger_event(Deposited)
        app.save(account)
        app.take_snapshot(kept)
        assert app.repository.get(kept).version == version + 1, "it reads what it wrote"

    kept, version = account.id, 1
    with pytest.raises(RuntimeError), datastore.transaction() as conn:
        conn.execute(insert(installation), [{"name": "own", "value": b""}])
        change()
        raise RuntimeError
    assert app.snapshots is not None
    assert list(app.snapshots.get(kept)) == []
    assert [event.originator_version for event in app.events.get(kept)] == [1]
    assert app.recorder.max_notification_id() == 1
    with datastore.transaction() as conn:
        assert conn.execute(select(installation.c.name)).scalars().all() == ["id_key"]
        conn.execute(insert(installation), [{"name": "own", "value": b""}])
        change()
    assert [snapshot.originator_version for snapshot in app.snapshots.get(kept)] == [2]
    assert app.recorder.max_notification_id() == 2
    app.close()


def test_a_part_that_fails_is_undone_alone(database: Database) -> None:
    datastore = Datastore(database)
    recorder = SqlProcessRecorder(datastore)
    on = uuid4()
    with datastore.transaction():
        recorder.insert_events([a_stored_event(on, 1)])
        with pytest.raises(VersionConflict):
            recorder.insert_events([a_stored_event(uuid4(), 1), a_stored_event(on, 1)], tracking=Tracking("up", 1))
        recorder.insert_events([a_stored_event(on, 2)])
    assert recorder.max_notification_id() == 2
    assert recorder.max_tracking_id("up") is None


def test_a_transaction_is_one_threads(database: Database) -> None:
    recorder = SqlApplicationRecorder(Datastore(database))
    seen: list[int | None] = []
    with recorder.datastore.transaction():
        recorder.insert_events([a_stored_event(uuid4(), 1)])
        other = threading.Thread(target=lambda: seen.append(recorder.max_notification_id()))
        other.start()
        other.join(10)
    assert seen == [None]
    assert recorder.max_notification_id() == 1


# ---- projections -------------------------------------------------------------------------------------------------


class Copied(Aggregate.Event):
    """What the projection records."""


class Copies(EventSourcedProjection[UUID]):
    """Records one aggregate for each account that begins, on the log that it reads."""

    topics: Sequence[str] = (get_topic(Account.Created),)

    def policy(self, domain_event: DomainEventProtocol[UUID], processing_event: ProcessingEvent[UUID]) -> None:
        copy = Aggregate()
        copy.trigger_event(Copied)
        processing_event.collect_events(copy)


def test_a_projection_on_the_shared_store_comes_to_rest(database_url: str) -> None:
    env = environment(database_url)
    with EventSourcedProjectionRunner(application_class=Application[UUID], projection_class=Copies, env=env) as runner:
        for _ in range(4):
            recordings = runner.app.save(Account())
            runner.wait(recordings[-1].notification.id, timeout=10)
        time.sleep(0.5)
        assert runner.app.recorder.max_notification_id() == 4 + 2 * 4


# ---- touchpoints -------------------------------------------------------------------------------------------------


def test_what_was_appended_reads_back_through_the_librarys_log(database: Database) -> None:
    """Guarantee: the slow documented way sees what the fast one wrote."""
    batch = [incoming(f"{n}", f"t{n % 3}") for n in range(25)]
    EventStore(database).append(batch, [], NOW)
    recorder = SqlApplicationRecorder(Datastore(database))
    mapper = TouchpointMapper()
    log = LocalNotificationLog(recorder, section_size=10)
    notifications = [one for start in (1, 11, 21) for one in log.select(start=start, limit=10)]
    assert [notification.id for notification in notifications] == list(range(1, 26))
    read = [mapper.to_domain_event(notification) for notification in notifications]
    assert [(event.originator_id, event.envelope) for event in read] == [(new.trail, new.envelope) for new in batch]
    assert [event.touchpoint.id for event in read] == [str(n) for n in range(25)]
    stream = [mapper.to_domain_event(event) for event in recorder.select_events(trail("t1"))]
    assert [event.originator_version for event in stream] == list(range(1, 9))


def test_both_ways_store_the_same_row(database: Database) -> None:
    ids = Ids(ID_KEY)
    fast, slow = incoming("1", "a"), incoming("2", "a")
    for one, id in ((fast, "1"), (slow, "2")):
        one.dedupe = ids.dedupe("website", id)
    EventStore(database).append([fast], [], NOW)
    stored = TouchpointMapper(ids=ids).to_stored_event(TouchpointRecorded(trail("a"), 2, slow.envelope, NOW))
    assert isinstance(stored, StoredTouchpoint)
    SqlApplicationRecorder(Datastore(database)).insert_events([stored])
    with database.snapshot() as conn:
        one, two = (row._asdict() for row in conn.execute(select(events).order_by(events.c.position)))
    differing = {name for name in one if one[name] != two[name]}
    assert differing == {"position", "version", "state", "dedupe"}
    assert two["dedupe"] == slow.dedupe
    with database.snapshot() as conn:
        recorded = [touchpoint for _, touchpoint in EventStore(database).scan(conn, 0, 9)]
    assert recorded == [decode(fast.envelope), decode(slow.envelope)]


@dataclass(frozen=True)
class Unknown:
    """An event of nobody's."""

    originator_id: UUID
    originator_version: int


def test_only_registered_events_pass_the_mapper() -> None:
    mapper = TouchpointMapper(ids=Ids(ID_KEY))
    with pytest.raises(UnknownTopic, match="written by a newer release"):
        mapper.to_domain_event(StoredEvent(uuid4(), 1, "os:system", b""))
    with pytest.raises(TypeError, match="Unknown is no event of Leadline"):
        mapper.to_stored_event(Unknown(uuid4(), 1))
    with pytest.raises(TypeError, match="ids"):
        TouchpointMapper().to_stored_event(TouchpointRecorded(uuid4(), 1, incoming("1").envelope))


@pytest.mark.parametrize("extra", [{}, {"COMPRESSOR_TOPIC": "zlib"}])
def test_the_factory_makes_our_mapper(database_url: str, extra: dict[str, Any]) -> None:
    env = {**environment(database_url), "MAPPER_TOPIC": "store.events.library.mapper:TouchpointMapper", **extra}
    app = Application[UUID](env=env)
    event = TouchpointRecorded(trail("a"), 1, incoming("1").envelope, NOW)
    app.events.put([event])
    [read] = app.events.get(trail("a"))
    assert isinstance(read, TouchpointRecorded)
    assert read.envelope == event.envelope
    app.close()


class Sales(Application[UUID]):
    """An application with a name of its own, which prefixes its settings."""


def test_the_factory_says_what_it_needs() -> None:
    with pytest.raises(OSError, match="set SALES_LEADLINE_DATABASE, LEADLINE_DATABASE to a postgresql://"):
        Sales(env={"PERSISTENCE_MODULE": "store.events.library.factory", "LEADLINE_DATABASE": ""})
