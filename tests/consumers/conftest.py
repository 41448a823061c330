"""A database (SQLite always, PostgreSQL where the test asks for both), a log, Kafka's topics, publishers to them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from consumers.publish.publisher import Publisher
from domain.signals.answer_link import NO_LINKS, Links
from store.database.database import Database, open_database
from store.log.kafka.log import KafkaLog
from store.log.sql import SqlLog
from tests.consumers.publishing import Topics

KEY = b"an id key for tests only"


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    database = open_database(migrated_url, KEY)
    yield database
    database.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqlLog]:
    log = SqlLog(tmp_path / "log.db")
    yield log
    log.close()


@pytest.fixture
def kafka(kafka_bootstrap: str) -> Iterator[KafkaLog]:
    log = KafkaLog(kafka_bootstrap)
    yield log
    log.close()


@pytest.fixture
def topics(kafka: KafkaLog) -> Iterator[Topics]:
    topics = Topics(kafka)
    yield topics
    topics.subscription.close()


@pytest.fixture
def publisher(request: pytest.FixtureRequest, kafka_bootstrap: str) -> Iterator[Callable[..., Publisher]]:
    """Makes publishers with logs of their own, as processes have; of `database` where none is given."""
    logs: list[KafkaLog] = []

    def make(kind: type[Publisher] = Publisher, links: Links = NO_LINKS, database: Database | None = None) -> Publisher:
        logs.append(KafkaLog(kafka_bootstrap))
        return kind(database or request.getfixturevalue("database"), logs[-1], links=links)

    yield make
    for log in logs:
        log.close()
