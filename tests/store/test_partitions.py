"""The months of `touches` on PostgreSQL: made when they are needed, beside whoever reads and writes."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from domain.touchpoints.touchpoint import microseconds
from store.database import bulk
from store.database.database import Database
from store.database.derived import derived
from store.database.partitions import Partitions
from store.database.tables import live

LEAD = UUID(int=1)


def row(*when: int) -> dict[str, Any]:
    at = microseconds(datetime(*when, tzinfo=UTC))  # type: ignore[misc,arg-type]
    said = {"touchpoint": "t", "type": "page_viewed", "source_kind": "server", "source": "s", "properties": "{}"}
    return {"lead": LEAD, "at": at, "n": 0, "day": at // 86_400_000_000, **said}


def write(conn: Connection, partitions: Partitions, *rows: dict[str, Any]) -> None:
    names = [column.name for column in live.touches.columns]
    tuples = [tuple([each.get(name) for name in names]) for each in rows]
    partitions.cover(conn, tuples)
    bulk.insert(conn, live.touches, tuples)


def months(conn: Connection) -> dict[str, int]:
    """Rows by the table in which they are."""
    query = "SELECT tableoid::regclass::text AS tableoid, count(*) AS count FROM touches GROUP BY 1 ORDER BY 1"
    return {row.tableoid: row.count for row in conn.exec_driver_sql(query)}


def test_each_month_has_a_partition_and_all_before_2020_one(postgres: Database) -> None:
    partitions = Partitions(live.touches)
    with postgres.transaction() as conn:
        write(conn, partitions, row(2026, 11, 1), row(2026, 10, 31, 23, 59, 59, 999_999), row(2026, 10, 1))
        write(conn, partitions, row(2026, 11, 30, 23, 59, 59, 999_999), row(2019, 12, 31, 23), row(1970, 1, 1))
        write(conn, Partitions(live.touches), row(2020, 1, 1), row(2026, 11, 2), row(9998, 12, 31))
        assert months(conn) == {
            "touches_2020_01": 1, "touches_2026_10": 2, "touches_2026_11": 3, "touches_9998_12": 1,
            "touches_until_2019": 2,
        }  # fmt: skip


def test_one_that_was_rolled_back_is_made_again_by_a_new_writer(postgres: Database) -> None:
    with pytest.raises(RuntimeError), postgres.transaction() as conn:
        write(conn, Partitions(live.touches), row(2026, 11, 1))
        raise RuntimeError
    with postgres.transaction() as conn:
        write(conn, Partitions(live.touches), row(2026, 11, 1))
        assert months(conn) == {"touches_2026_11": 1}


def test_one_is_made_beside_whoever_reads_and_writes(postgres: Database) -> None:
    """In transactions that stay open: none waits for another."""
    with postgres.transaction() as reading, postgres.transaction() as making, postgres.transaction() as writing:
        for conn in (reading, making, writing):
            conn.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
        assert months(reading) == {}
        writing.exec_driver_sql("DELETE FROM touches")
        write(making, Partitions(live.touches), row(2026, 11, 1))
        assert months(reading) == {}
        writing.exec_driver_sql("DELETE FROM touches")


def test_a_partition_has_the_indexes_of_the_table(postgres: Database) -> None:
    with postgres.transaction() as conn:
        write(conn, Partitions(live.touches), row(2026, 11, 1))
        assert indexes(conn, "touches_2026_11") == indexes(conn, "touches")
        assert "btree (lead, at, n)" in indexes(conn, "touches")


def indexes(conn: Connection, table: str) -> list[str]:
    found = conn.exec_driver_sql(f"SELECT indexdef FROM pg_indexes WHERE tablename = '{table}'").scalars()
    return sorted(definition.partition(" USING ")[2] for definition in found)


def test_a_build_beside_has_none_and_the_live_one_gets_what_it_needs(postgres: Database) -> None:
    beside = derived("next_")
    with postgres.transaction() as conn:
        beside.touches.create(conn)
        bulk.insert(conn, beside.touches, [row(2026, 10, 1), row(2026, 11, 1), row(2026, 11, 2), row(1999, 1, 1)])
        Partitions(live.touches).cover_rows(conn, beside.touches)
        conn.exec_driver_sql("INSERT INTO touches SELECT * FROM next_touches")
        assert months(conn) == {"touches_2026_10": 1, "touches_2026_11": 2, "touches_until_2019": 1}


def test_rows_are_written_and_replaced_on_each_database(database: Database) -> None:
    with database.transaction() as conn:
        partitions = Partitions(live.touches)
        write(conn, partitions, row(2026, 11, 1))
        read = bulk.select_in(conn, live.touches, ["at", "type"], "lead", [LEAD])
        assert read == [(row(2026, 11, 1)["at"], "page_viewed")]
        bulk.upsert(conn, live.touches, [{**row(2026, 11, 1), "type": "identified"}])
        assert bulk.select_in(conn, live.touches, ["type"], "lead", [LEAD]) == [("identified",)]
