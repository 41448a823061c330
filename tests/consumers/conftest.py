"""A database, a log and a recorder between them: SQLite always, PostgreSQL where the test asks for both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database.database import Database, open_database
from store.log.sql import SqlLog

KEY = b"an id key for tests only"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'leadline.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    database = open_database(url, KEY)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqlLog]:
    log = SqlLog(tmp_path / "log.db")
    yield log
    log.close()
