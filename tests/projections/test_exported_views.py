"""A view as a file: what its SQL says, in the types of the format, from one snapshot, some rows at a time."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from domain.errors import NotFound
from domain.touchpoints.touchpoint import microseconds, rfc3339
from projections.exports.columns import CellType, ExportColumn
from projections.exports.formats import GROUP_BYTES, GROUP_ROWS, FileFormat, ParquetFile
from projections.exports.views import columns_of, rows_of, view_named
from projections.exports.whole import write_file, write_rows
from store.database.shown import ShownAs
from store.database.views.registry import VIEWS
from store.database.views.view import ReportView
from tests import given_exports, given_views
from tests.conftest import migrated
from tests.projections.given_analysts import played
from tests.projections.world import World
from tests.services.postgres import PostgresServer

EVERY = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
LEADS = view_named("report_leads")


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = played(migrated(f"sqlite:///{tmp_path_factory.mktemp('exported') / 'leadline.db'}"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def on_postgres(postgres_server: PostgresServer) -> Iterator[World]:
    world = played(migrated(postgres_server.create()))
    yield world
    world.close()
    postgres_server.drop(world.url)


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def told(request: pytest.FixtureRequest) -> World:
    """The world on each database in turn. Read only."""
    world: World = request.getfixturevalue(request.param)
    return world


def exported(world: World, view: ReportView, path: Path, **how: Any) -> int:
    with world.database.snapshot() as conn:
        format = FileFormat(path.suffix[1:])
        return write_file(path, format, columns_of(view), rows_of(conn, view), **how)


def as_sqlite_shows(view: ReportView, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    same = [{each.name: _same(each.kind, row[each.name]) for each in view.columns} for row in rows]
    return sorted(same, key=lambda row: orjson.dumps(row, option=orjson.OPT_SORT_KEYS))


def _same(kind: ShownAs, value: Any) -> Any:
    match kind, value:
        case _, None:
            return None
        case ShownAs.JSON, str():
            return orjson.loads(value)
        case ShownAs.MOMENT, datetime():
            return rfc3339(microseconds(value))
        case ShownAs.DAY, date():
            return value.isoformat()
        case ShownAs.MONEY, Decimal():
            return float(value)
        case ShownAs.FLAG, bool():
            return int(value)
        case ShownAs.COUNT, int():
            return value
        case ((ShownAs.NUMBER | ShownAs.SECONDS), float()):
            return value
        case ((ShownAs.ID | ShownAs.TEXT), str()):
            return value
    raise AssertionError(f"{kind.name} is read as {type(value).__name__}")


@EVERY
def test_a_file_of_parquet_has_the_rows_of_its_view(told: World, view: ReportView, tmp_path: Path) -> None:
    count = exported(told, view, tmp_path / "view.parquet")
    found = given_exports.rows(tmp_path / "view.parquet", view.columns[0].name)
    shown = given_views.rows_of(told.url, view)
    assert count == len(shown)
    assert as_sqlite_shows(view, found) == sorted(shown, key=lambda row: orjson.dumps(row, option=orjson.OPT_SORT_KEYS))


@EVERY
def test_a_file_of_csv_has_the_same_values_as_text(told: World, view: ReportView, tmp_path: Path) -> None:
    for name in ("raw.csv", "view.parquet"):
        exported(told, view, tmp_path / name, raw=True)
    with (tmp_path / "raw.csv").open(encoding="utf-8", newline="") as file:
        names, *texts = csv.reader(file, strict=True)
    assert names == [column.name for column in view.columns]
    typed = given_exports.rows(tmp_path / "view.parquet", view.columns[0].name)
    written = io.BytesIO()
    write_rows(written, FileFormat.CSV, columns_of(view), iter([[_cells(view, row) for row in typed]]), raw=True)
    _, *again = csv.reader(io.StringIO(written.getvalue().decode(), newline=""), strict=True)
    assert sorted(texts) == sorted(again)


def _cells(view: ReportView, row: dict[str, Any]) -> list[Any]:
    """The values of a row of Parquet, as whoever writes rows is given them."""
    given = {CellType.MOMENT: microseconds, CellType.DAY: lambda day: (day - date(1970, 1, 1)).days}
    return [
        given.get(column.type, lambda value: value)(row[column.name]) if row[column.name] is not None else None
        for column in columns_of(view)
    ]


def test_texts_that_a_spreadsheet_takes_for_formulas_get_an_apostrophe_unless_raw(tmp_path: Path) -> None:
    columns = [ExportColumn("said", CellType.TEXT, "a text"), ExportColumn("much", CellType.NUMBER, "a number")]
    for raw, shown in ((False, "'=1+1"), (True, "=1+1")):
        write_file(tmp_path / "x.csv", FileFormat.CSV, columns, iter([[("=1+1", -1.5)]]), raw=raw)
        assert (tmp_path / "x.csv").read_bytes() == f"said,much\r\n{shown},-1.5\r\n".encode()


def test_no_view_of_another_name() -> None:
    with pytest.raises(NotFound, match=r'unknown table "report_visits" .*; allowed: report_leads, .*, touchpoints'):
        view_named("report_visits", ["touchpoints"])


def test_groups_of_parquet_are_bounded_in_rows_and_in_bytes(tmp_path: Path) -> None:
    import pyarrow.parquet

    columns = [ExportColumn("text", CellType.TEXT, "a text")]
    for text, count in (("x", GROUP_ROWS * 2 + 1), ("x" * 100_000, 3 * GROUP_BYTES // 100_000)):
        with (tmp_path / "x.parquet").open("wb") as file:
            rows = ParquetFile(columns, file)
            for start in range(0, count, 100):
                rows.write([(text,)] * min(100, count - start))
            rows.close()
        read = pyarrow.parquet.ParquetFile(tmp_path / "x.parquet").metadata
        assert read.num_rows == count and read.num_row_groups >= 3
        for number in range(read.num_row_groups):
            group = read.row_group(number)
            assert group.num_rows <= GROUP_ROWS and group.num_rows * len(text) <= GROUP_BYTES + 100 * len(text)


def test_memory_does_not_grow_with_the_rows_of_a_view(told: World) -> None:
    """Of a query of a million rows the database sends some thousand at a time."""
    from sqlalchemy import select, text

    from store.database.streaming import streamed

    many = (
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 300000)"
        " SELECT n, '0123456789012345678901234567890123456789' || n AS said FROM numbers"
    )
    query = select(text("n"), text("said")).select_from(text(f"({many}) AS many"))
    peaks = []
    for limit in (20_000, 300_000):
        with told.database.snapshot() as conn:
            tracemalloc.start()
            count = sum(len(rows) for rows in streamed(conn, query.limit(limit), 2_000))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert count == limit
    assert peaks[1] < 1.5 * peaks[0], peaks
