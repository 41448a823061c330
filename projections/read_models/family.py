"""A family of rows: the rows of one table that a lead gives, and their difference to what was written of it before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Table

from domain.fold.fold import Fold
from domain.fold.lead import Lead, Now
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint
from store.database.derived import Derived

Row = tuple[Any, ...]
"""A row of a table, in the order of its columns."""
Key = str | int
Entries = dict[Key, list[Any]]
"""What a table of several rows a lead holds of one lead: the rest of the key -> the other columns, in their order."""


class Subject(NamedTuple):
    """A live lead at an instant: all that its rows are made of."""

    id: UUID
    lead: Lead
    now: Now
    identities: Sequence[Identity]
    """Those that count as the lead's at that instant, in canonical order."""
    findings: Sequence[list[Any]]
    """Of how the person was put together, beside those of the lead's history: [kind, detail, instant]."""
    parted_at: int
    """When it was last said by hand that the person is not another one; 0: never."""
    touchpoints: Sequence[Touchpoint]
    """Those that the lead took since it was last shown, in the order of the fold; of a whole history: all."""


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows of a family there are, told apart: a table that is added to with every batch, so that a reader
    counts none of them. A key without rows is missing in it."""

    table: Callable[[Derived], Table]
    """Its key, then its numbers."""
    columns: tuple[str, ...]
    """Of the family's table: what tells its rows apart."""
    counts_in: Callable[[Sequence[Any]], tuple[tuple[Any, ...], tuple[int, ...]] | None]
    """For the values of these columns in a row: the key that it counts in, and what it adds to each number; None: it
    does not count."""
    counted: Callable[[Derived], Select[Any]]
    """All that the table must say."""
    where: str = ""
    """What holds of the rows that count, in SQL; empty: all do."""


@dataclass(frozen=True, slots=True)
class OneRow:
    """A table with one row a lead: it is written when the lead is shown, unless it is known to be the same."""

    table: Callable[[Derived], Table]
    row: Callable[[Fold, Subject], Row]

    def rows(self, fold: Fold, subject: Subject) -> list[Row]:
        """All rows of the lead."""
        return [self.row(fold, subject)]


@dataclass(frozen=True, slots=True)
class SeveralRows:
    """A table with any number of rows a lead: what it holds is saved with the lead, and only changes are written."""

    table: Callable[[Derived], Table]
    entries: Callable[[Fold, Subject], Entries]
    row: Callable[[UUID, Key, list[Any]], Row]
    count: RowCount | None = None

    def rows(self, fold: Fold, subject: Subject) -> list[Row]:
        """All rows of the lead."""
        return self.rows_of(subject.id, self.entries(fold, subject))

    def rows_of(self, id: UUID, entries: Entries) -> list[Row]:
        """The rows of a lead of which the table holds these."""
        return [self.row(id, key, values) for key, values in entries.items()]

    def difference(self, id: UUID, before: Entries, after: Entries) -> tuple[bool, list[Row]]:
        """Whether what the table holds of the lead must go first, and the rows to write then."""
        anew = not before.keys() <= after.keys()
        kept: Entries = {} if anew else before
        return anew, [self.row(id, key, values) for key, values in after.items() if kept.get(key) != values]


@dataclass(frozen=True, slots=True)
class AllRows:
    """A table whose rows of a lead are made together, of a few values: these are saved, one change writes all rows."""

    table: Callable[[Derived], Table]
    entries: Callable[[Fold, Subject], Entries]
    rows_of: Callable[[UUID, Entries], list[Row]]

    def rows(self, fold: Fold, subject: Subject) -> list[Row]:
        """All rows of the lead."""
        return self.rows_of(subject.id, self.entries(fold, subject))

    def difference(self, id: UUID, before: Entries, after: Entries) -> tuple[bool, list[Row]]:
        """Whether what the table holds of the lead must go first, and the rows to write then."""
        return bool(before), self.rows_of(id, after)


@dataclass(frozen=True, slots=True)
class GrowingRows:
    """A table whose rows of a lead change and grow, but never vanish. What it holds is not saved: the fold gives what
    changed since the lead was last shown; of a whole history it gives all rows, and what the table holds goes first."""

    table: Callable[[Derived], Table]
    rows: Callable[[Fold, Subject], list[Row]]
    undone: Callable[[Subject], list[Row]] = lambda subject: []
    """The keys of rows that were shown of what time alone did, and that a touchpoint of before undid."""
    only_new: bool = False
    """Whether no row ever changes: then none that is written is there already."""
    count: RowCount | None = None


Remembered = SeveralRows | AllRows
Family = OneRow | Remembered | GrowingRows
