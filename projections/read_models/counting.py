"""What the writes of one batch change in a table of counts."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, delete

from projections.read_models.family import Row, RowCount
from store.database import bulk
from store.database.derived import Derived


class CountChange:
    """Rows of one family that come and go, told apart."""

    def __init__(self, count: RowCount, of: Table) -> None:
        """`of`: the family's table."""
        self._count = count
        self._of = of
        self._keys = [column.name for column in of.primary_key]
        self._told = _picked(of, count.columns)
        self._key = _picked(of, self._keys)
        self._lead = of.columns.keys().index("lead")
        self._changes = Counter[Sequence[Any]]()

    def come(self, rows: Iterable[Row]) -> None:
        """These are written, and were not there."""
        self._changes.update(map(self._told, rows))

    def go(self, rows: Iterable[Row]) -> None:
        """These were there, and are not any more."""
        self._changes.subtract(map(self._told, rows))

    def replace(self, conn: Connection, rows: Sequence[Row]) -> None:
        """These are written, over what is there of their keys."""
        if not rows:
            return
        leads = [row[self._lead] for row in rows]
        keys, width = {*map(self._key, rows)}, len(self._keys)
        told = (*self._keys, *self._count.columns)
        there = bulk.select_in(conn, self._of, told, "lead", leads, self._count.where)
        self._changes.subtract(row[width:] for row in there if row[:width] in keys)
        self.come(rows)

    def go_with(self, conn: Connection, leads: Sequence[UUID], within: Mapping[Table, str]) -> None:
        """All that is there of these leads goes. `within`: of a table what holds of their rows, in SQL."""
        holds = " AND ".join(filter(None, (self._count.where, within.get(self._of))))
        self._changes.subtract(bulk.select_in(conn, self._of, self._count.columns, "lead", leads, holds))

    def added(self, tables: Derived) -> tuple[Table, list[Row]]:
        """The table of counts, and what is to be added to it."""
        added: dict[tuple[Any, ...], list[int]] = {}
        for values, change in self._changes.items():
            counted = self._count.counts_in(values) if change else None
            if counted is not None:
                key, numbers = counted
                before = added.setdefault(key, [0] * len(numbers))
                added[key] = [was + change * number for was, number in zip(before, numbers, strict=True)]
        return self._count.table(tables), [(*key, *numbers) for key, numbers in added.items() if any(numbers)]

    def clear(self, conn: Connection, tables: Derived) -> None:
        """After that: what has no rows any more has no count."""
        if min(self._changes.values(), default=0) < 0:
            table = self._count.table(tables)
            numbers = [column for column in table.columns if not column.primary_key]
            conn.execute(delete(table).where(*(number == 0 for number in numbers)))


def _picked(table: Table, names: Sequence[str]) -> Callable[[Row], tuple[Any, ...]]:
    """What gives the values of these columns of a row."""
    places = [table.columns.keys().index(name) for name in names]
    return itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
