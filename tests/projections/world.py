"""A small world for tests: a real database and projector with a fixed clock; a restart is new objects on the same."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from sqlalchemy import Engine, Row, select

from domain.model.definition import Model
from domain.people.sharing import LIMITS, Limits
from domain.touchpoints.envelope import encode
from domain.touchpoints.touchpoint import Touchpoint
from projections.projecting.projector import Projector
from projections.queries.view import Reader, View
from projections.upkeep.verify import Verified, digest, verify
from store.database.database import Database, open_database
from store.database.tables import ledger, live, open_signals
from store.events.ids import Ids
from store.events.store import EventStore, Incoming
from store.models import active_model, record_activation

KEY = b"a fixed id key for the tests ..."


@cache
def _migrated() -> bytes:
    """A database file with the schema."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "leadline.db"
        database = open_database(f"sqlite:///{file}", KEY)
        database.migrate()
        database.close()
        return file.read_bytes()


class World:
    """Delivers touchpoints straight into the event store and projects them."""

    _engines: ClassVar[dict[str, Engine]] = {}

    def __init__(self, url: str, model: Model, clock: int, *, ready: bool = False, limits: Limits = LIMITS) -> None:
        """`ready`: the database is migrated and has the active model, as those from the shelf."""
        self.url = url
        self.model = model
        self.clock = clock
        self.limits = limits
        self.start()
        if not ready:
            self.make_ready()

    @classmethod
    def on_sqlite(
        cls, folder: Path, model: Model, clock: int, *, ready: bool = False, limits: Limits = LIMITS
    ) -> "World":
        """On the folder's file; where there is none, on a copy of one that was migrated, which takes long."""
        if not (folder / "leadline.db").exists():
            (folder / "leadline.db").write_bytes(_migrated())
        return cls(f"sqlite:///{folder / 'leadline.db'}", model, clock, ready=ready, limits=limits)

    def make_ready(self) -> None:
        self.database.migrate()
        with self.database.transaction() as conn:
            if active_model(conn) is None:
                record_activation(conn, self.model, self.clock)

    def start(self) -> None:
        """Make the objects anew."""
        self.database: Database = open_database(self.url, KEY)
        self._know_the_statements(self.database.engine)
        self.ids = Ids(KEY)
        self.events = EventStore(self.database)
        self.projector = Projector(
            self.database, self.events, self.ids, self.model, clock=lambda _: self.clock, limits=self.limits
        )

    def _know_the_statements(self, engine: Engine) -> None:
        """Compiling SQL to text takes a third of a world's time: engines of one dialect share what is compiled."""
        first = self._engines.setdefault(engine.dialect.name, engine)
        engine.dialect = first.dialect
        engine._compiled_cache = first._compiled_cache

    def close(self) -> None:
        self.database.close()

    def restart(self) -> None:
        """New objects on the same files, as after a crash between two transactions."""
        self.close()
        self.start()

    def deliver(self, touchpoints: Iterable[Touchpoint]) -> None:
        """Record, as the recorder would."""
        incoming = [
            Incoming(
                self.ids.of(t.trail), t.type, t.instant, t.seq, t.received_at, t.source.name,
                self.ids.dedupe(t.source.name, t.id), encode(t),
            )
            for t in touchpoints
        ]  # fmt: skip
        self.events.append(incoming, [], self.clock)

    def project(self, limit: int = 5_000) -> None:
        while self.projector.run_once(limit):
            pass

    def play(self, deliveries: Sequence[Sequence[Touchpoint]], *, restart: bool = False) -> None:
        """Deliver and project batch by batch; with `restart`, with new objects after each."""
        for delivery in deliveries:
            self.deliver(delivery)
            self.project()
            if restart:
                self.restart()

    def view(self) -> AbstractContextManager[View]:
        """What a reader is told from."""
        return Reader(self.database, self.events, self.ids).view()

    def digest(self) -> dict[str, str]:
        return digest(self.database)

    def verify(self) -> Verified:
        return verify(self.database, self.ids, limits=self.limits)

    def rows(self, name: str) -> list[Row[Any]]:
        """The rows of a derived table, their columns by name."""
        with self.database.snapshot() as conn:
            table = getattr(live, name)
            return list(conn.execute(select(table).order_by(*table.primary_key)))

    def leads(self) -> Sequence[Row[Any]]:
        """The rows of `leads`, their columns by name."""
        with self.database.snapshot() as conn:
            return conn.execute(select(live.leads).order_by(live.leads.c.first_touch, live.leads.c.lead)).all()

    def signals(self) -> list[tuple[str, str]]:
        with self.database.snapshot() as conn:
            return [(row.kind, row.subject) for row in conn.execute(select(ledger).order_by(ledger.c.position))]

    def opens(self) -> list[tuple[str, str]]:
        with self.database.snapshot() as conn:
            return sorted((row.kind, row.subject) for row in conn.execute(select(open_signals)))
