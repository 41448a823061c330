"""`leadline notify` as a process of its own, beside PostgreSQL: it tells, and another one takes over."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant
from store.database.database import Database, open_database
from store.models import record_activation
from tests.given_ledger import AT, put, row
from tests.given_receivers import KEY, Receiver, receiving
from tests.runtime.serving import Process, eventually, run

MODEL = """
[[stages]]
name = "lead"
[[destinations]]
name = "berlin"
type = "webhook"
url = { env = "LEADLINE_BERLIN_URL" }
secret = { env = "LEADLINE_BERLIN_KEY" }
allow_private = true
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    database = open_database(postgres_url)
    database.migrate()
    with database.transaction() as conn:
        record_activation(conn, parse_model(MODEL), Instant(AT))
    yield database
    database.close()


def test_another_one_takes_over(tmp_path: Path, postgres_url: str, database: Database, receiver: Receiver) -> None:
    settings = {
        "DATABASE": postgres_url, "KAFKA": "127.0.0.1:1", "BERLIN_URL": receiver.url, "BERLIN_KEY": KEY,
    }  # fmt: skip
    first = Process(tmp_path, ("notify",), settings)
    try:
        put(database, [row(1)])
        eventually(lambda: len(receiver.accepted()) == 1)
        second = Process(tmp_path, ("notify",), settings)
        try:
            first.stop(signal.SIGKILL)
            put(database, [row(2), row(3)])
            eventually(lambda: len(receiver.accepted()) == 3)
            assert second.stop() == 0, second.said
        finally:
            second.popen.kill()
            second.popen.wait()
    finally:
        first.popen.kill()
        first.popen.wait()
    # What was accepted, and not yet noted when the first was killed, comes again under its id.
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 3


def test_without_kafka_serve_does_it(tmp_path: Path) -> None:
    refused = run(tmp_path, "notify")
    assert refused.returncode == 2 and "leadline serve" in refused.stderr
