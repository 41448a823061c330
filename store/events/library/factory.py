"""The eventsourcing library's way in: PERSISTENCE_MODULE=store.factory, LEADLINE_DATABASE=the URL."""

from typing import Final, TypeVar, cast

from eventsourcing.domain import TAggregateID
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    Mapper,
    ProcessRecorder,
    TrackingRecorder,
    Transcoder,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic, strtobool

from store.database.database import open_database
from store.database.tables import events, snapshots
from store.events.ids import Ids
from store.events.library.mapper import TouchpointMapper
from store.events.library.recorders import (
    Datastore,
    SqlAggregateRecorder,
    SqlApplicationRecorder,
    SqlProcessRecorder,
    SqlTrackingRecorder,
)

Kind = TypeVar("Kind")

STREAMS: Final = {"events": events, "snapshots": snapshots}


class Factory(InfrastructureFactory[TrackingRecorder]):
    """Recorders over the database of LEADLINE_DATABASE, SQLite or PostgreSQL; it owns the engine.

    Positions are named after the environment's name (the application or projection) and the upstream's.
    """

    DATABASE = "LEADLINE_DATABASE"
    CREATE_TABLE = "CREATE_TABLE"

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        url = self.env.get(self.DATABASE)
        if not url:
            keys = ", ".join(self.env.create_keys(self.DATABASE))
            raise OSError(f"no database: set {keys} to a postgresql:// or sqlite:/// URL")
        self.datastore = Datastore(open_database(url), self.env.name)

    def mapper(
        self, transcoder: Transcoder | None = None, mapper_class: type[Mapper[TAggregateID]] | None = None
    ) -> Mapper[TAggregateID]:
        """The library's mapper, or MAPPER_TOPIC's; ours is given the installation's ids."""
        mapper_topic = self.env.get(self.MAPPER_TOPIC)
        chosen = mapper_class or (resolve_topic(mapper_topic) if mapper_topic else None)
        if chosen is not TouchpointMapper:
            return super().mapper(transcoder, mapper_class)
        self._create()
        ids = Ids(self.datastore.database.id_key())
        mapper = TouchpointMapper(transcoder or self.transcoder(), self.compressor(), self.cipher(), ids=ids)
        return cast(Mapper[TAggregateID], mapper)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Streams of `events` or `snapshots`."""
        if purpose not in STREAMS:
            raise ValueError(f"aggregate recorder for {purpose!r}: allowed are {', '.join(STREAMS)}")
        self._create()
        return SqlAggregateRecorder(self.datastore, STREAMS[purpose])

    def application_recorder(self) -> ApplicationRecorder:
        """Streams and the sequence of all events."""
        self._create()
        return self._class(self.APPLICATION_RECORDER_TOPIC, SqlApplicationRecorder)(self.datastore)

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> TrackingRecorder:
        """Positions; the given class, TRACKING_RECORDER_TOPIC's, or ours."""
        self._create()
        chosen = tracking_recorder_class or self._class(self.TRACKING_RECORDER_TOPIC, SqlTrackingRecorder)
        if not issubclass(chosen, SqlTrackingRecorder):
            raise TypeError(f"{chosen.__name__}: allowed are subclasses of SqlTrackingRecorder")
        return chosen(self.datastore)

    def process_recorder(self) -> ProcessRecorder:
        """Streams, the sequence and positions."""
        self._create()
        return self._class(self.PROCESS_RECORDER_TOPIC, SqlProcessRecorder)(self.datastore)

    def close(self) -> None:
        """Close the engine's connections."""
        self.datastore.database.close()

    def _create(self) -> None:
        if strtobool(self.env.get(self.CREATE_TABLE, "yes") or "yes"):
            self.datastore.database.migrate()

    def _class(self, key: str, default: type[Kind]) -> type[Kind]:
        class_topic = self.env.get(key)
        chosen: type[Kind] = resolve_topic(class_topic) if class_topic else default
        if not issubclass(chosen, default):
            raise TypeError(f"{key}: found {chosen.__name__}, allowed are subclasses of {default.__name__}")
        return chosen
