"""An empty database of each kind, and the two together."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database.database import Database, open_database

ID_KEY = b"an id key for tests, not secret!"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A URL of a database file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'leadline.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, of each kind in turn."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """A migrated database, of each kind in turn, with a fixed id key."""
    opened = open_database(migrated_url, ID_KEY)
    yield opened
    opened.close()


@pytest.fixture
def postgres(migrated_postgres_url: str) -> Iterator[Database]:
    """A migrated PostgreSQL."""
    opened = open_database(migrated_postgres_url, ID_KEY)
    yield opened
    opened.close()
