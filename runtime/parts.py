"""What the threads of a process run: recorder, projector, publisher, promoter, notifier.

And the model that is active first.
"""

import os
import threading
from contextlib import closing
from functools import partial
from typing import Final

import structlog

from consumers.notify.notifier import Notifier
from consumers.promote.promoter import Promoter
from consumers.publish.publisher import Publisher
from consumers.record.recorder import Recorder
from domain.errors import Refused
from domain.model.definition import Model
from domain.model.drawn import carry_over
from projections.projecting.projector import Projector
from projections.upkeep.activation import ActivationRefused, activate
from runtime.wiring import Wiring
from runtime.workers import Run
from store.log.topics import IN
from store.models import active_model

RECORDERS: Final = "leadline-recorder"
"""The consumer group of the recorders."""


def recorder(wiring: Wiring) -> Run:
    """Log to event store."""
    subscription = wiring.log.subscribe(IN, RECORDERS)
    recorder = Recorder(subscription, wiring.database, wiring.events, wiring.ids, wiring.log)

    def run(stop: threading.Event) -> None:
        with closing(recorder):
            recorder.run(stop)

    return run


def projector(wiring: Wiring) -> Run:
    """Event store to read models and ledger, by the active model; one of all processes at a time."""
    return partial(Projector(wiring.database, wiring.events, wiring.ids, _active(wiring)).run, news=wiring.news)


def publisher(wiring: Wiring) -> Run:
    """Ledger to topics; one of all processes at a time."""

    def run(stop: threading.Event) -> None:
        with wiring.publishers_log() as log:
            Publisher(wiring.database, log, links=wiring.settings.links).run(stop, wiring.news)

    return run


def promoter(wiring: Wiring) -> Run:
    """Ledger to what the policy asks for, on the log; one of all processes at a time."""
    return partial(Promoter(wiring.database, wiring.log).run, news=wiring.news)


def notifier(wiring: Wiring) -> Run:
    """Ledger to the destinations of the active model; of all processes one a destination at a time."""
    return Notifier(wiring.database, os.environ, wiring.settings.links).run


def check_model_file(wiring: Wiring) -> None:
    """Refuse a wrong model file before anything starts. Where no file is needed, none may be there."""
    if wiring.embedded or wiring.settings.model.exists():
        wiring.model_file()


def settle_model(wiring: Wiring, *, activate_changed: bool = False) -> None:
    """See to it that a model is active: the first start activates the file.

    A changed file only warns, but for `activate_changed` (the start of an embedded server): that activates it, or where
    the activation is refused goes on with the active one. Raises Refused, ModelError.
    """
    with wiring.database.snapshot() as conn:
        active = active_model(conn)
    if active is None:
        activate(wiring.database, wiring.ids, wiring.model_file())
    elif wiring.settings.model.exists():
        file = carry_over(wiring.model_file(), active)
        if activate_changed and file.text != active.text:
            _activate(wiring, file, active)
        elif file.hash != active.hash:
            structlog.get_logger().warning(
                "model.differs", file=str(wiring.settings.model), hash=file.hash, active=active.hash,
                hint="the active model counts; `leadline model activate` changes it",
            )  # fmt: skip


def _activate(wiring: Wiring, file: Model, active: Model) -> None:
    log = structlog.get_logger().bind(file=str(wiring.settings.model), hash=file.hash, active=active.hash)
    log.info("model.activating")
    try:
        activated = activate(wiring.database, wiring.ids, file)
    except ActivationRefused as error:
        log.warning("model.refused", reason=str(error), hint="the active model stays on; `leadline doctor` lists it")
        return
    counts = {name: sum(move.leads for move in moves) for name, moves in activated.moved.kinds()}
    log.info("model.activated", quiet=activated.quiet, **counts)


def _active(wiring: Wiring) -> Model:
    with wiring.database.snapshot() as conn:
        model = active_model(conn)
    if model is None:
        raise Refused("no model is active: run `leadline model activate`")
    return model
