"""Costs in their table, on both databases: taken twice they are there once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from store.costs import Cost, CostKey, ImportedCosts, held, import_costs, listed_costs
from store.database.database import Database, open_database
from store.database.tables import costs
from tests.domain.histories import law


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    database = open_database(migrated_url)
    yield database
    database.close()


def listed(database: Database, limit: int = 1000, after: CostKey | None = None, **narrowed: int | str) -> list[Cost]:
    with database.snapshot() as conn:
        return listed_costs(conn, limit, after, **narrowed)  # type: ignore[arg-type]


def imported_at(database: Database, day: int) -> int:
    with database.snapshot() as conn:
        return int(conn.execute(select(costs.c.imported_at).where(costs.c.day == day)).scalar_one())


def cost(day: int, channel: str = "email", campaign: str = "", currency: str = "EUR", amount: int = 1) -> Cost:
    return Cost(CostKey(day, channel, campaign, currency), amount)


def test_what_is_imported_again_replaces(database: Database) -> None:
    first = [cost(1), cost(1, campaign="a"), cost(1, currency="USD"), cost(2, "display")]
    assert import_costs(database, first) == ImportedCosts(4, 0, 0)
    before = imported_at(database, 2)
    again = [cost(1, amount=9), cost(1, campaign="a"), cost(2, "display"), cost(3)]
    assert import_costs(database, again) == ImportedCosts(1, 1, 2)
    assert import_costs(database, again) == ImportedCosts(0, 0, 4)
    assert import_costs(database, []) == ImportedCosts(0, 0, 0)
    assert listed(database) == [
        cost(1, amount=9), cost(1, currency="USD"), cost(1, campaign="a"), cost(2, "display"), cost(3),
    ]  # fmt: skip
    assert imported_at(database, 2) == before


def test_what_was_replaced_is_kept_with_when_it_held(database: Database) -> None:
    import_costs(database, [cost(1, amount=5), cost(2)])
    import_costs(database, [cost(1, amount=6)])
    import_costs(database, [cost(1, amount=5)])
    with database.snapshot() as conn:
        kept = conn.execute(select(costs).where(costs.c.day == 1).order_by(costs.c.imported_at)).all()
        assert [row.amount for row in kept] == [5, 6, 5]
        assert [row.replaced_at for row in kept] == [kept[1].imported_at, kept[2].imported_at, None]
        for row in kept:
            then = conn.execute(select(costs.c.amount).where(held(row.imported_at), costs.c.day == 1)).scalars().all()
            assert then == [row.amount]
        assert conn.execute(select(costs.c.amount).where(held(kept[0].imported_at - 1))).all() == []


def test_they_are_listed_by_day_in_pages(database: Database) -> None:
    every = [cost(day, channel, campaign) for day in (1, 2, 3) for channel in ("A", "a", "é") for campaign in ("", "Z")]
    import_costs(database, every[::-1])
    assert listed(database) == every
    pages, after = [], None
    while page := listed(database, 4, after):
        pages += page
        after = page[-1].key
    assert pages == every
    assert listed(database, first=2, end=3, channel="a") == [cost(2, "a"), cost(2, "a", "Z")]


keys = st.builds(
    CostKey, st.integers(0, 3), st.sampled_from(["a", "b"]), st.sampled_from(["", "c"]), st.sampled_from(["X", "Y"])
)
imports = st.lists(st.dictionaries(keys, st.integers(0, 2**63 - 1), max_size=8), max_size=5)


@pytest.fixture(scope="module")
def shared_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("costs")))


@law(40)
@given(imports)
def test_twice_equals_once(shared_file: Path, imports: list[dict[CostKey, int]]) -> None:
    """The last amount of a key holds; nothing is added."""
    database = open_database(f"sqlite:///{shared_file}")
    try:
        with database.transaction() as conn:
            conn.execute(delete(costs))
        expected: dict[CostKey, int] = {}
        for taken in imports:
            rows = [Cost(key, amount) for key, amount in taken.items()]
            new = len(taken.keys() - expected.keys())
            same = sum(expected.get(key) == amount for key, amount in taken.items())
            assert import_costs(database, rows) == ImportedCosts(new, len(rows) - new - same, same)
            expected |= taken
            assert import_costs(database, rows) == ImportedCosts(0, 0, len(rows))
        assert {each.key: each.amount for each in listed(database)} == expected
    finally:
        database.close()
