"""`make bench`: prints CPU microseconds a touchpoint of every process beside wall time, and writes build/bench.json.

`--against REV` measures an old commit and this checkout in alternation, over the same bytes.
"""

import argparse
import os
import platform
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import (
    checkouts,
    collected,
    conditions,
    cpu,
    delivery,
    documented,
    embedded,
    history,
    kafka_mode,
    report,
    rows,
)
from tests.bench.checkouts import Side
from tests.bench.kafka_mode import Broker, Services
from tests.bench.meter import Cost, Meter, Reader, looking
from tests.bench.topic import Batch, Topic, batches
from tests.bench.traffic import Play, play
from tests.services.kafka import GIVEN, running_kafka
from tests.services.postgres import running_postgres

DURABLE = {"shared_buffers": "512MB", "max_wal_size": "4GB", "autovacuum": "off"}
"""A server that loses nothing: fsync and synchronous_commit stay on. No vacuum falls into one round and not another."""
JVM = ("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Its compiler is soon done, else it costs more than the broker's work."""
WRITTEN = Path("build/bench.json")


def main() -> None:
    """Measure in rounds, print medians, write the file."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what was started is stopped
    asked = arguments()
    if asked.only == "conditions":
        print("microseconds that one more segment costs a touchpoint", *conditions.measure(), sep="\n")
        return
    if asked.only == "collector":
        found = {"collector": measure_collected(asked)}
        report.write(WRITTEN, [], {"here": checkouts.here().rev}, found)
        return
    sides = [checkouts.here(), *([checkouts.against(asked.against)] if asked.against else [])]
    with services(sides, asked.only not in ("embedded", "history", "rows")) as shared:
        about: dict[str, Any] = {"asked": vars(asked), "environment": environment(shared)}
        print("; ".join(f"{name}: {value}" for name, value in about["environment"].items()))
        revs = {side.name: side.rev for side in sides}
        slices: list[report.Slice] = []
        if asked.only not in ("delivery", "history", "rows"):
            slices = measure_costs(sides, shared, asked, lambda found: report.write(WRITTEN, found, revs, about))
            report.show(slices, revs)
        if asked.only in (None, "delivery"):
            about["delivery"] = measure_delays(shared, shared.brokers[sides[0].name].topic)
            report.write(WRITTEN, slices, revs, about)
        if asked.only in (None, "rows"):
            about["rows"] = measure_rows(shared, asked)
            report.write(WRITTEN, slices, revs, about)
        if asked.only is None:
            about["collector"] = measure_collected(asked)
            report.write(WRITTEN, slices, revs, about)
        if asked.only in (None, "history"):
            about["history"] = measure_history(sides[0], shared, asked)
            report.write(WRITTEN, slices, revs, about)
    print(f"written to {WRITTEN}")


def measure_costs(
    sides: Sequence[Side], shared: Services, asked: argparse.Namespace, keep: Callable[[Sequence[report.Slice]], None]
) -> list[report.Slice]:
    """All rounds; `keep` after each of them, so that whoever breaks it off has what there is."""
    if not cpu.AVAILABLE:
        print("the CPU time of other processes is read on Linux only: wall time alone is printed here")
    played = list(play(asked.warm_up + 2 * asked.touchpoints, datetime.now(UTC)))
    for broker in shared.brokers.values():
        warm_broker(broker, batches(played))
    slices: list[report.Slice] = []
    for number in range(1, asked.rounds + 1):
        slices += one_round(number, sides, shared, played, asked)
        keep(slices)
    return slices


def measure_delays(shared: Services, topic: Topic) -> dict[str, dict[str, float]]:
    """How long a hot lead takes in each mode, printed too."""
    topic.anew()
    url = shared.postgres.create()
    try:
        found = [delivery.embedded(), delivery.kafka(url, topic.bootstrap)]
    finally:
        shared.postgres.drop(url)
    print("\nfrom a form's acknowledgement to who hears of the hot lead", *found, sep="\n")
    return {each.mode: each.values for each in found}


def measure_rows(shared: Services, asked: argparse.Namespace) -> dict[str, dict[str, float]]:
    """What the rows of touchpoints and awards cost on each database, printed too."""
    print("\nmicroseconds that a row for each touchpoint and each award costs a touchpoint")
    played = list(play(asked.touchpoints, datetime.now(UTC)))
    url, found = shared.postgres.create(), {}
    try:
        with looking(url, shared.postmaster) as server, TemporaryDirectory() as folder:
            costs = chain(
                rows.measure(f"sqlite:///{folder}/leadline.db", played, asked.rounds),
                rows.measure(url, played, asked.rounds, server.parts().get("postgres", dict)),
            )
            for each in costs:
                print(each, flush=True)
                found[each.name] = each.values
    finally:
        shared.postgres.drop(url)
    return found


def measure_collected(asked: argparse.Namespace) -> dict[str, dict[str, float]]:
    """What the collector costs beside a bare application with the same durable write, printed too."""
    if not cpu.AVAILABLE:
        print("the collector is not measured: the CPU time of other processes is read on Linux only")
        return {}
    print(
        "\nCPU microseconds a touchpoint of the collector, and of a bare ASGI application with the same durable write"
    )
    print("| requests | collector | bare | times | of all slices |")
    found = {}
    for each in collected.measure(3 * asked.rounds):
        print(each, flush=True)
        found[each.name] = each.values
    print(f"the target is {collected.TARGET} times")
    return found


def measure_history(side: Side, shared: Services, asked: argparse.Namespace) -> dict[str, dict[str, float]]:
    """How much faster work over the whole history is with workers, printed too."""
    print("\nwork over the whole history")
    found = {}
    url = shared.postgres.create()
    try:
        for each in history.measure(side, url, list(play(asked.history, datetime.now(UTC))), asked.pairs):
            print(each, flush=True)
            found[each.name] = each.values
    finally:
        shared.postgres.drop(url)
    return found


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--touchpoints", type=int, default=60_000, help="of each step, a round")
    parser.add_argument("--slice", type=int, default=10_000, help="touchpoints after which the sides alternate")
    parser.add_argument("--warm-up", type=int, default=3_000, help="touchpoints before them, which do not count")
    parser.add_argument("--commands", type=int, default=3_000, help="of the documented way, a round (0: leave it out)")
    parser.add_argument("--rounds", type=int, default=3, help="each over new databases")
    parser.add_argument("--against", metavar="REV", help="a commit to measure in alternation with this checkout")
    parser.add_argument("--history", type=int, default=200_000, help="touchpoints of work over the whole history")
    parser.add_argument("--pairs", type=int, default=5, help="of it with and without workers")
    parser.add_argument(
        "--only",
        choices=("kafka", "embedded", "delivery", "collector", "rows", "history", "conditions"),
        help="one mode alone",
    )
    return parser.parse_args()


@contextmanager
def services(sides: Sequence[Side], kafka: bool) -> Iterator[Services]:
    """PostgreSQL, and Kafka for each side, for all rounds. Raises SystemExit where one given Kafka is too little."""
    if kafka and len(sides) > 1 and os.environ.get(GIVEN):
        raise SystemExit(f"--against needs a Kafka for each side: unset {GIVEN}, and they are started")
    with ExitStack() as stack:
        postgres = stack.enter_context(running_postgres(DURABLE))
        brokers = {}
        for side in sides if kafka else ():
            broker = stack.enter_context(running_kafka(jvm=JVM))
            brokers[side.name] = Broker(Topic(broker.bootstrap), _local(broker.bootstrap), broker.how)
        yield Services(postgres, _local(postgres.url), brokers)


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
        "kafka": ", ".join({broker.how for broker in shared.brokers.values()}) or "none",
        "eventsourcing": version("eventsourcing"),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def warm_broker(broker: Broker, made: Sequence[Batch]) -> None:
    """Let a broker's code be compiled before anything is measured."""
    broker.topic.anew()
    broker.topic.fill(made)
    broker.topic.read(3)


def one_round(
    number: int, sides: Sequence[Side], shared: Services, played: Sequence[Play], asked: argparse.Namespace
) -> Sequence[report.Slice]:
    """Every step of every side, slice by slice; which side begins changes with the slice and the round."""
    warm, rest = played[: asked.warm_up], played[asked.warm_up :]
    size = min(asked.slice, asked.touchpoints)
    count = asked.touchpoints // size
    parts = [rest[n * size : (n + 1) * size] for n in range(2 * count)]
    way = _documented(shared, rest[: asked.commands]) if asked.commands else {}
    found: list[dict[str, report.Steps]] = [{report.DOCUMENTED: way} for _ in range(count)]
    modes = []
    if asked.only != "embedded":
        modes.append(kafka_mode.measure(sides, shared, warm, parts, number))
    if asked.only != "kafka":
        modes.append(embedded.measure(sides, warm, parts[:count], number))
    for mode in modes:
        for one, costs in zip(found, mode, strict=True):
            for side, steps in costs.items():
                one.setdefault(side, {}).update({step: cost.values for step, cost in steps.items()})
    for name in found[0]:
        said = ", ".join(f"{row.step} {row.median:,.1f}" for row in report.rows(found, name) if row.name == "all")
        print(f"round {number}, {name}: {said} us", flush=True)
    return found


def _documented(shared: Services, commands: Sequence[Play]) -> report.Steps:
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
