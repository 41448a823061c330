"""The two processes that the benchmark measures, as the product runs them."""

from pathlib import Path
from typing import Any

from consumers.record import Recorder
from domain.model import parse_model
from projections.projector import Projector
from store.database import open_database
from store.events import EventStore
from store.ids import Ids
from store.log_kafka import KafkaLog
from store.topics import REJECTED, TOUCHPOINTS


def record(url: str, bootstrap: str, stop: Any) -> None:
    """The process `consume`."""
    database = open_database(url)
    log = KafkaLog(bootstrap)
    subscription = log.subscribe((TOUCHPOINTS, REJECTED), "bench")
    recorder = Recorder(subscription, database, EventStore(database), Ids(database.id_key()), log)
    recorder.run(stop)
    recorder.close()
    log.close()


def project(url: str, stop: Any) -> None:
    """The process `project`."""
    database = open_database(url)
    model = parse_model(Path("examples/b2b-software.toml").read_text(encoding="utf-8"))
    projector = Projector(database, EventStore(database), Ids(database.id_key()), model)
    projector.run(stop)
