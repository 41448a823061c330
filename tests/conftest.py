"""What every test may ask for: real services, started when the first test asks. See tests/services/."""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import structlog
from hypothesis import HealthCheck, settings

from store.database.database import open_database
from tests.dearest import Dearest
from tests.services import browser, kafka, postgres
from tests.services.absent import without
from tests.services.dask import DaskCluster, running_dask
from tests.services.forked import LOADED
from tests.services.kafka import KafkaBroker
from tests.services.postgres import PostgresServer
from tests.services.service import ServiceUnavailable
from tests.workers import Scheduling, Services, in_turn

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")  # a machine that runs all tests at once is slow: no test is about time

MEMORY: Final = Path("/dev/shm")
"""A file system in memory, where Linux has one: a sync, for which product and services ask as always, costs nothing."""

ROOM: Final = 4 << 30
"""Bytes that must be free there: some of a whole run, and far from all of it."""

SERVICES: Final = Services()
"""What runs for the files of a group; see tests/workers.py."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """What is collected stays to the end: its garbage is not looked for meanwhile, nor in it afterwards.

    And of what tests make, cycles are looked for less often than usual: that was a fifth of the CPU of some folders.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    items[:] = in_turn(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """Of files, those that need a broker go to one worker."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    """Temporary files lie in memory where there is room, unless TMPDIR says where.

    What is compiled is kept, also where the caller's environment forbids it: the tests start hundreds of processes.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    config.pluginmanager.register(Dearest())
    config.pluginmanager.register(SERVICES)
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def pytest_sessionfinish() -> None:
    """What had loaded the program ends."""
    LOADED.end()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which services the tests will use."""
    services = {"PostgreSQL": postgres, "Kafka": kafka, "browser": browser}
    return [f"{name}: {service.described()}" for name, service in services.items()]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """With services of our own, one for each worker; what others gave us is used by one test at a time.

    One worker more than there are cores: many tests wait for processes.
    """
    given = os.environ.get(postgres.GIVEN) or os.environ.get(kafka.GIVEN)
    return 1 if given else min((os.cpu_count() or 1) + 1, 4)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server, for the whole run."""
    server = postgres.running_postgres()
    try:
        started = server.__enter__()
    except ServiceUnavailable as reason:
        without(reason)
    try:
        yield started
    finally:
        server.__exit__(None, None, None)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database, dropped after the test."""
    url = postgres_server.create()
    yield url
    postgres_server.drop(url)


def migrated(url: str) -> str:
    """The URL of a database that has the schema now, and no connection."""
    database = open_database(url)
    database.migrate()
    database.close()
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url_of_module(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database that has the schema, of each kind; the tests of a module share it."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield f"sqlite:///{shutil.copy(template, tmp_path_factory.mktemp('module'))}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create(request.getfixturevalue("postgres_template"))
        yield url
        server.drop(url)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database with the schema, which tests copy: making the schema takes longer than most of them."""
    url = migrated(postgres_server.create())
    yield url
    postgres_server.drop(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the schema, which tests copy."""
    file = tmp_path_factory.mktemp("template") / "leadline.db"
    migrated(f"sqlite:///{file}")
    return file


@pytest.fixture
def migrated_postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with the schema, dropped after the test."""
    url = postgres_server.create(postgres_template)
    yield url
    postgres_server.drop(url)


@pytest.fixture
def migrated_sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of the file `leadline.db` in the test's folder, with the schema."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'leadline.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database with the schema, of each kind in turn."""
    name = "migrated_sqlite_url" if request.param == "sqlite" else "migrated_postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def dask_cluster() -> DaskCluster:
    """A Dask scheduler with two worker processes, which other tests use too."""
    try:
        cluster: DaskCluster = SERVICES.started("Dask", running_dask())
    except ServiceUnavailable as reason:
        without(reason)
    return cluster


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """A browser, for the tests of a module."""
    running = browser.running_chromium()
    try:
        started = running.__enter__()
    except ServiceUnavailable as reason:
        without(reason)
    try:
        yield started
    finally:
        running.__exit__(None, None, None)


@pytest.fixture
def stoppable_postgres(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """The server as something that can be away for a while; it runs again after the test."""
    if not postgres_server.ours:
        without(ServiceUnavailable(f"{postgres.GIVEN} is not ours to stop: unset it to play an outage"))
    yield postgres_server
    postgres_server.start()


@pytest.fixture(scope="module")
def kafka_session() -> KafkaBroker:
    """The broker of all modules that need one: ask for `kafka_broker` or `kafka_bootstrap` instead."""
    try:
        broker: KafkaBroker = SERVICES.started("Kafka", kafka.running_kafka())
    except ServiceUnavailable as reason:
        without(reason)
    return broker


@pytest.fixture(scope="module")
def kafka_bootstrap(kafka_session: KafkaBroker) -> str:
    """Bootstrap servers of a Kafka that other tests use too: name your topics after your test."""
    return kafka_session.bootstrap


@pytest.fixture
def kafka_broker(kafka_session: KafkaBroker) -> Iterator[KafkaBroker]:
    """The broker as something that can be stopped and started; it runs again after the test."""
    if isinstance(kafka_session, kafka.GivenKafka):
        pytest.skip(f"{kafka.GIVEN} is not ours to stop: unset it to run the tests that play an outage")
    yield kafka_session
    kafka_session.start()


@pytest.fixture(autouse=True)
def no_log_set_up_of_another_test() -> Iterator[None]:
    """A command that ran in this process has bound the log lines to a stderr that is closed by now."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def no_signals_blocked_by_another_test() -> Iterator[None]:
    """A server that was refused in this process has blocked the signals that end one; processes would inherit that."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
