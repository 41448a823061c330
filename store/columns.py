"""How Python values become column values, and back: binary COPY rows for PostgreSQL, parameters for SQLite.

What one of the two databases would refuse or change is refused here for both, so that a value which is stored reads
back the same everywhere: text with NUL or lone surrogates (PostgreSQL has none), NaN (NULL in SQLite), integers beyond
the column. Negative zero is stored as zero, since SQLite keeps no sign of it. Text is never cut or escaped: whoever
stores what came from outside as plain text must say what becomes of a NUL (JSON escapes it).
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from typing import Any, Final
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

Encoder = Callable[[Any], bytes]
Converter = Callable[[Any], Any]


def refuse(table: Table, rows: Sequence[Sequence[Any]], error: Exception) -> DataError:
    """The error that says which column cannot hold its value (the value itself may be personal: never shown)."""
    encoders = [_encoder(column) for column in table.columns]
    for row in rows:
        if len(row) != len(encoders):
            return DataError(f"table {table.name}: a row has {len(row)} values, allowed are {len(encoders)}")
        for column, encode, value in zip(table.columns, encoders, row, strict=True):
            try:
                encode(value)
            except (ValueError, TypeError, AttributeError, struct.error, OverflowError) as cause:
                return DataError(f"{table.name}.{column.name}: cannot store this {type(value).__name__}: {cause}")
            if value is None and not column.nullable:
                return DataError(f"{table.name}.{column.name}: must not be null")
    return DataError(f"table {table.name}: a value cannot be stored: {error}")


def copy_stream(table: Table, rows: Sequence[Sequence[Any]]) -> BytesIO:
    """The rows in PostgreSQL's binary COPY format. Raises DataError."""
    encoders = [_encoder(column) for column in table.columns]
    count = struct.pack("!h", len(encoders))
    parts = [COPY_HEADER]
    append = parts.append
    try:
        for row in rows:
            append(count)
            for encode, value in zip(encoders, row, strict=True):
                append(encode(value))
    except (ValueError, TypeError, AttributeError, struct.error, OverflowError) as error:
        raise refuse(table, rows, error) from error
    append(COPY_END)
    return BytesIO(b"".join(parts))


def parameters(table: Table, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The rows as SQLite stores them. Raises DataError for what PostgreSQL could not store either."""
    converters = [_to_sqlite(column) for column in table.columns]
    try:
        return [tuple([convert(value) for convert, value in zip(converters, row, strict=True)]) for row in rows]
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise refuse(table, rows, error) from error


def reader(columns: Sequence[Column[Any]], dialect: str) -> Callable[[Iterable[Sequence[Any]]], list[tuple[Any, ...]]]:
    """What turns a driver's rows of these columns into Python values."""
    converters = [_from_driver(column, dialect) for column in columns]
    if not any(converters):
        return lambda rows: [tuple(row) for row in rows]
    steps = [convert or _same for convert in converters]
    return lambda rows: [tuple([step(value) for step, value in zip(steps, row, strict=True)]) for row in rows]


def array(column: Column[Any], values: Sequence[Any]) -> tuple[str, Any]:
    """The right side of `column = ANY(...)` on PostgreSQL, with its parameter. (The driver's arrays are slow.)"""
    match column.type:
        case Uuid():
            return "%s::uuid[]", "{" + ",".join([value.hex for value in values]) + "}"
        case Integer():
            return "%s::bigint[]", "{" + ",".join([str(int(value)) for value in values]) + "}"
        case LargeBinary():
            return "%s::bytea[]", "{" + ",".join(['"\\\\x' + bytes(value).hex() + '"' for value in values]) + "}"
        case Text():
            return "%s::text[]", [_text(value) for value in values]
        case other:
            raise DataError(f"{column.name}: no look-up by a column of type {other}")


def key_parameters(column: Column[Any], values: Sequence[Any]) -> list[Any]:
    """Look-up values as SQLite stores them."""
    convert = _to_sqlite(column)
    return [convert(value) for value in values]


# ---- one column --------------------------------------------------------------------------------------------------


def _encoder(column: Column[Any]) -> Encoder:
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


def _copy_bool(value: bool | None) -> bytes:
    return _NULL if value is None else _TRUE if value else _FALSE


def _copy_int8(value: int | None) -> bytes:
    return _NULL if value is None else _INT8(8, value)


def _copy_int4(value: int | None) -> bytes:
    return _NULL if value is None else _INT4(4, value)


def _copy_float8(value: float | None) -> bytes:
    return _NULL if value is None else _FLOAT8(8, _float(value))


def _copy_text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    data = value.encode()
    if b"\x00" in data:
        raise ValueError("text must not contain NUL")
    return _LENGTH(len(data)) + data


def _copy_uuid(value: UUID | None) -> bytes:
    return _NULL if value is None else _UUID_LENGTH + value.bytes


def _copy_bytes(value: bytes | None) -> bytes:
    return _NULL if value is None else _LENGTH(len(value)) + value


def _to_sqlite(column: Column[Any]) -> Converter:
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
            return _text
        case Uuid():
            return _sqlite_uuid
        case LargeBinary():
            return _sqlite_bytes
        case other:
            raise DataError(f"{column}: columns of type {other} are not known here")


def _sqlite_bool(value: bool | None) -> int | None:
    return None if value is None else 1 if value else 0


def _sqlite_int8(value: int | None) -> int | None:
    if value is None or -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        return value
    raise OverflowError("integer is beyond 64 bits")


def _sqlite_int4(value: int | None) -> int | None:
    if value is None or -0x80000000 <= value <= 0x7FFFFFFF:
        return value
    raise OverflowError("integer is beyond 32 bits")


def _sqlite_float8(value: float | None) -> float | None:
    return None if value is None else _float(value)


def _sqlite_uuid(value: UUID | None) -> str | None:
    return None if value is None else value.hex


def _sqlite_bytes(value: bytes | None) -> bytes | None:
    return value if value is None or type(value) is bytes else bytes(memoryview(value))


def _text(value: str | None) -> str | None:
    if value is None:
        return None
    if "\x00" in value:
        raise ValueError("text must not contain NUL")
    if not value.isascii():
        value.encode()  # lone surrogates
    return value


def _float(value: float) -> float:
    if value != value:  # noqa: PLR0124  NaN
        raise ValueError("NaN cannot be stored")
    return value + 0.0  # no negative zero


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
