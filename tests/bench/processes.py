"""The two processes that the benchmark measures, as the product runs them."""

from pathlib import Path
from typing import Any

from consumers.record.recorder import Recorder
from domain.model.definition import parse_model
from projections.projecting.projector import Projector
from store.database.database import open_database
from store.events.ids import Ids
from store.events.store import EventStore
from store.log.kafka.log import KafkaLog
from store.log.topics import REJECTED, TOUCHPOINTS


def record(url: str, bootstrap: str, go: Any, stop: Any) -> None:
    """The process `consume`. It joins its group, says so by waiting for `go` (a barrier), and only then reads."""
    database = open_database(url)
    log = KafkaLog(bootstrap)
    subscription = log.subscribe((TOUCHPOINTS, REJECTED), "bench")
    while not subscription.assigned():
        subscription.poll({}, 1, 0.1)
    go.wait()
    recorder = Recorder(subscription, database, EventStore(database), Ids(database.id_key()), log)
    recorder.run(stop)
    recorder.close()
    log.close()


def project(url: str, go: Any, stop: Any) -> None:
    """The process `project`: ready to be elected, it waits for `go`."""
    database = open_database(url)
    model = parse_model(Path("examples/b2b-software.toml").read_text(encoding="utf-8"))
    projector = Projector(database, EventStore(database), Ids(database.id_key()), model)
    go.wait()
    projector.run(stop)
