"""Notify: a courier for each destination of the active model, each on a thread of its own.

Another model that is activated is followed within a second. What a destination needs of the environment and lacks is
said once; its signals wait.
"""

import threading
import time
from collections.abc import Mapping
from datetime import tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import structlog

from consumers.notify.courier import Courier
from consumers.notify.destinations.registry import sender_of
from consumers.notify.labels import Labels, labels_of
from consumers.notify.parcel import Messenger
from domain.errors import Misconfigured, Retry
from domain.model.definition import Destination, Model
from domain.model.destinations import DestinationType
from domain.model.sales import Sales
from domain.signals.answer_link import NO_LINKS, Links
from store.database.database import Database
from store.models import active_model
from store.turn import Outage

_log = structlog.get_logger(__name__)

LOOK: Final = 1.0
"""Seconds between looks at which model is active."""
LEAVES: Final = 15.0
"""Seconds that all couriers together have to finish what they are at; one that waits longer ends with the process."""


class _Working(NamedTuple):
    destination: Destination
    zone: str
    labels: Labels
    sales: Sales
    stop: threading.Event
    thread: threading.Thread


class Notifier:
    """Sees to it that each destination has its courier. One thread drives it."""

    def __init__(self, database: Database, environment: Mapping[str, str], links: Links = NO_LINKS) -> None:
        """`environment` holds the secrets that the model file names."""
        self._database = database
        self._environment = environment
        self._links = links
        self._working: dict[str, _Working] = {}

    def run(self, stop: threading.Event) -> None:
        """Notify until `stop` is set."""
        hint = "who works on goes on with the destinations as they were"
        outage = Outage("notify.model_unknown", "notify.model_known", hint)
        pause = LOOK
        while not stop.is_set():
            try:
                with self._database.snapshot() as conn:
                    model = active_model(conn)
            except Retry as error:
                pause = outage.waits(error)
            else:
                outage.over()
                pause = LOOK
                if model is not None:
                    self._follow(model)
            stop.wait(pause)
        self._end(list(self._working), LEAVES)

    def _follow(self, model: Model) -> None:
        wanted = {destination.name: destination for destination in model.destinations}
        labels = labels_of(model)
        self._end([
            name
            for name, working in self._working.items()
            if (wanted.get(name), model.timezone, labels, model.sales)
            != (working.destination, working.zone, working.labels, working.sales)
        ])  # fmt: skip
        for name, destination in wanted.items():
            if name not in self._working:
                self._begin(destination, model, labels)

    def _begin(self, destination: Destination, model: Model, labels: Labels) -> None:
        zone = model.timezone
        sender = self._sender(destination, ZoneInfo(zone), labels, model.sales)
        links = self._links.by(model, "" if destination.type is DestinationType.WEBHOOK else destination.language)
        courier = Courier(self._database, destination, sender, ZoneInfo(zone), links=links)
        stop = threading.Event()
        thread = threading.Thread(target=courier.run, args=(stop,), name=f"notify {destination.name}", daemon=True)
        self._working[destination.name] = _Working(destination, zone, labels, model.sales, stop, thread)
        thread.start()

    def _sender(self, destination: Destination, zone: tzinfo, labels: Labels, sales: Sales) -> Messenger | None:
        try:
            return sender_of(destination, self._environment, zone, labels, sales)
        except Misconfigured as error:
            hint = "its signals wait: set the variable and start again, or mend the model file"
            _log.error("notify.misconfigured", reason=str(error), hint=hint)
            return None

    def _end(self, names: list[str], seconds: float = 0.0) -> None:
        """Tell couriers to stop. A successor stands by until its destination's lease is free: nobody waits for that."""
        ended = [self._working.pop(name) for name in names]
        for working in ended:
            working.stop.set()
        until = time.monotonic() + seconds
        for working in ended:
            working.thread.join(max(0.0, until - time.monotonic()))
