"""The formats of exported files: CSV, and Parquet where pyarrow is installed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from enum import StrEnum
from importlib import import_module
from typing import Any, BinaryIO, Final, Protocol, assert_never

from domain.errors import Refused
from domain.touchpoints.touchpoint import rfc3339
from projections.exports.columns import CellType, ExportColumn, Rows
from projections.queries.csv_rows import csv_lines

GROUP_ROWS: Final = 50_000
"""Most rows of a row group of Parquet: so many are in memory at a time."""
GROUP_BYTES: Final = 16 << 20
"""Bytes of values after which a row group ends though it has fewer rows."""
_FIRST: Final = date(1970, 1, 1)


class FileFormat(StrEnum):
    """The format of a file; its name ends so."""

    CSV = "csv"
    PARQUET = "parquet"


class RowFile(Protocol):
    """Rows on their way into an open file."""

    def write(self, rows: Rows) -> None:
        """Add rows."""
        ...

    def close(self) -> None:
        """Write what is still to be written; the file itself stays open."""
        ...

    def abandon(self) -> None:
        """Nobody will read it: write nothing more."""
        ...


def check_format(format: FileFormat) -> None:
    """Raises Refused where a format cannot be written here."""
    if format is FileFormat.PARQUET:
        _pyarrow("pyarrow")


@contextmanager
def row_file(
    format: FileFormat, columns: Sequence[ExportColumn], file: BinaryIO, *, raw: bool = False
) -> Iterator[RowFile]:
    """What writes rows into a file. `raw`: texts of CSV that a spreadsheet takes for formulas stay as they are.

    Raises Refused where a format cannot be written here.
    """
    rows = _row_file(format, columns, file, raw)
    try:
        yield rows
        rows.close()
    except BaseException:
        rows.abandon()
        raise


def _row_file(format: FileFormat, columns: Sequence[ExportColumn], file: BinaryIO, raw: bool) -> RowFile:
    match format:
        case FileFormat.CSV:
            return CsvFile(columns, file, raw=raw)
        case FileFormat.PARQUET:
            return ParquetFile(columns, file)
        case other:
            assert_never(other)


class CsvFile:
    """RFC 4180 in UTF-8, with the names of the columns first."""

    def __init__(self, columns: Sequence[ExportColumn], file: BinaryIO, *, raw: bool) -> None:
        self._names = [column.name for column in columns]
        self._texts = [(place, _TEXTS[column.type]) for place, column in enumerate(columns) if column.type in _TEXTS]
        self._file = file
        self._raw = raw
        file.write("".join(csv_lines(self._names, [], raw=raw)).encode())

    def write(self, rows: Rows) -> None:
        """Add rows."""
        lines = csv_lines(self._names, (self._cells(row) for row in rows), raw=self._raw)
        next(lines)  # the names, which are there
        self._file.write("".join(lines).encode())

    def _cells(self, row: Sequence[Any]) -> list[Any]:
        cells = [*row]
        for place, text in self._texts:
            if (value := cells[place]) is not None:
                cells[place] = text(value)
        return cells

    def close(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """Nothing is held back."""


def _day(days: int) -> date:
    return _FIRST + timedelta(days=days)


_TEXTS: Final[Mapping[CellType, Callable[[Any], Any]]] = {CellType.MOMENT: rfc3339, CellType.DAY: _day}
"""What becomes of numbers that are written as dates."""


class ParquetFile:
    """Parquet with typed columns; a row group at a time is in memory."""

    def __init__(self, columns: Sequence[ExportColumn], file: BinaryIO) -> None:
        self._arrow = _pyarrow("pyarrow")
        self._types = [_arrow_type(self._arrow, column.type) for column in columns]
        fields = [
            self._arrow.field(column.name, type_, metadata={"about": column.about})
            for column, type_ in zip(columns, self._types, strict=True)
        ]
        self._schema = self._arrow.schema(fields)
        self._ids = [place for place, column in enumerate(columns) if column.type is CellType.ID]
        self._writer = _pyarrow("pyarrow.parquet").ParquetWriter(file, self._schema, compression="zstd")
        self._held: list[Any] = []
        self._rows = self._bytes = 0

    def write(self, rows: Rows) -> None:
        """Add rows."""
        if not rows:
            return
        values = [*zip(*rows, strict=True)]
        for place in self._ids:
            values[place] = tuple([None if value is None else str(value) for value in values[place]])
        arrays = [self._arrow.array(each, type_) for each, type_ in zip(values, self._types, strict=True)]
        batch = self._arrow.record_batch(arrays, schema=self._schema)
        self._held.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._rows >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(self._arrow.Table.from_batches(self._held), row_group_size=self._rows)
        self._held, self._rows, self._bytes = [], 0, 0

    def close(self) -> None:
        """Write the last row group, and what Parquet ends with."""
        self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Nobody will read it: write nothing more."""
        self._writer.is_open = False  # else it is closed, and so written to, when it is collected


def _arrow_type(arrow: Any, type_: CellType) -> Any:
    match type_:
        case CellType.TEXT | CellType.ID | CellType.JSON:
            return arrow.string()
        case CellType.INTEGER:
            return arrow.int64()
        case CellType.NUMBER:
            return arrow.float64()
        case CellType.MONEY:
            return arrow.decimal128(38, 6)
        case CellType.FLAG:
            return arrow.bool_()
        case CellType.DAY:
            return arrow.date32()
        case CellType.MOMENT:
            return arrow.timestamp("us", tz="UTC")
        case other:
            assert_never(other)


def _pyarrow(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise Refused(
            "--to parquet needs pyarrow, which is not installed: `uv sync --group parquet` adds it, and to an image "
            '`docker build --build-arg GROUPS="--group parquet" .`; --to csv needs nothing'
        ) from None
