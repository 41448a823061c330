"""The months of `touches` on PostgreSQL: a partition each (UTC), made when the first row of its month is to be written.

`touches_2026_11` holds November 2026, `touches_until_2019` all that is older than 2020. One is made as a table of its
own and attached then, which blocks neither readers nor writers (`CREATE TABLE ... PARTITION OF` would block both).
Whoever makes one holds the projector's lock. SQLite has one table.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Table, select

from store.database.derived import PARTITIONED_BY
from store.database.errors import translated

_DAY: Final = 86_400_000_000
_EPOCH: Final = date(1970, 1, 1)
_FIRST: Final = date(2020, 1, 1)
"""The first month that has a partition of its own. All before it is kept as that of `_EPOCH`."""
_THERE: Final = "SELECT oid::regclass::text FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = "


class Partitions:
    """Those of a table that are known to be there. After a transaction that was rolled back: a new one."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._place = [*table.columns].index(table.columns[PARTITIONED_BY])
        self._known: set[date] = set()

    def cover(self, conn: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Make those that rows lack, if the table has any; a row is a tuple in the order of the columns."""
        if self._table.dialect_options["postgresql"]["partition_by"] and conn.dialect.name == "postgresql":
            place = self._place
            self._make(conn, {_month(day) for day in {row[place] // _DAY for row in rows}})

    def cover_rows(self, conn: Connection, other: Table) -> None:
        """Make those that the rows of another table lack here."""
        if conn.dialect.name == "postgresql":
            days = conn.execute(select((other.c[PARTITIONED_BY] // _DAY).label("day")).distinct()).scalars()
            self._make(conn, {_month(day) for day in days})

    def _make(self, conn: Connection, months: set[date]) -> None:
        if months <= self._known:
            return
        name = self._table.name
        with translated():
            there = conn.exec_driver_sql(f"{_THERE} '\"{name}\"'::regclass").scalars().all()
            for month in sorted(months):
                if (partition := _name(name, month)) not in there:
                    conn.exec_driver_sql(f'CREATE TABLE "{partition}" (LIKE "{name}" INCLUDING ALL)')
                    conn.exec_driver_sql(f'ALTER TABLE "{name}" ATTACH PARTITION "{partition}" {_values(month)}')
        self._known |= months


@lru_cache(4_096)
def _month(day: int) -> date:
    """The first day of the month of a day (since 1970)."""
    first = (_EPOCH + timedelta(days=day)).replace(day=1)
    return first if first >= _FIRST else _EPOCH


def _name(table: str, month: date) -> str:
    return f"{table}_until_{_FIRST.year - 1}" if month == _EPOCH else f"{table}_{month:%Y_%m}"


def _values(month: date) -> str:
    if month == _EPOCH:
        return f"FOR VALUES FROM (MINVALUE) TO ({_instant(_FIRST)})"
    after = (month + timedelta(days=31)).replace(day=1)
    return f"FOR VALUES FROM ({_instant(month)}) TO ({_instant(after)})"


def _instant(day: date) -> int:
    """Its first microsecond, UTC."""
    return (day - _EPOCH).days * _DAY
