"""Recorders as processes on Kafka and PostgreSQL: killed, started again, sharing partitions."""

import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.touchpoints.envelope import encode
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Source, Touchpoint
from store.database.database import Database, open_database
from store.database.tables import events, rejected
from store.events.ids import Ids
from store.log.kafka.log import KafkaLog
from store.log.port import Record
from store.log.topics import TOUCHPOINTS
from tests.consumers.conftest import KEY

RECORD = """
import sys, threading
from consumers.record.recorder import Recorder
from store.database.database import open_database
from store.events.store import EventStore
from store.events.ids import Ids
from store.log.kafka.log import KafkaLog
from store.log.topics import IN
url, bootstrap, group, key = sys.argv[1:]
database = open_database(url, key.encode())
log = KafkaLog(bootstrap)
recorder = Recorder(log.subscribe(IN, group), database, EventStore(database), Ids(database.id_key()), log)
recorder.run(threading.Event(), limit=200)
"""


class Recorders:
    """Recorder processes of one group."""

    def __init__(self, url: str, bootstrap: str) -> None:
        self.arguments = [url, bootstrap, uuid.uuid4().hex, KEY.decode()]
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", RECORD, *self.arguments]
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
        self.running.append(process)
        return process

    def close(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    database = open_database(postgres_url, KEY)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def recorders(postgres_url: str, kafka_bootstrap: str) -> Iterator[Recorders]:
    recorders = Recorders(postgres_url, kafka_bootstrap)
    yield recorders
    recorders.close()


def touchpoints(source: str, count: int) -> list[Touchpoint]:
    at = 1_790_000_000_000_000
    return [
        Touchpoint(
            f"t-{n}", Source("server", source), "page_viewed", at + n, at + n, (Identity("user_id", f"u-{n % 50}"),)
        )
        for n in range(count)
    ]


def recorded(database: Database, source: str) -> int:
    with database.snapshot() as conn:
        return int(conn.execute(select(func.count()).where(events.c.source == source)).scalar_one())


def test_recorders_that_are_killed_lose_nothing_and_double_nothing(
    database: Database, kafka_bootstrap: str, recorders: Recorders
) -> None:
    source = uuid.uuid4().hex
    sent = touchpoints(source, 4_000)
    log = KafkaLog(kafka_bootstrap)
    first = recorders.start()
    recorders.start()
    until = time.monotonic() + 90
    killed = False
    for start in range(0, len(sent), 100):
        batch = sent[start : start + 100] + sent[max(0, start - 10) : start]  # some are sent twice
        log.append(TOUCHPOINTS, [Record(str(one.trail).encode(), encode(one)) for one in batch])
        if start >= 1_500 and not killed and recorded(database, source):
            first.kill()
            recorders.start()
            killed = True
    log.append(TOUCHPOINTS, [Record(b"k", b"no envelope of " + source.encode())])
    if not killed:
        while not recorded(database, source):
            assert time.monotonic() < until
            time.sleep(0.05)
        first.kill()
        recorders.start()
    while recorded(database, source) < len(sent) and time.monotonic() < until:
        time.sleep(0.2)
    with database.snapshot() as conn:
        rows = conn.execute(select(events.c.trail, events.c.version, events.c.dedupe).where(events.c.source == source))
        found = list(rows)
        positions = [row.position for row in conn.execute(select(events.c.position).order_by(events.c.position))]
    ids = Ids(KEY)
    assert {bytes(row.dedupe) for row in found} == {ids.dedupe(source, one.id) for one in sent}
    assert len(found) == len(sent)
    assert positions == list(range(1, len(positions) + 1))
    versions = Counter(row.trail for row in found)
    assert set(versions.values()) == {len(sent) // 50}
    while time.monotonic() < until:
        with database.snapshot() as conn:
            raw = conn.execute(select(rejected.c.raw).where(rejected.c.door == "log")).scalars().all()
        if b"no envelope of " + source.encode() in map(bytes, raw):
            break
        time.sleep(0.2)
    assert list(map(bytes, raw)).count(b"no envelope of " + source.encode()) == 1
    log.close()
