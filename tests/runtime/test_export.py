"""`leadline export` as real processes: killed at any moment, two at once, and without its database."""

import csv
import io
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Refused
from domain.model.definition import parse_model
from projections.exports.formats import FileFormat, check_format
from runtime.commands.exporting import export
from store.audit import audit_lines
from tests.domain.stories import at, us
from tests.given_exports import names, positions, rows
from tests.given_model import MODEL
from tests.projections.world import KEY, World
from tests.runtime.serving import Process, environment, eventually, run
from tests.services.forked import PROGRAM
from tests.services.postgres import PostgresServer

SETTINGS = {"ID_KEY": KEY.hex()}
FOLLOW = ("export", "touchpoints", "--follow", "--out", "out")
KILLS = 3


def recorded_in(url: str) -> World:
    """A database without a model, in which touchpoints are recorded."""
    return World(url, parse_model(MODEL), us(10_000_000))


def record(world: World, first: int, count: int) -> None:
    numbers = range(first, first + count)
    world.deliver([at(n, "page_viewed", f"c:{n % 7}", id=f"v-{n}", path=f"/p/{n}") for n in numbers])


def settings_of(world: World) -> dict[str, str]:
    return {**SETTINGS, "DATABASE": world.url} if world.url.startswith("postgresql") else {**SETTINGS, "DATA": "."}


@pytest.mark.parametrize(("database", "format"), [
    ("migrated_sqlite_url", FileFormat.PARQUET), ("migrated_postgres_url", FileFormat.CSV),
])  # fmt: skip
def test_whenever_it_is_killed_each_touchpoint_is_in_one_file(
    request: pytest.FixtureRequest, tmp_path: Path, database: str, format: FileFormat
) -> None:
    """kill -9 at random moments while files are written; what was finished before stays as it is."""
    world, out = recorded_in(request.getfixturevalue(database)), tmp_path / "out"
    chance, settings = random.Random(database), settings_of(world)
    count, finished = 0, dict[str, bytes]()
    for _ in range(KILLS):
        record(world, count, 5_000)
        count += 5_000
        exporter = Process(tmp_path, (*FOLLOW, "--to", format, "--size", "1000", "--every", "1s"), settings)
        eventually(partial(more_than, len(finished), out / "touchpoints"))
        time.sleep(chance.uniform(0, 0.3))
        assert exporter.stop(signal.SIGKILL) == -signal.SIGKILL, exporter.said
        after = {name: (out / "touchpoints" / name).read_bytes() for name in names(out / "touchpoints")}
        assert finished.items() <= after.items()
        finished = after
    record(world, count, 50)
    done = run(tmp_path, *FOLLOW, "--to", format, "--once", "--size", "1000", **settings)
    assert done.returncode == 0, done.stderr
    assert positions(out / "touchpoints", format) == list(range(1, count + 51))
    assert [row["id"] for row in rows(out / f"touchpoints/*/*.{format}")] == [f"v-{n}" for n in range(count + 50)]
    assert not [*out.rglob("*.part")]
    world.close()


def more_than(count: int, folder: Path) -> bool:
    return len(names(folder)) > count


