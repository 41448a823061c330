"""The measurement of rows measures both tables, made and written, on each database."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from store.database.database import open_database
from store.database.tables import live
from tests.bench import rows
from tests.bench.rows import RowCost
from tests.bench.traffic import play


@pytest.mark.parametrize("on", ["SQLite", "PostgreSQL"])
def test_both_tables_are_made_and_written(on: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path}/leadline.db" if on == "SQLite" else request.getfixturevalue("postgres_url")
    found = list(rows.measure(url, list(play(1_500, datetime.now(UTC))), 1, lambda: {"postgres": 7}))
    parts = ["made", f"written to {on}", "postgres meanwhile"]
    assert [each.name for each in found] == [f"`{name}`, {part}" for name in ("touches", "awards") for part in parts]
    assert [each.values["median"] > 0 for each in found] == [True, True, False] * 2
    database = open_database(url)
    with database.snapshot() as conn:
        counting = [select(func.count()).select_from(each) for each in (live.touches, live.awards)]
        counts = [conn.execute(each).scalar_one() for each in counting]
    database.close()
    assert counts[0] == 1_500 and counts[1] > 0


def test_a_cost_is_a_median_of_rounds() -> None:
    cost = RowCost("made", [3.0, 1.0, 2.0])
    assert cost.values == {"median": 2.0, "least": 1.0, "most": 3.0}
    assert str(cost) == "| made | 2.00 | 1.00 to 3.00 |"
