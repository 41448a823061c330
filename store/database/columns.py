"""How Python values become column values, and back: binary COPY rows for PostgreSQL, parameters for SQLite.

What one of the two databases would refuse or change is refused here for both, so that a value which is stored reads
back the same everywhere: text with NUL or lone surrogates (PostgreSQL has none), NaN (NULL in SQLite), integers beyond
the column. Negative zero is stored as zero, since SQLite keeps no sign of it. Text is never cut or escaped: whoever
stores what came from outside as plain text must say what becomes of a NUL (JSON escapes it).
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from itertools import chain, repeat
from typing import Any, Final, TypeVar
from uuid import UUID

from eventsourcing.persistence import DataError
from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, LargeBinary, Table, Text, Uuid

COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
COPY_END: Final = struct.pack("!h", -1)

_NULL: Final = struct.pack("!i", -1)
_LENGTH: Final = struct.Struct("!i").pack
_INT4: Final = struct.Struct("!ii").pack
_INT8: Final = struct.Struct("!iq").pack
_FLOAT8: Final = struct.Struct("!id").pack
_UUID_LENGTH: Final = _LENGTH(16)
_TRUE: Final = _LENGTH(1) + b"\x01"
_FALSE: Final = _LENGTH(1) + b"\x00"

Encoded = Callable[[Sequence[Any]], Sequence[Any]]
"""From a column's values to what the driver takes. Whole columns: a call a value would cost half of the time."""
Converter = Callable[[Any], Any]
_Column = TypeVar("_Column")
_REFUSALS: Final = (ValueError, TypeError, AttributeError, OverflowError, struct.error)


def refuse(table: Table, rows: Sequence[Sequence[Any]], error: Exception) -> DataError:
    """The error that says which column cannot hold its value (the value itself may be personal: never shown)."""
    columns = list(table.columns)
    for row in rows:
        if len(row) != len(columns):
            return DataError(f"table {table.name}: a row has {len(row)} values, allowed are {len(columns)}")
        for column, value in zip(columns, row, strict=True):
            try:
                _copy_column(column)([value])
            except _REFUSALS as cause:
                return DataError(f"{table.name}.{column.name}: cannot store this {type(value).__name__}: {cause}")
    return DataError(f"table {table.name}: a value cannot be stored: {error}")


def copy_stream(table: Table, rows: Sequence[Sequence[Any]]) -> BytesIO:
    """The rows in PostgreSQL's binary COPY format. Raises DataError."""
    try:
        columns = _converted(table, rows, _copy_column)
    except _REFUSALS as error:
        raise refuse(table, rows, error) from error
    count = struct.pack("!h", len(columns))
    cells = chain.from_iterable(zip(repeat(count), *columns, strict=False))
    return BytesIO(b"".join(chain((COPY_HEADER,), cells, (COPY_END,))))


