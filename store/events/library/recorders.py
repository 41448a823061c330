"""The eventsourcing library's recorders over our tables, so that its applications, projections and tools work on them.

Hot paths use store/events/store.py; both write under one lock and one law of positions.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DataError,
    ListenNotifySubscription,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from sqlalchemy import Connection, Table, select

from store.database import bulk
from store.database.database import Database
from store.database.tables import events, snapshots
from store.events.library.mapper import StoredTouchpoint
from store.events.positions import advance, position_of
from store.events.store import last_position, lock_events


class Datastore:
    """The database as the recorders of one factory share it.

    `with datastore.transaction() as conn:` joins everything that this thread does through them: events, snapshots,
    tracking and rows of the caller's own are committed or rolled back together.
    """

    def __init__(self, database: Database, consumer: str = "") -> None:
        self.database = database
        self.consumer = consumer
        self._joined = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """This thread's transaction, begun where there is none; a part of it that fails is undone as a whole."""
        outer: Connection | None = getattr(self._joined, "conn", None)
        if outer is not None:
            with outer.begin_nested():
                yield outer
            return
        with self.database.transaction() as conn:
            self._joined.conn = conn
            try:
                yield conn
            finally:
                self._joined.conn = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """This thread's transaction if it has one, else a snapshot."""
        outer: Connection | None = getattr(self._joined, "conn", None)
        if outer is not None:
            yield outer
            return
        with self.database.snapshot() as conn:
            yield conn

    def tracked(self, upstream: str) -> str:
        """The name of a position: two consumers of one upstream must not share it."""
        return f"{self.consumer}:{upstream}" if self.consumer else upstream


class SqlAggregateRecorder(AggregateRecorder):
    """Streams by originator: of the events table, or of the snapshots, which have no positions."""

    def __init__(self, datastore: Datastore, table: Table = events) -> None:
        self.datastore = datastore
        self.table = table

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Write the events, all or none. Raises VersionConflict, TouchpointKnown, DataError, Retry's kinds."""
        _nothing_else(kwargs)
        with self.datastore.transaction() as conn:
            self._insert(conn, stored_events)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The stream's events, exactly as StoredEvent."""
        table = self.table.c
        query = select(table.trail, table.version, table.topic, table.state).where(table.trail == _uuid(originator_id))
        if gt is not None:
            query = query.where(table.version > gt)
        if lte is not None:
            query = query.where(table.version <= lte)
        query = query.order_by(table.version.desc() if desc else table.version).limit(limit)
        with self.datastore.reading() as conn:
            return [
                StoredEvent(trail, version, topic, bytes(state)) for trail, version, topic, state in conn.execute(query)
            ]

    def _insert(self, conn: Connection, stored_events: Sequence[StoredEvent]) -> list[int]:
        if not stored_events:
            return []
        if self.table is snapshots:
            rows = [(_uuid(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events]
            bulk.insert(conn, snapshots, rows)
            return []
        lock_events(self.datastore.database, conn)
        first = last_position(conn) + 1
        bulk.insert(conn, events, [_row(position, event) for position, event in enumerate(stored_events, first)])
        return list(range(first, first + len(stored_events)))


class SqlApplicationRecorder(SqlAggregateRecorder, ApplicationRecorder):
    """Streams, and the one sequence of all events."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Write the events, all or none; the positions they got."""
        _nothing_else(kwargs)
        with self.datastore.transaction() as conn:
            return self._insert(conn, stored_events)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events by position, from `start` (which None is the beginning of) to `stop`."""
        table = events.c
        query = select(table.position, table.trail, table.version, table.topic, table.state)
        if start is not None:
            query = query.where(table.position >= start if inclusive_of_start else table.position > start)
        if stop is not None:
            query = query.where(table.position <= stop)
        if topics:
            query = query.where(table.topic.in_(topics))
        with self.datastore.reading() as conn:
            return [
                Notification(
                    id=position, originator_id=trail, originator_version=version, topic=topic, state=bytes(state)
                )
                for position, trail, version, topic, state in conn.execute(query.order_by(table.position).limit(limit))
            ]

    def max_notification_id(self) -> int | None:
        """The newest position (None: there is no event)."""
        with self.datastore.reading() as conn:
            return last_position(conn) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Events after a position as they come, by polling."""
        return PollingSubscription(self, gt, topics)


class PollingSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """Follows by asking again: at most INTERVAL seconds late, on either database, without a connection of its own."""

    INTERVAL: Final = 0.05

    def _loop_on_pull(self) -> None:
        try:
            while not self._has_been_stopped:
                self._pull()
                self._has_been_notified.wait(self.INTERVAL)
        except BaseException as error:  # handed to the thread that iterates
            if self._thread_error is None:
                self._thread_error = error
            self.stop()


class SqlTrackingRecorder(TrackingRecorder):
    """Positions of consumers. Subclasses write their own rows with them in `datastore.transaction()`."""

    def __init__(self, datastore: Datastore) -> None:
        self.datastore = datastore

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move a position: a Tracking to any greater one, an Advance from exactly the expected one."""
        with self.datastore.transaction() as conn:
            self._track(conn, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """The consumer's position in that upstream."""
        with self.datastore.reading() as conn:
            return position_of(conn, self.datastore.tracked(application_name))

    def _track(self, conn: Connection, tracking: Tracking) -> None:
        named = {**vars(tracking), "application_name": self.datastore.tracked(tracking.application_name)}
        advance(conn, [type(tracking)(**named)])


class SqlProcessRecorder(SqlTrackingRecorder, SqlApplicationRecorder, ProcessRecorder):
    """Events and the consumer's position in one transaction."""

    def __init__(self, datastore: Datastore) -> None:
        SqlApplicationRecorder.__init__(self, datastore)

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, tracking: Tracking | None = None, **kwargs: Any
    ) -> Sequence[int] | None:
        """Write the events and move the position, both or neither."""
        _nothing_else(kwargs)
        with self.datastore.transaction() as conn:
            if tracking is not None:
                self._track(conn, tracking)
            return self._insert(conn, stored_events)


def _row(position: int, event: StoredEvent) -> tuple[Any, ...]:
    head = (position, _uuid(event.originator_id), event.originator_version, event.topic, event.state)
    if isinstance(event, StoredTouchpoint):
        return (
            *head, event.type, event.instant, event.seq, event.received, event.recorded, event.source, event.dedupe
        )  # fmt: skip
    return (*head, None, None, None, None, None, None, None)


def _uuid(originator_id: UUID | str) -> UUID:
    if not isinstance(originator_id, UUID):
        raise DataError(f"originator id: found a {type(originator_id).__name__}, allowed is a UUID")
    return originator_id


def _nothing_else(kwargs: dict[str, Any]) -> None:
    # The library's own recorders swallow what they do not know, and with it what the caller meant.
    unknown = sorted(name for name, value in kwargs.items() if value is not None)  # it passes tracking=None everywhere
    if unknown:
        raise TypeError(f"insert_events() does not know {', '.join(unknown)}")
