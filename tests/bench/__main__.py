"""`make bench`: prints touchpoints per second and ratios, and writes build/bench.json."""

import argparse
import json
import multiprocessing
import statistics
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from domain.model.definition import parse_model
from domain.touchpoints.envelope import encode
from domain.touchpoints.touchpoint import Touchpoint
from projections.projecting.projector import read_progress
from projections.upkeep.verify import verify
from store.database.database import Database, open_database
from store.database.tables import events
from store.events.ids import Ids
from store.log.cloudevents import touchpoint_record
from store.log.kafka.log import KafkaLog
from store.log.topics import TOUCHPOINTS
from store.models import record_activation
from tests.bench import documented
from tests.bench.processes import project, record
from tests.bench.traffic import touchpoints
from tests.services.kafka import running_kafka
from tests.services.postgres import PostgresServer, running_postgres

DURABLE = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
"""A server that loses nothing: fsync and synchronous_commit stay on."""
JVM = ("-Xms512m", "-Xmx512m")


BASELINES = {"record": "documented_save", "project": "documented_project", "end_to_end": "documented_save"}
"""What each step is compared with, round by round: a machine that is slow for a minute is slow for both."""


def prepared(url: str) -> tuple[Database, Ids]:
    """A migrated database with an active model."""
    database = open_database(url)
    database.migrate()
    model = parse_model(Path("examples/b2b-software.toml").read_text(encoding="utf-8"))
    with database.transaction() as conn:
        record_activation(conn, model, database.now(conn))
    return database, Ids(database.id_key())


def recorded(database: Database) -> int:
    """How many touchpoints are stored."""
    with database.snapshot() as conn:
        return int(conn.execute(select(func.coalesce(func.max(events.c.position), 0))).scalar_one())


def projected(database: Database) -> int:
    """How far they are projected."""
    with database.snapshot() as conn:
        return read_progress(conn).position


def until(count: int, ask: Any, limit: float = 300) -> None:
    """Wait until `ask()` reaches the count."""
    end = time.monotonic() + limit
    while ask() < count:
        if time.monotonic() > end:
            raise SystemExit(f"the benchmark gave up: {ask():,} of {count:,} after {limit:.0f} s")
        time.sleep(0.1)


def started(barrier: Any) -> float:
    """The moment from which processes that are ready go: what they need to start is outside the measure."""
    barrier.wait(120)
    return time.perf_counter()


def fill(bootstrap: str, play: Sequence[Touchpoint]) -> None:
    """Put everything on Kafka."""
    log = KafkaLog(bootstrap)
    for start in range(0, len(play), 5_000):
        part = play[start : start + 5_000]
        log.append(TOUCHPOINTS, [touchpoint_record(each, encode(each)) for each in part])
    log.close()


def leadline(server: PostgresServer, bootstrap: str, play: Sequence[Touchpoint]) -> dict[str, float]:
    """Both steps alone, then together; each from an empty database over the same topic."""
    found: dict[str, float] = {}
    context = multiprocessing.get_context("spawn")
    for name, together in (("steps", False), ("end_to_end", True)):
        url = server.create()
        database, _ = prepared(url)
        stop = context.Event()
        reads, folds = context.Barrier(3 if together else 2), context.Barrier(2)
        consume = context.Process(target=record, args=(url, bootstrap, reads, stop), daemon=True)
        projector = context.Process(target=project, args=(url, reads if together else folds, stop), daemon=True)
        consume.start()
        if together:
            projector.start()
        began = started(reads)
        if together:
            until(len(play), lambda: projected(database))  # noqa: B023
            found[name] = len(play) / (time.perf_counter() - began)
        else:
            until(len(play), lambda: recorded(database))  # noqa: B023
            found["record"] = len(play) / (time.perf_counter() - began)
            projector.start()
            began = started(folds)
            until(len(play), lambda: projected(database))  # noqa: B023
            found["project"] = len(play) / (time.perf_counter() - began)
        stop.set()
        for process in (consume, projector):
            process.join(15)
            if process.is_alive():
                process.kill()
        differing = verify(database, Ids(database.id_key())).differing
        database.close()
        server.drop(url)
        if differing:
            raise SystemExit(f"verify reports {differing} differing rows: figures of a wrong result count nothing")
    return found


def main() -> None:
    """Measure in rounds, print medians, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--touchpoints", type=int, default=60_000, help="of Leadline, a round")
    parser.add_argument("--commands", type=int, default=3_000, help="of the documented way, a round")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    play = list(touchpoints(asked.touchpoints, time.time_ns() // 1_000))
    runs: dict[str, list[float]] = {}
    with running_postgres(DURABLE) as server, running_kafka(jvm=JVM) as broker:
        print(
            f"PostgreSQL: {server.how}; Kafka: {broker.how}; {asked.touchpoints:,} touchpoints, {asked.rounds} rounds"
        )
        fill(broker.bootstrap, play)
        for number in range(1, asked.rounds + 1):
            url = server.create()
            one = {"documented_save": documented.saves(url, play[: asked.commands])}
            one["documented_project"] = documented.projects(url)
            server.drop(url)
            one.update(leadline(server, broker.bootstrap, play))
            print(f"round {number}: " + ", ".join(f"{name} {value:,.0f}/s" for name, value in one.items()), flush=True)
            for name, value in one.items():
                runs.setdefault(name, []).append(value)
    report(runs)


def report(runs: dict[str, list[float]]) -> None:
    """Print medians and ranges, and write build/bench.json."""
    figures = {name: round(statistics.median(values), 1) for name, values in runs.items()}
    ratios = {
        name: round(statistics.median(ours / theirs for ours, theirs in zip(runs[name], runs[way], strict=True)), 2)
        for name, way in BASELINES.items()
    }
    print("\ntouchpoints per second (median, range)")
    for name, values in runs.items():
        print(f"  {name:20} {figures[name]:>10,.0f}   {min(values):,.0f} to {max(values):,.0f}")
    print("ratios: " + ", ".join(f"{name} x{value}" for name, value in ratios.items()))
    path = Path("build/bench.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"figures": figures, "ratios": ratios}, indent=2) + "\n", encoding="utf-8")
    print(f"written to {path}")


if __name__ == "__main__":
    threading.current_thread().name = "bench"
    main()
