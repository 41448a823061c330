"""Kafka and PostgreSQL: `leadline consume` and `leadline project`, one after the other and both at once.

What is in the figures: everything from the moment at which a slice of the play is on the topic and the processes may
go, until they have nothing more to do. Before it they have started, and have worked off the first touchpoints of the
play, so that no start-up cost is in. `recorder` is `leadline consume`; `projector` is `leadline project`, which is the
projector and the publisher (of signals to the topics).

Every side stands ready at the same time, on a broker and a database of its own, and is stopped (SIGSTOP) while another
works. So the sides alternate slice by slice, within seconds: what slows the machine for a minute slows all of them.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp

from tests.bench.checkouts import Side
from tests.bench.meter import Cost, Meter, Postgres, family, looking, until
from tests.bench.pace import Pace
from tests.bench.running import Installation, Running
from tests.bench.topic import Batch, Topic, batches
from tests.bench.traffic import Play
from tests.services.postgres import PostgresServer

RECORDED = "SELECT max(position) FROM events"
PROJECTED = "SELECT max(position) FROM projector"
"""How far they are: all that the benchmark knows of the tables."""

_BREATH = 1.5
"""Seconds in which a process that was stopped says to the broker that it lives, or joins its group again."""

Costs = dict[str, dict[str, Cost]]
"""By side and step."""


@dataclass(frozen=True)
class Broker:
    """One Kafka. The process id is None where it is not ours to look at."""

    topic: Topic
    pid: int | None
    how: str


@dataclass(frozen=True)
class Services:
    """What all rounds share: one PostgreSQL (its process id, likewise), and a broker for each side by its name."""

    postgres: PostgresServer
    postmaster: int | None
    brokers: Mapping[str, Broker]


@dataclass
class Stand:
    """One side, ready to work."""

    name: str
    topic: Topic
    recorder: Running
    projector: Running
    database: Postgres
    meter: Meter
    recorded: int
    costs: dict[str, Cost] = field(default_factory=dict)

    @property
    def both(self) -> tuple[Running, Running]:
        """Its processes."""
        return self.recorder, self.projector

    def reach(self, query: str) -> None:
        """Wait until everything on the topic has got there."""

        def alive() -> None:
            for process in self.both:
                process.check()

        until(lambda: self.database.ask(query) >= self.recorded, f"{query} is not {self.recorded:,}", alive)

    def work(self, step: str, processes: Sequence[Running], query: str, count: int) -> None:
        """Let these processes go until everything is done, and keep the cost."""
        self.database.checkpoint()
        before = self.meter.settled()
        with Pace() as pace:
            for process in processes:
                process.go_on()
            self.reach(query)
            after = self.meter.settled()
        for process in processes:
            process.pause()
        cost = replace(self.meter.cost(before, after, count), pace=pace.microseconds)
        idle = {process.command for process in self.both} - {process.command for process in processes}
        self.costs[step] = cost.without({_PARTS[command] for command in idle})


_PARTS = {"consume": "recorder", "project": "projector"}


def measure(
    sides: Sequence[Side], services: Services, warm: Sequence[Play], slices: Sequence[Sequence[Play]], seed: int
) -> list[Costs]:
    """Costs of `record` and `project` for each of the first half of the slices, of `end_to_end` for the others."""
    half = len(slices) // 2
    with ExitStack() as stack:
        stands = [stack.enter_context(_standing(side, services, batches(warm), len(warm), seed)) for side in sides]
        found: list[Costs] = []
        for number, part in enumerate(slices):
            order = stands if (number + seed) % 2 else stands[::-1]
            _fill(stands, batches(part), len(part))
            if number < half:
                for stand in order:
                    stand.work("record", [stand.recorder], RECORDED, len(part))
                for stand in order[::-1]:
                    stand.work("project", [stand.projector], PROJECTED, len(part))
                found.append({stand.name: dict(stand.costs) for stand in stands})
            else:
                for stand in order:
                    stand.work("end_to_end", stand.both, PROJECTED, len(part))
                for stand in stands:
                    found[number - half][stand.name].update(stand.costs)
        return found


def _fill(stands: Sequence[Stand], made: Sequence[Batch], count: int) -> None:
    """Put the same on every topic, and read what a broker costs while nobody asks it for anything."""
    for stand in stands:
        stand.costs.clear()
        for process in stand.both:
            process.go_on()
    time.sleep(_BREATH)
    for stand in stands:
        for process in stand.both:
            process.pause()
        stand.topic.fill(made)
        stand.recorded += count
    for stand in stands:
        rates = stand.meter.rates(0.5)
        # The least seen: just after it was filled, a broker still compiles and cleans up.
        stand.meter.steady = {
            name: min(rates[name], stand.meter.steady.get(name, rates[name])) for name in rates if name == "broker"
        }


@contextmanager
def _standing(side: Side, services: Services, warm: Sequence[Batch], count: int, seed: int) -> Iterator[Stand]:
    """Start a side, and check its rows at the end."""
    broker = services.brokers[side.name]
    broker.topic.anew()
    broker.topic.fill(warm)
    url = services.postgres.create()
    settings = {"DATABASE": url, "KAFKA": broker.topic.bootstrap}
    at = Installation(side.program, Path(mkdtemp(prefix="leadline-bench-")), settings, seed)
    try:
        with (
            at.running("project") as projector,
            at.running("consume") as recorder,
            looking(url, services.postmaster) as database,
        ):
            meter = Meter(
                {
                    **family("recorder", recorder.pid),
                    **family("projector", projector.pid),
                    **database.parts(),
                    **family("broker", broker.pid),
                }
            )
            stand = Stand(side.name, broker.topic, recorder, projector, database, meter, count)
            stand.reach(PROJECTED)
            meter.rest()
            for process in stand.both:
                process.pause()
            yield stand
        at.check(stand.recorded)
    finally:
        at.clear()
        services.postgres.drop(url)
