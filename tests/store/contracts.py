"""Where the library's contract suites run: a database of each kind for every test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database.database import open_database
from store.events.library.recorders import Datastore


class OnDatabase:
    """A suite's test has a migrated database; the environment of the library points to it."""

    url: str

    def datastore(self) -> Datastore:
        """The recorders' way to this test's database."""
        return Datastore(open_database(self.url))

    def _configured(self, url: str, folder: Path) -> Iterator[None]:
        self.url = url
        patch = pytest.MonkeyPatch()
        patch.setenv("PERSISTENCE_MODULE", "store.events.library.factory")
        patch.setenv("LEADLINE_DATABASE", url)
        # A projection that records its own events reads another log than it writes.
        patch.setenv("COUNTERS_LEADLINE_DATABASE", f"sqlite:///{folder / 'counters.db'}")
        yield
        patch.undo()
        assert "PERSISTENCE_MODULE" not in os.environ


class OnSqlite(OnDatabase):
    """On a SQLite file."""

    @pytest.fixture(autouse=True)
    def _database(self, migrated_sqlite_url: str, tmp_path: Path) -> Iterator[None]:
        yield from self._configured(migrated_sqlite_url, tmp_path)


class OnPostgres(OnDatabase):
    """On a database of PostgreSQL."""

    @pytest.fixture(autouse=True)
    def _database(self, migrated_postgres_url: str, tmp_path: Path) -> Iterator[None]:
        yield from self._configured(migrated_postgres_url, tmp_path)
