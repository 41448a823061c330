"""The composition root: the one place where settings become a database, a log, and the parts that use them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from sqlalchemy import inspect

from domain.errors import Misconfigured, Refused
from domain.model.definition import Model, ModelError, parse_model
from domain.model.drawn import carry_over
from projections.queries.view import Reader
from runtime.folder import FolderServer, held
from runtime.logs import set_up
from runtime.setting_values import without_password
from runtime.settings import Settings
from runtime.text_files import read_text_file
from store.database.database import Database, open_database
from store.database.migrate import is_current
from store.events.ids import Ids
from store.events.store import EventStore
from store.log.port import Log, LogError, LogMisconfigured
from store.log.sql import SqlLog
from store.models import active_model
from store.turn import News

if TYPE_CHECKING:
    from projections.history.engines import Engine
    from store.log.kafka.log import KafkaLog
    from store.log.spool import SpooledLog


SPOOL: Final = "spool.db"
"""In the data folder: what a collector keeps while Kafka is away."""


class Wiring:
    """What a process is made of. Each part is built when first asked for, and closed in the reverse order."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was built."""
        self._closing.close()

    @property
    def embedded(self) -> bool:
        """Whether everything is in the data folder, and one process does it all."""
        return not self.settings.kafka and self.settings.database is None

    @property
    def where(self) -> str:
        """The database, for messages."""
        return without_password(self.settings.database_url)

    @cached_property
    def database(self) -> Database:
        """Event store, read models and ledger. Nothing is connected yet."""
        if self.settings.database is None:
            self.make_folder()
        database = open_database(self.settings.database_url, self.settings.id_key_bytes)
        self._closing.callback(database.close)
        return database

    @property
    def news(self) -> News | None:
        """What moves when there may be work; None: other processes record and project, too."""
        database = self.database
        return None if self.settings.kafka else lambda: database.commits

    @cached_property
    def existing(self) -> Database:
        """The database of a reader, which makes nothing.

        Raises Refused where no server ever made the tables, NewerDatabase or OlderDatabase where another release did.
        """
        if self.settings.database is None:
            self._see_file()
        with self.database.snapshot() as conn:
            if not inspect(conn).has_table("models"):
                raise Refused(
                    f"{self.where} has no tables of Leadline: start `leadline serve` (or `leadline project`) once, or "
                    "name the right one"
                )
            if not is_current(conn):
                raise Refused(
                    f"{self.where} has the schema of an older release: start a server of this one, it migrates"
                )
        return self.database

    def _see_file(self) -> None:
        """Raise Refused where there is no file of SQLite that can be asked."""
        folder = self.settings.data
        path = folder / "leadline.db"
        try:
            if folder.is_file():
                raise Refused(f"LEADLINE_DATA: {folder} is a file: name a folder")
            if path.is_file():
                return
        except OSError as error:
            raise Refused(
                f"LEADLINE_DATA: {folder} cannot be used: {error.strerror}. Name another, or mend its rights"
            ) from None
        raise Refused(f"{path} does not exist: start `leadline serve` once, or set LEADLINE_DATA or LEADLINE_DATABASE")

    @cached_property
    def ids(self) -> Ids:
        """Keyed hashes, under the installation's key. Asks the database. Raises Misconfigured: a wrong one."""
        ids = Ids(self.database.id_key())
        with self.database.snapshot() as conn:
            if self.events.is_under(conn, ids):
                return ids
        which = "the key in its table installation" if self.settings.id_key is None else "LEADLINE_ID_KEY"
        raise Misconfigured(
            f"{self.where} was recorded under another id key than {which}: everybody would get a second identity. Set "
            "LEADLINE_ID_KEY as it was when this database began (leave it out if it was not set then)"
        )

    @cached_property
    def events(self) -> EventStore:
        """The event store."""
        return EventStore(self.database)

    @cached_property
    def engine(self) -> "Engine":
        """Who does work over the whole history for a command, which asks for it first. Raises Misconfigured."""
        from projections.history.engines import INLINE, Pool

        engine = self._engine(quiet=True) or INLINE
        if isinstance(engine, Pool):
            engine.prepare()
        return engine

    @cached_property
    def engine_apart(self) -> "Engine":
        """Who does it for a server: never its own process, which answers others meanwhile. Raises Misconfigured."""
        from projections.history.engines import Pool

        return self._engine(quiet=False) or Pool(1, self._logs(quiet=False))

    def _engine(self, *, quiet: bool) -> "Engine | None":
        from projections.history.engines import Dask, Pool

        match self.settings.workers:
            case None:
                return None
            case int(processes):
                return Pool(processes, self._logs(quiet=quiet))
            case address if self.settings.database is None:
                raise Misconfigured(
                    f"LEADLINE_WORKERS: the workers of a Dask cluster ({address}) read PostgreSQL: set "
                    "LEADLINE_DATABASE, or name a number of processes"
                )
            case address:
                return Dask(address)

    def _logs(self, *, quiet: bool) -> Callable[[], None]:
        """What gives a process that is started for work the log lines of this one."""
        return partial(set_up, self.settings.log, self.settings.log_level, quiet=quiet)

    @cached_property
    def log(self) -> Log:
        """The log itself: Kafka, or the file in the data folder. Appends go straight to it."""
        if not self.settings.kafka:
            return self._file
        log = self._kafka()
        self._closing.callback(log.close)
        return log

    @cached_property
    def _file(self) -> SqlLog:
        self._refuse_foreign_log(self.make_folder())
        # No budget: it keeps what is recorded, so one that is used up would never take anything again.
        log = SqlLog(self.make_folder() / "log.db")
        self._closing.callback(log.close)
        return log

    def _refuse_foreign_log(self, folder: Path) -> None:
        """Raise LogMisconfigured where the server that reads this log records it into another database than ours."""
        if not held(folder):
            return
        server = FolderServer.of(folder)
        if server.database is not None and server.database != self.database.identity():
            raise LogMisconfigured(
                f"LEADLINE_DATA: the server that holds {folder} (process {server.process}) records into "
                f"{server.address}, and {self.where} is asked here: set LEADLINE_DATABASE as it is for the server "
                "(none: the file in the folder), or name another LEADLINE_DATA"
            )

    @contextmanager
    def publishers_log(self) -> Iterator[Log]:
        """The log of a publisher. On Kafka its own: it may have to abandon what its producer has under way."""
        if not self.settings.kafka:
            yield self.log
            return
        log = self._kafka()
        try:
            yield log
        finally:
            log.close()

    def _kafka(self) -> "KafkaLog":
        from store.log.kafka.log import KafkaLog

        return KafkaLog(",".join(self.settings.kafka))

    @cached_property
    def collector_log(self) -> Log:
        """The collector's log: before Kafka there is a spool in the data folder, which takes what Kafka cannot now."""
        return self.spooled if self.settings.kafka else self.log

    def collector_refuses(self) -> str | None:
        """Why the collector would refuse what comes now (None: it takes it)."""
        if self.settings.kafka:
            return self.spooled.refuses()
        try:
            self._file.check_room()
        except LogError as error:
            return str(error)
        return None

    @cached_property
    def spooled(self) -> "SpooledLog":
        """Kafka with the spool before it."""
        from store.log.spool import SpooledLog

        log = SpooledLog(self._kafka(), self._spool())
        self._closing.callback(log.close)
        return log

    def _spool(self) -> SqlLog:
        return SqlLog(self.make_folder() / SPOOL, int(self.settings.spool_limit))

    def make_folder(self) -> Path:
        """The data folder, made if it is not there. Raises Refused."""
        try:
            self.settings.data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"LEADLINE_DATA: {self.settings.data} cannot be made: {error.strerror}") from None
        return self.settings.data

    def model_file_to_activate(self) -> Model:
        """The model of the file, with limits that were drawn for the active one. Raises as `model_file`."""
        with self.existing.snapshot() as conn:
            active = active_model(conn)
        return carry_over(self.model_file(), active)

    def model_file(self) -> Model:
        """The model that the model file declares. Raises Refused (no file), ModelError."""
        path = self.settings.model
        try:
            if not path.exists():
                raise Refused(f"there is no model file {path}: write one with `leadline init`, or name yours")
            text = read_text_file(path)
        except OSError as error:
            raise Refused(f"LEADLINE_MODEL: {path} cannot be read: {error.strerror}") from None
        except Refused as error:
            raise Refused(f"LEADLINE_MODEL: {error}") from None
        try:
            return parse_model(text, is_new=True)
        except ModelError as error:
            raise ModelError([f"{path}: {line}" for line in error.lines]) from None

    @cached_property
    def reader(self) -> Reader:
        """Views of the read models, for a command that only reads. Raises Refused where there is nothing to read."""
        return Reader(self.existing, self.events, self.ids)
