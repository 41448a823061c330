"""What a view for analysts is: a name, described columns, and the rows as our tables have them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, select

from store.database.derived import Derived
from store.database.shown import ShownAs, shown
from store.database.tables import live

PREFIX: Final = "report_"
"""Of every view's name: SQLite has no schemas, and our own tables bear the short names."""


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column as analysts see it."""

    name: str
    kind: ShownAs
    about: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """A view. `rows` are over the derived tables of a build, live or past: columns of these names, in any order, with
    the values as tables keep them (instants and spans in microseconds, days since 1970, money in millionths)."""

    name: str
    about: str
    columns: Sequence[ViewColumn]
    rows: Callable[[Derived], Select[Any]]

    def select(self, tables: Derived = live) -> Select[Any]:
        """The rows as analysts see them."""
        rows = self.rows(tables).subquery("kept")
        return select(*(shown(each.kind, rows.c[each.name]).label(each.name) for each in self.columns))
