"""The writes of one batch to the read models, family by family."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from domain.fold.fold import Fold
from domain.touchpoints.touchpoint import NEVER
from projections.read_models.counting import CountChange
from projections.read_models.family import Entries, Family, GrowingRows, Row, SeveralRows, Subject
from projections.read_models.registry import ALWAYS, FAMILIES, GROWING, REMEMBERED
from store.database import bulk
from store.database.derived import PARTITIONED_BY, Derived
from store.database.partitions import Partitions

Shown = list[Entries]
"""What the tables hold of one lead, by the families of which that is remembered."""

NOTHING: Shown = [{} for _ in REMEMBERED]
"""Of a lead that was never shown."""


NONE_UNDONE: list[list[Row]] = [[] for _ in GROWING]
"""Nearly always."""


class Rendered(NamedTuple):
    """What is to be seen of one lead."""

    id: UUID
    rows: list[Row]
    """Of the tables of one row, in the order of their families."""
    shown: Shown
    grown: list[list[Row]]
    """Of the tables that only grow, in the order of their families: where `whole` all rows, else what changed."""
    undone: list[list[Row]]
    """Of these tables the keys of rows that go."""
    whole: bool


def render(fold: Fold, subject: Subject) -> Rendered:
    """What is to be seen of a lead."""
    rows = [family.row(fold, subject) for family in ALWAYS]
    shown = [family.entries(fold, subject) for family in REMEMBERED]
    grown = [family.rows(fold, subject) for family in GROWING]
    undone = [family.undone(subject) for family in GROWING] if subject.lead.foreseen else NONE_UNDONE
    return Rendered(subject.id, rows, shown, grown, undone, subject.lead.whole)


class Changes:
    """What is to be written; nothing is until `write`."""

    def __init__(self, tables: Derived, partitions: Partitions, *, counts: bool = True) -> None:
        """`counts`: whether it is kept how many rows there are; else who makes a build counts at its end."""
        self._tables = tables
        self._several_counts = [_counted(family, tables) if counts else None for family in REMEMBERED]
        self._grown_counts = [_counted(family, tables) if counts else None for family in GROWING]
        self._partitions = partitions
        self._since: int = NEVER
        self._gone: list[UUID] = []
        self._emptied: list[list[UUID]] = [[] for _ in REMEMBERED]
        self._several: list[list[Row]] = [[] for _ in REMEMBERED]
        self._always: list[list[Row]] = [[] for _ in ALWAYS]
        self._moved: dict[UUID, UUID] = {}
        self._regrown: list[UUID] = []
        self._grown: list[list[Row]] = [[] for _ in GROWING]
        self._undone: list[list[Row]] = [[] for _ in GROWING]

    def gone(self, id: UUID) -> None:
        """The lead ceased: nothing of it is to be seen."""
        self._gone.append(id)

    def reach(self, since: int) -> None:
        """Nothing that goes, or moves, is of an older touchpoint: so few months are looked at."""
        self._since = min(self._since, since)

    def show(self, before: Shown, after: Rendered, rows_before: Sequence[Row] = (), former: UUID | None = None) -> None:
        """Bring the tables from what they hold of a lead to what is to be seen of it.

        `rows_before`: its rows of the tables of one row; none: they are not known, and are written. `former`: the id
        that it had: what grew under it goes on under the one it has now.
        """
        if former is not None and not after.whole:
            self._moved[former] = after.id
        for place, row in enumerate(after.rows):
            if not rows_before or rows_before[place] != row:
                self._always[place].append(row)
        shown = after.shown
        for place, family in enumerate(REMEMBERED):
            if before[place] != shown[place]:
                anew, changed = family.difference(after.id, before[place], shown[place])
                if (count := self._several_counts[place]) is not None:
                    count.come(family.rows_of(after.id, shown[place]))
                    count.go(family.rows_of(after.id, before[place]))
                if anew:
                    self._emptied[place].append(after.id)
                self._several[place] += changed
        if after.whole and before is not NOTHING:
            self._regrown.append(after.id)
        for place, rows in enumerate(after.grown):
            self._grown[place] += rows
        if after.undone is not NONE_UNDONE and not after.whole:
            for place, keys in enumerate(after.undone):
                self._undone[place] += keys

    def write(self, conn: Connection) -> None:
        """Write everything, deletions first."""
        tables = self._tables
        growing = [each.table(tables) for each in GROWING]
        within = {tables.touches: f'"{PARTITIONED_BY}" >= {self._since}'}
        bulk.rename_each(conn, [(table, "lead", self._moved) for table in growing], within)
        left = [id for id in self._gone if id not in self._moved]  # of the others everything that grew has moved
        gone = [(each.table(tables), "lead", left if each in GROWING else self._gone) for each in FAMILIES]
        emptied = [(each.table(tables), "lead", ids) for each, ids in zip(REMEMBERED, self._emptied, strict=True)]
        regrown = [(table, "lead", self._regrown) for table in growing]
        for count in filter(None, self._several_counts):
            count.go_with(conn, self._gone, within)
        for count in filter(None, self._grown_counts):
            count.go_with(conn, [*left, *self._regrown], within)
        bulk.delete_each(conn, gone + emptied + regrown, within)
        for table, keys in zip(growing, self._undone, strict=True):
            bulk.delete_keys(conn, table, keys)
        always = [(each.table(tables), rows) for each, rows in zip(ALWAYS, self._always, strict=True)]
        several = [(each.table(tables), rows) for each, rows in zip(REMEMBERED, self._several, strict=True)]
        grown = [*zip(GROWING, growing, self._grown, strict=True)]
        changing = [(table, rows) for family, table, rows in grown if not family.only_new]
        for family, kept, rows in zip(GROWING, self._grown_counts, self._grown, strict=True):
            if kept is not None and family.only_new:
                kept.come(rows)
            elif kept is not None:
                kept.replace(conn, rows)
        counts = [*filter(None, self._several_counts + self._grown_counts)]
        bulk.upsert_each(conn, [*always, *several, *changing], [count.added(tables) for count in counts])
        for count in counts:
            count.clear(conn, tables)
        for family, table, rows in grown:
            if table is tables.touches:
                self._partitions.cover(conn, rows)
            if family.only_new:
                bulk.insert(conn, table, rows)


def _counted(family: Family, tables: Derived) -> CountChange | None:
    count = family.count if isinstance(family, SeveralRows | GrowingRows) else None
    return None if count is None else CountChange(count, family.table(tables))
