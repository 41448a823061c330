"""How rows are merged on PostgreSQL, few and many, and what of it outlives a rollback."""

from uuid import UUID

import pytest
from sqlalchemy import select

from store.database import bulk
from store.database.database import Database
from store.database.derived import derived
from store.database.tables import live
from tests.store.given_rows import member, score, undone


def test_what_is_prepared_outlives_a_rollback_and_follows_the_name_of_its_table(database: Database) -> None:
    """As a rebuild switches tables, while the projector keeps its connection."""
    table, beside = live.segment_members, derived("next_").segment_members
    with undone(database) as conn:
        bulk.upsert(conn, table, [member(1)])
    with database.transaction() as conn:
        assert bulk.insert_new(conn, table, [member(1), member(2)]) == 2
        bulk.upsert(conn, table, [member(1, 5), member(2, 5)])
        beside.create(conn)
        conn.exec_driver_sql("ALTER TABLE segment_members RENAME TO old_members")
        conn.exec_driver_sql("ALTER TABLE next_segment_members RENAME TO segment_members")
        bulk.upsert(conn, table, [member(3, 6)])
        assert bulk.insert_new(conn, table, [member(3), member(4)]) == 1
        found = bulk.select_in(conn, table, ["lead", "entered_at"], "segment", ["returners"])
    assert sorted((lead.int, at) for lead, at in found) == [(3, 6), (4, 0)]


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few rows are merged, they go through a temporary table."""
    monkeypatch.setattr(bulk, "FEW", 0)


@pytest.mark.usefixtures("staged")
def test_staging_survives_rollbacks_and_savepoints(database: Database) -> None:
    table = live.segment_members
    for n in range(3):
        with pytest.raises(RuntimeError), database.transaction() as conn:
            bulk.upsert(conn, table, [member(n)])
            raise RuntimeError
    with database.transaction() as conn:
        with pytest.raises(RuntimeError), conn.begin_nested():
            bulk.upsert(conn, table, [member(7)])
            raise RuntimeError
        bulk.upsert(conn, table, [member(8)])
        bulk.upsert(conn, table, [member(9)])
    with database.transaction() as conn:
        bulk.upsert(conn, table, [member(10)])
        found = bulk.select_in(conn, table, ["lead"], "segment", ["returners"])
    assert sorted(lead.int for (lead,) in found) == [8, 9, 10]


class RolledBack(Exception):
    """Ends a transaction."""


@pytest.mark.usefixtures("staged")
def test_a_temporary_table_that_was_rolled_back_is_made_again(database: Database) -> None:
    first, second = UUID(int=1), UUID(int=2)
    with pytest.raises(RolledBack), database.transaction() as conn:
        bulk.upsert(conn, live.scores, [score(lead=first)])
        raise RolledBack
    with database.transaction() as conn:
        with pytest.raises(RolledBack), conn.begin_nested():
            bulk.upsert(conn, live.scores, [score(lead=first)])
            raise RolledBack
        bulk.upsert(conn, live.scores, [score(lead=second)])
        with conn.begin_nested():
            bulk.upsert(conn, live.scores, [score(lead=first)])
        bulk.upsert(conn, live.scores, [score(lead=first)])
    with database.snapshot() as conn:
        assert set(conn.execute(select(live.scores.c.lead)).scalars()) == {first, second}