def parameters(table: Table, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The rows as SQLite stores them. Raises DataError for what PostgreSQL could not store either."""
    try:
        return list(zip(*_converted(table, rows, _sqlite_column), strict=True))
    except _REFUSALS as error:
        raise refuse(table, rows, error) from error


def _converted(
    table: Table, rows: Sequence[Sequence[Any]], convert: Callable[[Column[Any]], Callable[[Sequence[Any]], _Column]]
) -> list[_Column]:
    columns = list(table.columns)
    if len(rows[0]) != len(columns):
        raise ValueError("wrong number of values")
    return [convert(column)(values) for column, values in zip(columns, zip(*rows, strict=True), strict=True)]


def reader(columns: Sequence[Column[Any]], dialect: str) -> Callable[[Iterable[Sequence[Any]]], list[tuple[Any, ...]]]:
    """What turns a driver's rows of these columns into Python values."""
    converters = [_from_driver(column, dialect) for column in columns]
    if not any(converters):
        return lambda rows: [tuple(row) for row in rows]
    steps = [convert or _same for convert in converters]
    return lambda rows: [tuple([step(value) for step, value in zip(steps, row, strict=True)]) for row in rows]


def arrays(table: Table, rows: Sequence[Sequence[Any]]) -> list[str]:
    """The rows as PostgreSQL reads arrays, one a column (of its `array_type`). Raises DataError."""
    try:
        return _converted(table, rows, lambda column: partial(_array, column))
    except _REFUSALS as error:
        raise refuse(table, rows, error) from error


def array_type(column: Column[Any]) -> str:
    """What PostgreSQL calls an array of a column's values."""
    match column.type:
        case Uuid():
            return "uuid[]"
        case Integer():
            return "bigint[]"
        case Boolean():
            return "bool[]"
        case Double():
            return "float8[]"
        case LargeBinary():
            return "bytea[]"
        case Text():
            return "text[]"
        case other:
            raise DataError(f"{column}: columns of type {other} are not known here")


def array(column: Column[Any], values: Sequence[Any]) -> tuple[str, Any]:
    """The right side of `column = ANY(...)` on PostgreSQL, with its parameter. (The driver's arrays are slow.)"""
    with _looked_up(column):
        return f"%s::{array_type(column)}", _array(column, values)


def _array(column: Column[Any], values: Sequence[Any]) -> str:
    stored = _sqlite_column(column)(values)
    match column.type:
        case Uuid():
            texts = stored
        case Integer():
            texts = [None if value is None else str(int(value)) for value in stored]
        case LargeBinary():
            texts = [None if value is None else f'"\\\\x{value.hex()}"' for value in stored]
        case Text():
            texts = [None if value is None else _quoted(value) for value in stored]
        case _:
            texts = [None if value is None else str(value) for value in stored]
    return "{" + ",".join([text or "NULL" for text in texts]) + "}"


def _quoted(text: str) -> str:
    """As an array holds it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def key_parameters(column: Column[Any], values: Sequence[Any]) -> Sequence[Any]:
    """Look-up values as SQLite stores them."""
    with _looked_up(column):
        return _sqlite_column(column)(values)


@contextmanager
def _looked_up(column: Column[Any]) -> Iterator[None]:
    try:
        yield
    except _REFUSALS as error:
        raise DataError(f"{column.name}: cannot look up such a value: {error}") from error


# ---- for PostgreSQL: each value with its length before it --------------------------------------------------------


def _copy_column(column: Column[Any]) -> Encoded:
    match column.type:
        case Boolean():
            return _copy_bool
        case BigInteger():
            return _copy_int8
        case Integer():
            return _copy_int4
        case Double():
            return _copy_float8
        case Text():
            return _copy_text
        case Uuid():
            return _copy_uuid
        case LargeBinary():
            return _copy_bytes
        case other:
            raise DataError(f"{column}: columns of type {other} are not known here")


def _copy_bool(values: Sequence[bool | None]) -> list[bytes]:
    return [_NULL if value is None else _TRUE if value else _FALSE for value in values]


def _copy_int8(values: Sequence[int | None]) -> list[bytes]:
    return [_NULL if value is None else _INT8(8, value) for value in values]


def _copy_int4(values: Sequence[int | None]) -> list[bytes]:
    return [_NULL if value is None else _INT4(4, value) for value in values]


def _copy_float8(values: Sequence[float | None]) -> list[bytes]:
    return [_NULL if value is None else _FLOAT8(8, _float(value)) for value in values]


class _Texts(dict[str | None, bytes]):
    """Each text of a column is encoded once: types and sources repeat."""

    def __missing__(self, value: str | None) -> bytes:
        data = value.encode()  # type: ignore[union-attr]
        if b"\x00" in data:
            raise ValueError("text must not contain NUL")
        field = self[value] = _LENGTH(len(data)) + data
        return field


def _copy_text(values: Sequence[str | None]) -> list[bytes]:
    texts = _Texts({None: _NULL})
    return [texts[value] for value in values]


def _copy_uuid(values: Sequence[UUID | None]) -> list[bytes]:
    return [_NULL if value is None else _UUID_LENGTH + value.int.to_bytes(16, "big") for value in values]


def _copy_bytes(values: Sequence[bytes | None]) -> list[bytes]:
    return [_NULL if value is None else _LENGTH(len(value)) + value for value in values]


# ---- for SQLite --------------------------------------------------------------------------------------------------


def _sqlite_column(column: Column[Any]) -> Encoded:
    match column.type:
        case Boolean():
            return _sqlite_bool
        case BigInteger():
            return _sqlite_int8
        case Integer():
            return _sqlite_int4
        case Double():
            return _sqlite_float8
        case Text():
            return _sqlite_text
        case Uuid():
            return _sqlite_uuid
        case LargeBinary():
            return _sqlite_bytes
        case other:
            raise DataError(f"{column}: columns of type {other} are not known here")


def _sqlite_bool(values: Sequence[bool | None]) -> list[int | None]:
    return [None if value is None else 1 if value else 0 for value in values]


def _sqlite_int8(values: Sequence[int | None]) -> Sequence[int | None]:
    return _bounded(values, 64)


def _sqlite_int4(values: Sequence[int | None]) -> Sequence[int | None]:
    return _bounded(values, 32)


def _bounded(values: Sequence[int | None], bits: int) -> Sequence[int | None]:
    numbers = _only(values, int)
    limit = 1 << (bits - 1)
    if numbers and not (-limit <= min(numbers) and max(numbers) < limit):
        raise OverflowError(f"integer is beyond {bits} bits")
    return values


def _sqlite_float8(values: Sequence[float | None]) -> list[float | None]:
    _only(values, (float, int))
    return [None if value is None else _float(value) for value in values]


def _sqlite_text(values: Sequence[str | None]) -> Sequence[str | None]:
    together = "".join(_only(values, str))
    if "\x00" in together:
        raise ValueError("text must not contain NUL")
    if not together.isascii():
        together.encode()  # lone surrogates
    return values


def _sqlite_uuid(values: Sequence[UUID | None]) -> list[str | None]:
    return [None if value is None else "%032x" % value.int for value in values]  # noqa: UP031  faster


def _sqlite_bytes(values: Sequence[bytes | None]) -> Sequence[bytes | None]:
    given = _only(values, (bytes, bytearray, memoryview))
    if all(type(value) is bytes for value in given):
        return values
    return [None if value is None else bytes(value) for value in values]


def _only(values: Sequence[Any], kind: type | tuple[type, ...]) -> Sequence[Any]:
    """The values that are not null. Raises TypeError where one is of another kind, which SQLite would take as it is."""
    kinds = set(map(type, values))
    with_null = type(None) in kinds
    for kind_found in kinds - {type(None)}:
        if not issubclass(kind_found, kind):
            raise TypeError(f"found a {kind_found.__name__}")
    return [value for value in values if value is not None] if with_null else values


def _float(value: float) -> float:
    if value != value:  # noqa: PLR0124  NaN
        raise ValueError("NaN cannot be stored")
    return value + 0.0  # no negative zero


# ---- back --------------------------------------------------------------------------------------------------------


def _from_driver(column: Column[Any], dialect: str) -> Converter | None:
    match column.type:
        case LargeBinary():
            return _bytes if dialect == "postgresql" else None
        case Uuid():
            return _uuid if dialect == "sqlite" else None
        case Boolean():
            return _bool if dialect == "sqlite" else None
        case _:
            return None


def _same(value: Any) -> Any:
    return value


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _uuid(value: Any) -> UUID | None:
    return None if value is None else UUID(value)


def _bool(value: Any) -> bool | None:
    return None if value is None else bool(value)
