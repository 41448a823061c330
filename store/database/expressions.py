"""Expressions of SQL that each database writes in its own way: of columns that hold JSON as text, and quartiles."""

import statistics
from typing import Any

import orjson
from sqlalchemy import BigInteger, ColumnElement, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Member(FunctionElement[str]):
    type = Text()
    inherit_cache = True


class _Instant(FunctionElement[int]):
    type = BigInteger()
    inherit_cache = True


class _Quartiles(FunctionElement[str]):
    type = Text()
    inherit_cache = True


def member(document: ColumnElement[str], name: str) -> ColumnElement[str]:
    """The JSON text of the member of an object; null where there is none.

    It is as it stands there, but for a NUL, which may be a replacement character. The name has no quotes, backslashes
    and control characters.
    """
    return _Member(document, literal(name))


def instant_at(document: ColumnElement[str], index: int) -> ColumnElement[int]:
    """The instant at an index (from 0) of an array of instants; null where there is none."""
    return _Instant(document, literal(index))


def quartiles(values: ColumnElement[int]) -> ColumnElement[str]:
    """An aggregate: lower quartile, median and upper quartile of the values that are not null, as a JSON array.

    Each lies on the line between the two nearest values. Null where there are none.
    """
    return _Quartiles(values)


class SqliteQuartiles:
    """The aggregate `quartiles` of SQLite, which has none."""

    def __init__(self) -> None:
        self._values: list[int] = []

    def step(self, value: int | None) -> None:
        """Take a value."""
        if value is not None:
            self._values.append(value)

    def finalize(self) -> str | None:
        """Of all that were taken."""
        values = self._values
        if len(values) < 2:
            values *= 2
        return orjson.dumps(statistics.quantiles(values, n=4, method="inclusive")).decode() if values else None


def _of(element: FunctionElement[Any], compiler: SQLCompiler, how: dict[str, Any]) -> tuple[str, str]:
    first, second = (compiler.process(part, **how) for part in element.clauses)
    return first, second


@compiles(_Member, "postgresql")
def _member_on_postgres(element: _Member, compiler: SQLCompiler, **how: Any) -> str:
    document, name = _of(element, compiler, how)
    known = f"replace({document}, '\\u0000', '\\ufffd')"  # PostgreSQL reads no JSON with a NUL in it
    return f"CAST(CAST({known} AS json) -> CAST({name} AS text) AS text)"


@compiles(_Member, "sqlite")
def _member_on_sqlite(element: _Member, compiler: SQLCompiler, **how: Any) -> str:
    document, name = _of(element, compiler, how)
    return f"({document} -> ('$.\"' || {name} || '\"'))"


@compiles(_Instant, "postgresql")
def _instant_on_postgres(element: _Instant, compiler: SQLCompiler, **how: Any) -> str:
    document, index = _of(element, compiler, how)
    return f"CAST(CAST({document} AS json) ->> CAST({index} AS int) AS bigint)"


@compiles(_Instant, "sqlite")
def _instant_on_sqlite(element: _Instant, compiler: SQLCompiler, **how: Any) -> str:
    document, index = _of(element, compiler, how)
    return f"({document} ->> {index})"


@compiles(_Quartiles, "postgresql")
def _quartiles_on_postgres(element: _Quartiles, compiler: SQLCompiler, **how: Any) -> str:
    [values] = (compiler.process(part, **how) for part in element.clauses)
    return f"CAST(to_json(percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY {values})) AS text)"


@compiles(_Quartiles, "sqlite")
def _quartiles_on_sqlite(element: _Quartiles, compiler: SQLCompiler, **how: Any) -> str:
    [values] = (compiler.process(part, **how) for part in element.clauses)
    return f"quartiles({values})"