def test_a_second_one_is_refused_until_the_first_is_gone(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world = recorded_in(migrated_sqlite_url)
    record(world, 0, 10)
    settings = settings_of(world)
    first = Process(tmp_path, (*FOLLOW, "--every", "1s"), settings)
    eventually(lambda: names(tmp_path / "out" / "touchpoints"))
    second = run(tmp_path, *FOLLOW, "--once", **settings)
    assert second.returncode == 2 and "another export writes to" in second.stderr
    beside = run(tmp_path, "export", "signals", "--follow", "--once", "--out", "out", **settings)
    assert beside.returncode == 0, beside.stderr
    first.stop(signal.SIGKILL)
    third = Process(tmp_path, (*FOLLOW, "--every", "1s"), settings)
    record(world, 10, 10)
    eventually(lambda: positions(tmp_path / "out" / "touchpoints", "csv") == list(range(1, 21)))
    assert third.stop() == 0, third.said
    world.close()


def test_a_database_that_is_away_is_waited_for_and_said(
    postgres_server: PostgresServer, migrated_postgres_url: str, tmp_path: Path
) -> None:
    world = recorded_in(migrated_postgres_url)
    record(world, 0, 10)
    settings = settings_of(world)
    exporter = Process(tmp_path, (*FOLLOW, "--every", "1s"), settings)
    eventually(lambda: positions(tmp_path / "out" / "touchpoints", "csv") == list(range(1, 11)))
    with postgres_server.outage():
        eventually(lambda: "export.waits" in exporter.said)
        once = run(tmp_path, *FOLLOW[:-1], "other", "--once", **settings)
        assert once.returncode == 2 and "PostgreSQL is away" in once.stderr and names(tmp_path / "other") == []
    world.restart()
    record(world, 10, 10)
    eventually(lambda: positions(tmp_path / "out" / "touchpoints", "csv") == list(range(1, 21)))
    assert exporter.stop() == 0, exporter.said
    world.close()


@pytest.mark.parametrize(("asked", "said"), [
    ({"name": "visitors"}, 'unknown table "visitors"; allowed: report_leads, .*, touchpoints, signals'),
    ({"name": "REPORT_Leeds"}, r'unknown table "REPORT_Leeds" \(did you mean report_leads\?\)'),
    ({"name": "report_leads", "follow": True}, "report_leads changes anywhere"),
    ({"name": "report_leads", "personal": True}, "report_leads changes anywhere"),
    ({"name": "report_leads", "every": "5m"}, "report_leads changes anywhere"),
    ({"name": "report_leads", "size": 5_000}, "report_leads changes anywhere"),
    ({"name": "report_leads", "raw": True, "to": FileFormat.PARQUET}, "--raw: is of CSV"),
    ({"name": "signals", "follow": True, "once": True, "out": Path("out"), "every": "5m"}, "nothing waits with --once"),
    ({"name": "touchpoints"}, "add --follow, and --once for what is there now"),
    ({"name": "signals", "follow": True}, "name their folder with --out"),
    ({"name": "signals", "follow": True, "out": Path("out"), "every": "often"}, "--every: 'often' is no duration"),
])  # fmt: skip
def test_what_is_no_export_is_refused_by_name(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        export(**asked)


@pytest.mark.parametrize("ends", [BrokenPipeError, KeyboardInterrupt])
def test_what_is_printed_in_part_is_in_the_audit(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: type[BaseException]
) -> None:
    world = recorded_in(migrated_sqlite_url)
    world.deliver([at(1, "form_submitted", "e:ana@x.test")])
    world.project()

    class SeenEnough(io.BytesIO):
        def write(self, some: Any) -> int:
            if b"ana@x.test" in some:
                raise ends
            return super().write(some)

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(SeenEnough()))
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.hex())
    with pytest.raises(ends):
        export(name="report_leads", data=tmp_path)
    with world.database.snapshot() as conn:
        [line] = audit_lines(conn, 5)
    assert (line.what, line.rows) == ("report_leads (csv)", None)
    world.close()


def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, *FOLLOW)
    assert done.returncode == 2 and "leadline.db does not exist" in done.stderr


def test_parquet_without_its_package_is_refused_with_what_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Refused, match="uv sync --group parquet"):
        check_format(FileFormat.PARQUET)
    check_format(FileFormat.CSV)


def test_a_view_is_printed_or_written_into_a_file_or_folder(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world = recorded_in(migrated_sqlite_url)
    world.deliver([at(1, "form_submitted", "e:ana@x.test", profile={"name": "=Ana"})])
    world.project()
    settings = settings_of(world)
    (tmp_path / "out").mkdir()
    printed = run(tmp_path, "export", "report_leads", **settings)
    assert printed.returncode == 0, printed.stderr
    [lead] = csv.DictReader(io.StringIO(printed.stdout))
    assert (lead["email"], lead["name"]) == ("ana@x.test", "'=Ana")
    done = run(tmp_path, "export", "report_leads", "--to", "parquet", "--out", "out", **settings)
    assert done.returncode == 0 and "out/report_leads.parquet: 1 rows" in done.stderr, done.stderr
    [same] = rows(tmp_path / "out/report_leads.parquet", "lead")
    assert (same["lead"], same["name"]) == (lead["lead"], "=Ana")
    shell = f"{PROGRAM} export report_leads --to parquet > piped.parquet"
    subprocess.run(shell, shell=True, cwd=tmp_path, env=environment(**settings), check=True)
    assert rows(tmp_path / "piped.parquet", "lead") == [same]
    world.close()
