"""What `make bench-read` asks: databases of its own on a cluster that is kept under build/, each filled once."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg2

from tests.bench.checkouts import here
from tests.bench.read_play import ReadPlay, costs
from tests.bench.running import MODEL, Installation
from tests.services.postgres import PostgresServer, kept_postgres

FOLDER: Final = Path("build/bench-read")
SETTINGS: Final = {"shared_buffers": "1GB", "max_wal_size": "8GB", "work_mem": "32MB", "effective_cache_size": "4GB"}
"""A server that loses nothing."""
_MONEY: Final = """
[money]
in = "EUR"
rates = [ { currency = "USD", from = "2020-01-01", rate = 0.9 } ]
"""
_BY_SIZE: Final = """
SELECT c.relname, c.relkind, pg_table_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'i') ORDER BY 3 DESC
"""


@dataclass(frozen=True)
class Filled:
    """One data set. `until` is the instant before which everything of it happened (RFC 3339)."""

    leads: int
    touchpoints: int
    until: str
    took: float
    megabytes: float

    @property
    def name(self) -> str:
        """Of the database."""
        return named(self.leads, self.touchpoints)

    @property
    def ended(self) -> datetime:
        """`until`."""
        return datetime.fromisoformat(self.until)


def named(leads: int, touchpoints: int) -> str:
    """The database of so many leads and touchpoints."""
    return f"read_{leads}_{touchpoints}"


@contextmanager
def cluster() -> Iterator[PostgresServer]:
    """The PostgreSQL of the bench: durable, its data are kept."""
    with kept_postgres((FOLDER / "postgres").absolute(), SETTINGS) as server:
        yield server


def url_of(server: PostgresServer, name: str) -> str:
    """The URL of a database of the cluster."""
    return server.url.removesuffix("/postgres") + f"/{name}"


def filled(server: PostgresServer, leads: int, touchpoints: int, *, anew: bool) -> Filled:
    """The data set of so many leads and touchpoints; filled where it is not there whole, or `anew`."""
    name = named(leads, touchpoints)
    note = FOLDER / f"{name}.json"
    if note.exists() and not anew:
        found = Filled(**json.loads(note.read_text(encoding="utf-8")))
        print(f"{name}: was filled in {found.took:,.0f} s, {found.megabytes:,.0f} MB")
        return found
    note.unlink(missing_ok=True)
    _execute(server.url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    start = time.monotonic()
    _fill(url_of(server, name), ReadPlay(leads, touchpoints, until))
    took = time.monotonic() - start
    [(size,)] = asked(url_of(server, name), "SELECT pg_database_size(current_database())")
    made = Filled(leads, touchpoints, until.isoformat(), round(took, 1), round(size / 1e6, 1))
    note.write_text(json.dumps(asdict(made)), encoding="utf-8")
    print(f"{name}: filled in {took:,.0f} s ({touchpoints / took:,.0f} touchpoints/s), {made.megabytes:,.0f} MB")
    return made


def installation(url: str, settings: Mapping[str, str] | None = None) -> Installation:
    """This checkout's program on a database."""
    model = FOLDER / "model.toml"
    model.write_text(_with_money(), encoding="utf-8")
    ours = {"DATABASE": url, "MODEL": str(model.absolute()), **(settings or {})}
    return Installation(here().program, FOLDER.absolute(), ours)


def sizes(url: str) -> list[tuple[str, str, int]]:
    """Tables ("table") and indexes ("index") with their bytes, months of `touches` together, the largest first."""
    found: dict[tuple[str, str], int] = {}
    for name, kind, size in asked(url, _BY_SIZE):
        whole = "touches (all months)" if name.startswith("touches_") and any(map(str.isdigit, name)) else name
        key = whole, "index" if kind == "i" else "table"
        found[key] = found.get(key, 0) + size
    return sorted(((name, kind, size) for (name, kind), size in found.items()), key=lambda each: -each[2])


def asked(url: str, query: str) -> list[Any]:
    """The rows of a query."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()
    finally:
        connection.close()


def _execute(url: str, *statements: str) -> None:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def _with_money() -> str:
    """The model of `make bench`, and money."""
    return MODEL.read_text(encoding="utf-8") + _MONEY


def _fill(url: str, play: ReadPlay) -> None:
    """Record, rebuild, project what is left; then costs, then what autovacuum would do in time."""
    at = installation(url)
    name = url.rsplit("/", 1)[1]
    _execute(url, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    words = [str(play.leads), str(play.touchpoints), play.until.isoformat()]
    command = [sys.executable, "-m", "tests.bench.read_recording"]
    subprocess.run([*command, "prepare", *words], env=at.environment, check=True)
    for what in ("record", "place"):
        print(f"  {what} {play.touchpoints:,} touchpoints", flush=True)
        subprocess.run([*command, what, *words], env=at.environment, check=True)
    subprocess.run([at.program, "rebuild"], env={**at.environment, "LEADLINE_WORKERS": "2"}, check=True)
    print("  project the rest", flush=True)
    subprocess.run([*command, "project", *words], env=at.environment, check=True)
    file = FOLDER / "costs.csv"
    file.write_text("\n".join(costs(play.until)) + "\n", encoding="utf-8")
    at.run("import-costs", str(file.absolute()))
    _execute(url, f'ALTER DATABASE "{name}" RESET ALL', "VACUUM ANALYZE", "CHECKPOINT")
