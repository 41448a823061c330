"""Kafka and PostgreSQL: `leadline consume` and `leadline project`, one after the other and both at once.

What is in the figures: everything from the moment at which the whole play is on the topic and the processes may go,
until they have nothing more to do. Before it they have started, and have worked off the first touchpoints of the play,
so that no start-up cost is in. `recorder` is `leadline consume`; `projector` is `leadline project`, which is the
projector and the publisher (of signals to the topics). While the topic is filled they are stopped (SIGSTOP).
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from tests.bench.checkouts import Side
from tests.bench.meter import Cost, Meter, Postgres, family, looking, until
from tests.bench.running import Installation, Running
from tests.bench.topic import Topic
from tests.bench.traffic import Play
from tests.services.postgres import PostgresServer

RECORDED = "SELECT max(position) FROM events"
PROJECTED = "SELECT max(position) FROM projector"
"""How far they are: all that the benchmark knows of the tables."""


@dataclass(frozen=True)
class Services:
    """What all rounds share. Process ids are None where the service is not ours to look at."""

    postgres: PostgresServer
    postmaster: int | None
    bootstrap: str
    broker: int | None
    topic: Topic
    kafka: str
    """Which broker it is."""


@dataclass(frozen=True)
class Pair:
    """A recorder and a projector over one database."""

    recorder: Running
    projector: Running
    database: Postgres

    def reach(self, query: str, position: int) -> None:
        """Wait for a position."""
        until(lambda: self.database.ask(query) >= position, f"{query} is not {position:,}", self._alive)

    def _alive(self) -> None:
        self.recorder.check()
        self.projector.check()


def measure(side: Side, services: Services, warm: Sequence[Play], played: Sequence[Play], seed: int) -> dict[str, Cost]:
    """Costs of `record`, `project` and `end_to_end`."""
    found: dict[str, Cost] = {}
    for together in (False, True):
        url = services.postgres.create()
        folder = Path(mkdtemp(prefix="leadline-bench-"))
        at = Installation(side.program, folder, {"DATABASE": url, "KAFKA": services.bootstrap}, seed)
        try:
            found.update(_one(at, services, url, warm, played, together))
            at.check(len(warm) + len(played))
        finally:
            at.clear()
            services.postgres.drop(url)
    return found


def _one(
    at: Installation, services: Services, url: str, warm: Sequence[Play], played: Sequence[Play], together: bool
) -> dict[str, Cost]:
    """One run over a database and topics of its own."""
    whole = len(warm) + len(played)
    services.topic.anew()
    services.topic.fill(warm)
    with ExitStack() as stack:
        projector = stack.enter_context(at.running("project"))
        recorder = stack.enter_context(at.running("consume"))
        pair = Pair(recorder, projector, stack.enter_context(looking(url, services.postmaster)))
        pair.reach(PROJECTED, len(warm))
        meter = Meter(
            {
                **family("recorder", recorder.pid),
                **family("projector", projector.pid),
                **pair.database.parts(),
                **family("broker", services.broker),
            }
        )
        meter.rest()
        recorder.pause()
        projector.pause()
        services.topic.fill(played)
        pair.database.checkpoint()
        meter.settled()
        meter.steady = {name: rate for name, rate in meter.rates().items() if name == "broker"}
        if together:
            return {"end_to_end": _stretch(meter, pair, (recorder, projector), PROJECTED, whole, len(played))}
        only_recorder = _without(meter, "projector")
        found = {"record": _stretch(only_recorder, pair, (recorder,), RECORDED, whole, len(played))}
        recorder.pause()
        pair.database.checkpoint()
        only_projector = _without(meter, "recorder")
        found["project"] = _stretch(only_projector, pair, (projector,), PROJECTED, whole, len(played))
        return found


def _without(meter: Meter, part: str) -> Meter:
    """A meter that leaves a part out: it is stopped."""
    return replace(meter, parts={name: reader for name, reader in meter.parts.items() if name != part})


def _stretch(meter: Meter, pair: Pair, processes: Sequence[Running], query: str, position: int, count: int) -> Cost:
    """Let them go, until everything is done."""
    before = meter.settled()
    for process in processes:
        process.go_on()
    pair.reach(query, position)
    return meter.cost(before, meter.settled(), count)
