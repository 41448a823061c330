"""Reading every event through the eventsourcing library's own Application: the slow, documented way."""

from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

from eventsourcing.application import Application, LocalNotificationLog

from domain.touchpoints.event import TouchpointRecorded
from store.database.database import Database

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
            "LEADLINE_DATABASE": database.engine.url.render_as_string(hide_password=False),
        }
    )


def notified(database: Database, until: int) -> Iterator[TouchpointRecorded]:
    """Every recorded touchpoint up to a position, in order. Raises UnknownTopic."""
    app = application(database)
    try:
        log = LocalNotificationLog(app.recorder, section_size=SECTION)
        start = 1
        while start <= until:
            section = log.select(start, SECTION, stop=until)
            if not section:
                return
            for notification in section:
                yield cast(TouchpointRecorded, cast(Any, app.mapper).to_domain_event(notification))
            start = section[-1].id + 1
    finally:
        app.close()
