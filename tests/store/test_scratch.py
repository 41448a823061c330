"""A scratch table: written beside a read-only view, seen by nobody else, in nobody's way, gone when it is done."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import func, inspect, select, text

from store.database import bulk
from store.database.database import Database, open_database
from store.database.exported import exported
from store.database.scratch import scratch
from store.database.tables import live

STAYS = [(UUID(int=n), "warm", n, None) for n in range(1_000)]


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    database = open_database(migrated_url)
    with database.transaction() as conn:
        bulk.insert(conn, live.segment_spells, STAYS[:10])
    yield database
    database.close()


@pytest.mark.parametrize("apart", [False, True])
def test_it_stands_in_place_of_its_table_and_all_others_are_the_view_s(database: Database, apart: bool) -> None:
    for _ in range(2):
        with exported(database, apart=apart) as view, scratch(view, ["segment_spells"]) as beside:
            with database.transaction() as conn:  # neither waits for the other
                row = (UUID(int=1), 1.0, 0, None, False, None, None, "A", 0.0, None, "[]", "lead")
                bulk.upsert(conn, live.scores, [row])
                bulk.delete(conn, live.scores, "lead", [UUID(int=1)])
                bulk.upsert(conn, live.segment_spells, [(UUID(int=2_000), "late", 0, None)])
            spells = beside.tables.segment_spells
            assert spells is not live.segment_spells
            bulk.insert(beside.conn, spells, STAYS)
            beside.settle()
            counts = [
                beside.conn.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (spells, live.segment_spells, beside.tables.scores)
            ]
            assert counts[0] == 1_000 and counts[1] <= 11 and counts[2] == 0
            with database.snapshot() as conn:
                assert not inspect(conn).has_table(spells.name)
        with database.transaction() as conn:
            assert not inspect(conn).has_table(spells.name)
            assert conn.execute(select(func.count()).select_from(live.segment_spells)).scalar_one() == 11


def test_it_has_the_indexes_of_what_it_stands_for(database: Database) -> None:
    with exported(database, apart=False) as view, scratch(view, ["funnel_leads", "funnel_days"]) as beside:
        if database.dialect == "sqlite":
            query = "SELECT name FROM temp.sqlite_master WHERE type = 'index'"
        else:
            query = "SELECT indexname FROM pg_indexes WHERE tablename LIKE 'scratch_funnel%'"
        indexes = set(beside.conn.execute(text(query)).scalars())
    assert {"scratch_funnel_days_day", "scratch_funnel_leads_funnel"} <= indexes


def test_after_an_error_it_is_gone_and_the_view_reads_only_again(database: Database) -> None:
    with exported(database, apart=False) as view:
        with pytest.raises(RuntimeError), scratch(view, ["funnel_leads", "funnel_days"]):
            raise RuntimeError("a mistake of ours")
        with scratch(view, ["funnel_leads", "funnel_days"]) as beside:
            bulk.insert(beside.conn, beside.tables.funnel_days, [])
        with pytest.raises(Exception, match=r"read-?only"):
            bulk.delete(view.conn, live.segment_spells, "segment", ["warm"])
