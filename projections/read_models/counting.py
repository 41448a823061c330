"""What the writes of one batch change in a table of counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table

from projections.read_models.family import Row, RowCount
from store.database import bulk
from store.database.derived import Derived


class CountChange:
    """Rows of one family that come and go, told apart."""

    def __init__(self, count: RowCount, of: Table) -> None:
        """`of`: the family's table."""
        self._count = count
        self._of = of
        places = [list(of.columns.keys()).index(name) for name in count.columns]
        self._told = itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
        self._changes = Counter[Sequence[Any]]()

    def come(self, rows: Iterable[Row]) -> None:
        """These are written, and were not there."""
        self._changes.update(map(self._told, rows))

    def go(self, rows: Iterable[Row]) -> None:
        """These were there, and are not any more."""
        self._changes.subtract(map(self._told, rows))

    def go_with(self, conn: Connection, leads: Sequence[UUID], within: Mapping[Table, str]) -> None:
        """All that is there of these leads goes. `within`: of a table what holds of their rows, in SQL."""
        rows = bulk.select_in(conn, self._of, self._count.columns, "lead", leads, within.get(self._of, ""))
        self._changes.subtract(rows)

    def rows(self, tables: Derived) -> tuple[Table, list[Row]]:
        """The table of counts, and what is to be added to it."""
        added: dict[tuple[Any, ...], list[int]] = {}
        for values, change in self._changes.items():
            if change:
                key, numbers = self._count.counts_in(values)
                before = added.setdefault(key, [0] * len(numbers))
                added[key] = [was + change * number for was, number in zip(before, numbers, strict=True)]
        return self._count.table(tables), [(*key, *numbers) for key, numbers in added.items() if any(numbers)]
