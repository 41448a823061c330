"""Reading every event through the eventsourcing library's own Application: the slow, documented way."""

from collections.abc import Iterator, Sequence
from typing import Any, cast
from uuid import UUID

from eventsourcing.application import Application, LocalNotificationLog
from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection

from domain.touchpoints.event import TouchpointRecorded
from domain.touchpoints.touchpoint import Position
from store.database import bulk
from store.database.database import Database
from store.database.tables import events
from store.events.library.mapper import TouchpointMapper

SECTION = 1_000
"""Notifications a query."""


class Events(Application[UUID]):
    """The library's application over our event store: nothing of its own, only to read."""

    name = "leadline"


def application(database: Database) -> Events:
    """The application on a database, with our recorder and our mapper."""
    return Events(
        env={
            "PERSISTENCE_MODULE": "store.events.library.factory",
            "MAPPER_TOPIC": "store.events.library.mapper:TouchpointMapper",
            "LEADLINE_DATABASE": database.address,
        }
    )


def notified(database: Database, until: int, after: int = 0) -> Iterator[tuple[Position, TouchpointRecorded]]:
    """Every recorded touchpoint behind a position and up to another, in order, with its own. Raises UnknownTopic."""
    app = application(database)
    try:
        log = LocalNotificationLog(app.recorder, section_size=SECTION)
        start = after + 1
        while start <= until:
            section = log.select(start, SECTION, stop=until)
            if not section:
                return
            for notification in section:
                event = cast(TouchpointRecorded, cast(Any, app.mapper).to_domain_event(notification))
                yield Position(notification.id), event
            start = section[-1].id + 1
    finally:
        app.close()


def chosen(conn: Connection, positions: Sequence[int]) -> dict[int, TouchpointRecorded]:
    """The touchpoints at some positions, by the library's mapper too. Raises UnknownTopic."""
    mapper = TouchpointMapper()
    columns = ["position", "trail", "version", "topic", "state"]
    rows = bulk.select_in(conn, events, columns, "position", positions)
    return {position: mapper.to_domain_event(StoredEvent(*stored)) for position, *stored in rows}
