"""A view for analysts as rows of an export: whole, as it stands in one snapshot."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select

from domain.errors import NotFound
from domain.files.problems import unknown
from projections.exports.columns import CellType, Chunks, ExportColumn
from store.database.derived import Derived
from store.database.shown import ShownAs
from store.database.streaming import streamed
from store.database.tables import live
from store.database.views.registry import VIEWS
from store.database.views.view import ReportView

CHUNK: Final = 2_000
"""Rows in memory at a time, beside those that a file holds."""

Read = Callable[[Any], Any]
"""From a value as tables keep it to that of a cell; never asked of None."""


def view_named(name: str, others: Iterable[str] = ()) -> ReportView:
    """The view of a name. Raises NotFound, which lists them, and what else could have been meant."""
    for view in VIEWS:
        if view.name == name:
            return view
    names = [*(view.name for view in VIEWS), *others]
    raise NotFound(unknown(name, names, "table"))


def columns_of(view: ReportView) -> Sequence[ExportColumn]:
    """The columns of a view's file."""
    return [ExportColumn(column.name, _TYPES[column.kind][0], column.about) for column in view.columns]


def rows_of(conn: Connection, view: ReportView, tables: Derived = live) -> Chunks:
    """The rows of a view, in no order."""
    kept = view.rows(tables).subquery("kept")
    query = select(*(kept.c[column.name] for column in view.columns))
    reads = [_TYPES[column.kind][1] for column in view.columns]
    for rows in streamed(conn, query, CHUNK):
        yield [
            tuple([None if value is None else read(value) for read, value in zip(reads, row, strict=True)])
            for row in rows
        ]


def _id(value: UUID | str) -> str:
    return str(value if isinstance(value, UUID) else UUID(value))


def _units(millionths: Any) -> Decimal:
    return Decimal(int(millionths)).scaleb(-6)


def _seconds(microseconds: Any) -> float:
    return float(microseconds) / 1_000_000


def _json(text: str) -> str:
    return text.replace("\\u0000", "\\ufffd")  # as the view shows it


_TYPES: Final[Mapping[ShownAs, tuple[CellType, Read]]] = {
    ShownAs.ID: (CellType.ID, _id),
    ShownAs.TEXT: (CellType.TEXT, str),
    ShownAs.COUNT: (CellType.INTEGER, int),
    ShownAs.NUMBER: (CellType.NUMBER, float),
    ShownAs.SECONDS: (CellType.NUMBER, _seconds),
    ShownAs.MONEY: (CellType.MONEY, _units),
    ShownAs.MOMENT: (CellType.MOMENT, int),
    ShownAs.DAY: (CellType.DAY, int),
    ShownAs.FLAG: (CellType.FLAG, bool),
    ShownAs.JSON: (CellType.JSON, _json),
}
"""What the values of a view's columns are in a file."""
