"""Places for test worlds: copies of a database that was migrated once."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from domain.model.definition import Model, parse_model
from store.database.database import open_database
from tests.domain.stories import us
from tests.given_model import MODEL
from tests.projections.world import World
from tests.services.postgres import PostgresServer


class Shelf:
    """Hands out folders and databases, migrated and with an active model; each is for one world."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._numbers = count(1)
        self._folders: dict[tuple[str, str], Path] = {}
        self._urls: dict[tuple[str, str, str], str] = {}

    @contextmanager
    def place(self, model: Model) -> Iterator[Path]:
        """A folder with a `leadline.db` that is ready, removed afterwards."""
        if _name(model) not in self._folders:
            folder = self._folders[_name(model)] = self._root / f"ready-{len(self._folders)}"
            folder.mkdir()
            World.on_sqlite(folder, model, 0).close()
        with self.copied(self._folders[_name(model)]) as copy:
            yield copy

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Path]:
        """A copy of a closed world's folder, removed afterwards."""
        copy = self._root / str(next(self._numbers))
        shutil.copytree(folder, copy)
        try:
            yield copy
        finally:
            shutil.rmtree(copy)

    @contextmanager
    def on(self, server: PostgresServer, model: Model) -> Iterator[str]:
        """The URL of a database on PostgreSQL that is ready, dropped afterwards."""
        key = (server.url, *_name(model))
        if key not in self._urls:
            self._urls[key] = server.create(self._migrated(server))
            World(self._urls[key], model, 0).close()
        url = server.create(template=self._urls[key])
        try:
            yield url
        finally:
            server.drop(url)

    def _migrated(self, server: PostgresServer) -> str:
        """The URL of a database on PostgreSQL that has the schema and no model."""
        key = (server.url, "", "")
        if key not in self._urls:
            self._urls[key] = server.create()
            database = open_database(self._urls[key])
            database.migrate()
            database.close()
        return self._urls[key]


def _name(model: Model) -> tuple[str, str]:
    """What tells models apart: two files with one hash may differ in their owners and destinations."""
    return model.hash, model.text


CLOCK = us(600)


@contextmanager
def a_world(shelf: Shelf) -> Iterator[World]:
    """A world on SQLite with the fold's test model, and a clock later than the stories."""
    model = parse_model(MODEL)
    with shelf.place(model) as folder:
        found = World.on_sqlite(folder, model, CLOCK, ready=True)
        yield found
        assert found.verify().differing == 0
        found.close()


@contextmanager
def make_shelf() -> Iterator[Shelf]:
    """A shelf, emptied at the end."""
    with tempfile.TemporaryDirectory(prefix="leadline-worlds-") as root:
        yield Shelf(Path(root))
