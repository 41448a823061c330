"""`make bench`: prints CPU microseconds a touchpoint of every process beside wall time, and writes build/bench.json.

`--against REV` measures an old commit and this checkout in alternation, over the same bytes.
"""

import argparse
import os
import platform
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench import checkouts, cpu, documented, embedded, kafka_mode, report
from tests.bench.checkouts import Side
from tests.bench.kafka_mode import Services
from tests.bench.meter import Cost, Meter, Reader, looking
from tests.bench.topic import Topic
from tests.bench.traffic import Play, play
from tests.services.kafka import running_kafka
from tests.services.postgres import running_postgres

DURABLE = {"shared_buffers": "512MB", "max_wal_size": "4GB", "autovacuum": "off"}
"""A server that loses nothing: fsync and synchronous_commit stay on. No vacuum falls into one round and not another."""
JVM = ("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Its compiler is soon done, else it costs more than the broker's work."""
WRITTEN = Path("build/bench.json")

Costs = dict[str, dict[str, float]]


def main() -> None:
    """Measure in rounds, print medians, write the file."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--touchpoints", type=int, default=60_000, help="of Leadline, a step")
    parser.add_argument("--warm-up", type=int, default=3_000, help="touchpoints before them, which do not count")
    parser.add_argument("--commands", type=int, default=3_000, help="of the documented way, a round (0: leave it out)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", metavar="REV", help="a commit to measure in alternation with this checkout")
    parser.add_argument("--only", choices=("kafka", "embedded"), help="one mode alone")
    asked = parser.parse_args()
    sides = [checkouts.here(), *([checkouts.against(asked.against)] if asked.against else [])]
    with services() as shared:
        about = {"asked": vars(asked), "environment": environment(shared)}
        print("; ".join(f"{name}: {value}" for name, value in about["environment"].items()))
        if not cpu.AVAILABLE:
            print("the CPU time of other processes is read on Linux only: wall time alone is printed here")
        played = list(play(asked.warm_up + asked.touchpoints, datetime.now(UTC)))
        warm_broker(shared.topic, played)
        rounds = [one_round(number, sides, shared, played, asked) for number in range(1, asked.rounds + 1)]
    revs = {side.name: side.rev for side in sides}
    report.show(rounds, revs)
    report.write(WRITTEN, rounds, revs, about)
    print(f"written to {WRITTEN}")


@contextmanager
def services() -> Iterator[Services]:
    """PostgreSQL and Kafka, for all rounds."""
    with running_postgres(DURABLE) as postgres, running_kafka(jvm=JVM) as broker:
        topic = Topic(broker.bootstrap)
        try:
            yield Services(
                postgres, _local(postgres.url), broker.bootstrap, _local(broker.bootstrap), topic, broker.how
            )
        finally:
            topic.close()


def _local(address: str) -> int | None:
    """The process that serves an address, if it is of this machine and can be looked at."""
    port = re.search(r"(?:127\.0\.0\.1|localhost):([0-9]+)", address)
    return cpu.listening(int(port[1])) if port and cpu.AVAILABLE else None


def environment(shared: Services) -> dict[str, Any]:
    """What a figure depends on beside the code."""
    with looking(shared.postgres.url, None) as database:
        postgres = database.ask("SHOW server_version_num")
    return {
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "postgresql": f"{postgres // 10_000}.{postgres % 10_000} ({'ours' if shared.postgres.ours else 'given'})",
        "kafka": shared.kafka,
        "eventsourcing": version("eventsourcing"),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def warm_broker(topic: Topic, played: Sequence[Play]) -> None:
    """Let the broker's code be compiled before anything is measured."""
    topic.anew()
    topic.fill(played)
    topic.read(4)


def one_round(
    number: int, sides: Sequence[Side], shared: Services, played: Sequence[Play], asked: argparse.Namespace
) -> report.Round:
    """Every side once, in an order that changes from round to round."""
    warm, rest = played[: asked.warm_up], played[asked.warm_up :]
    found: dict[str, Costs] = {}
    if asked.commands:
        found[report.DOCUMENTED] = _documented(shared, rest[: asked.commands])
    for side in sides if number % 2 else reversed(sides):
        costs: dict[str, Cost] = {}
        if asked.only != "embedded":
            costs.update(kafka_mode.measure(side, shared, warm, rest, number))
        if asked.only != "kafka":
            costs["embedded"] = embedded.measure(side, warm, rest, number)
        found[side.name] = {step: cost.values for step, cost in costs.items()}
    for side_name, steps in found.items():
        said = ", ".join(
            f"{step} {values.get('all', 0):.1f} us {values[report.WALL]:,.0f}/s" for step, values in steps.items()
        )
        print(f"round {number}, {side_name}: {said}", flush=True)
    return found


def _documented(shared: Services, commands: Sequence[Play]) -> Costs:
    """The documented way, over a database of its own; its client is this process."""
    url = shared.postgres.create()
    try:
        with looking(url, shared.postmaster) as database:
            parts: dict[str, Reader] = dict(database.parts())
            if cpu.AVAILABLE:
                parts["client"] = lambda: {"client": cpu.process(os.getpid())}
            meter = Meter(parts)
            with documented.saving(url, commands) as go:
                saves = _timed(meter, go)
            with documented.projecting(url) as go:
                projects = _timed(meter, go)
    finally:
        shared.postgres.drop(url)
    return {"save": saves.values, "project": projects.values}


def _timed(meter: Meter, go: Callable[[], int]) -> Cost:
    before = meter.read()
    count = go()
    return meter.cost(before, meter.read(), count)


if __name__ == "__main__":
    main()
