"""Expressions of SQL that each database writes in its own way: JSON in columns of text, quartiles, sums, heat."""

import statistics
from decimal import Decimal
from math import log
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, Boolean, ColumnElement, Double, Numeric, TableValuedAlias, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Member(FunctionElement[str]):
    type = Text()
    inherit_cache = True


class _TextMember(FunctionElement[str]):
    type = Text()
    inherit_cache = True


class _Elements(FunctionElement[str]):
    type = Text()
    inherit_cache = True


class _TextAt(FunctionElement[str]):
    type = Text()
    inherit_cache = True


class _HeatLeft(FunctionElement[float]):
    type = Double()
    inherit_cache = True


class _FamilyNameFirst(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _Instant(FunctionElement[int]):
    type = BigInteger()
    inherit_cache = True


class _Quartiles(FunctionElement[str]):
    type = Text()
    inherit_cache = True


class _ArrayOf(FunctionElement[str]):
    type = Text()
    inherit_cache = True


class _SumOfMoney(FunctionElement[Decimal]):
    type = Numeric()
    inherit_cache = True


class _ByBytes(FunctionElement[str]):
    type = Text()
    inherit_cache = True


class _LeastByBytes(FunctionElement[str]):
    type = Text()
    inherit_cache = True


def by_bytes(text: ColumnElement[str]) -> ColumnElement[str]:
    """A text that is sorted by its bytes on both databases."""
    return _ByBytes(text)


def least_by_bytes(text: ColumnElement[str]) -> ColumnElement[str]:
    """An aggregate: the first text by its bytes on both databases, whatever a server's language is."""
    return _LeastByBytes(text)


def member(document: ColumnElement[str], name: str | ColumnElement[str]) -> ColumnElement[str]:
    """The JSON text of the member of an object; null where there is none.

    It is as it stands there, but for a NUL, which may be a replacement character. The name has no quotes, backslashes
    and control characters.
    """
    return _Member(document, literal(name) if isinstance(name, str) else name)


def text_member(document: ColumnElement[str], name: str | ColumnElement[str]) -> ColumnElement[str]:
    """The text of the member of an object (of a number its digits); null where there is none. The name is as above."""
    return _TextMember(document, literal(name) if isinstance(name, str) else name)


def elements(document: ColumnElement[str]) -> TableValuedAlias:
    """The elements of an array as rows beside the one that holds it: each in the column `value`."""
    return _Elements(document).table_valued("value", name="element")


def text_at(element: ColumnElement[Any], index: int) -> ColumnElement[str]:
    """The text at an index (from 0) of an array that is one of `elements`."""
    return _TextAt(element, literal(index))


def heat_left(heat: ColumnElement[float], halvings: ColumnElement[float]) -> ColumnElement[float]:
    """What is left of heat after so many half-lives (not below 0), as it is shown: at least 0, two decimals."""
    return _HeatLeft(heat, halvings)


def family_name_first(name: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a part of a name is of those (Han, Hangul) of which the family name comes first and nothing between."""
    return _FamilyNameFirst(name)


def instant_at(document: ColumnElement[str], index: int) -> ColumnElement[int]:
    """The instant at an index (from 0) of an array of instants; null where there is none."""
    return _Instant(document, literal(index))


def quartiles(values: ColumnElement[int]) -> ColumnElement[str]:
    """An aggregate: lower quartile, median and upper quartile of the values that are not null, as a JSON array.

    Each lies on the line between the two nearest values. Null where there are none.
    """
    return _Quartiles(values)


def array_of(values: ColumnElement[int]) -> ColumnElement[str]:
    """An aggregate: the values that are not null as a JSON array, in no order; null or empty where there are none."""
    return _ArrayOf(values)


def sum_of_money(amounts: ColumnElement[int]) -> ColumnElement[Any]:
    """An aggregate: the sum of amounts, which may be beyond 64 bits. On SQLite, which refuses that, it is a float."""
    return _SumOfMoney(amounts)


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


def _without_nul(document: str) -> str:
    """PostgreSQL reads no JSON with a NUL in it, and SQLite ends a text there."""
    return f"replace({document}, '\\u0000', '\\ufffd')"


def _of(element: FunctionElement[Any], compiler: SQLCompiler, how: dict[str, Any]) -> tuple[str, str]:
    first, second = (compiler.process(part, **how) for part in element.clauses)
    return first, second


@compiles(_Member, "postgresql")
def _member_on_postgres(element: _Member, compiler: SQLCompiler, **how: Any) -> str:
    document, name = _of(element, compiler, how)
    return f"CAST(CAST({_without_nul(document)} AS json) -> CAST({name} AS text) AS text)"


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


@compiles(_ArrayOf, "postgresql")
def _array_of_on_postgres(element: _ArrayOf, compiler: SQLCompiler, **how: Any) -> str:
    [values] = (compiler.process(part, **how) for part in element.clauses)
    return f"CAST(json_agg({values}) FILTER (WHERE {values} IS NOT NULL) AS text)"


@compiles(_ArrayOf, "sqlite")
def _array_of_on_sqlite(element: _ArrayOf, compiler: SQLCompiler, **how: Any) -> str:
    [values] = (compiler.process(part, **how) for part in element.clauses)
    return f"json_group_array({values}) FILTER (WHERE {values} IS NOT NULL)"


@compiles(_SumOfMoney, "postgresql")
def _sum_of_money_on_postgres(element: _SumOfMoney, compiler: SQLCompiler, **how: Any) -> str:
    [amounts] = (compiler.process(part, **how) for part in element.clauses)
    return f"sum({amounts})"


@compiles(_SumOfMoney, "sqlite")
def _sum_of_money_on_sqlite(element: _SumOfMoney, compiler: SQLCompiler, **how: Any) -> str:
    [amounts] = (compiler.process(part, **how) for part in element.clauses)
    return f"total({amounts})"


@compiles(_TextMember, "postgresql")
def _text_member_on_postgres(element: _TextMember, compiler: SQLCompiler, **how: Any) -> str:
    document, name = _of(element, compiler, how)
    return f"(CAST({_without_nul(document)} AS json) ->> CAST({name} AS text))"


@compiles(_TextMember, "sqlite")
def _text_member_on_sqlite(element: _TextMember, compiler: SQLCompiler, **how: Any) -> str:
    document, name = _of(element, compiler, how)
    return f"CAST(({_without_nul(document)} ->> ('$.\"' || {name} || '\"')) AS TEXT)"


@compiles(_Elements, "postgresql")
def _elements_on_postgres(element: _Elements, compiler: SQLCompiler, **how: Any) -> str:
    [document] = (compiler.process(part, **how) for part in element.clauses)
    return f"json_array_elements(CAST({_without_nul(document)} AS json))"


@compiles(_Elements, "sqlite")
def _elements_on_sqlite(element: _Elements, compiler: SQLCompiler, **how: Any) -> str:
    [document] = (compiler.process(part, **how) for part in element.clauses)
    return f"json_each({_without_nul(document)})"


@compiles(_TextAt)
def _text_at(element: _TextAt, compiler: SQLCompiler, **how: Any) -> str:
    array, index = _of(element, compiler, how)
    return f"({array} ->> CAST({index} AS int))"


@compiles(_FamilyNameFirst)
def _family_name_first(element: _FamilyNameFirst, compiler: SQLCompiler, **how: Any) -> str:
    """As domain/fold/names.py tells; both compare the first character by its code point."""
    [name] = (compiler.process(part, **how) for part in element.clauses)
    by_bytes = ' COLLATE "C"' if compiler.dialect.name == "postgresql" else ""
    first = f"substr({name}, 1, 1){by_bytes}"
    ranges = (("\u2e80", "\u9fff"), ("\uac00", "\ud7ff"), ("\U00020000", "\U0010ffff"))
    return "(" + " OR ".join(f"{first} BETWEEN '{low}' AND '{high}'" for low, high in ranges) + ")"


_MOST_HALVINGS: Final = 60
"""Of more than these nothing is left that is shown; PostgreSQL refuses what would be too small for a float."""
_PARTS: Final = 8
"""Of a half-life, whose powers are written out."""
_TERMS: Final = 9
"""Of the series for what is left of such a part that matter to a float; SQLite reads no much deeper expression."""


@compiles(_HeatLeft, "postgresql")
def _heat_left_on_postgres(element: _HeatLeft, compiler: SQLCompiler, **how: Any) -> str:
    heat, halvings = _of(element, compiler, how)
    left = f"{heat} * power(CAST(2 AS double precision), -least({halvings}, {_MOST_HALVINGS}))"
    return f"(greatest(0, round(CAST({left} * 100 AS double precision))) / 100)"


@compiles(_HeatLeft, "sqlite")
def _heat_left_on_sqlite(element: _HeatLeft, compiler: SQLCompiler, **how: Any) -> str:
    """By the series of exp(-f ln 2): not every SQLite has pow()."""
    heat, halvings = _of(element, compiler, how)
    parts = f"CAST(min({halvings}, {_MOST_HALVINGS}) * {_PARTS} AS INTEGER)"
    rest = f"(min({halvings}, {_MOST_HALVINGS}) - {parts} / {_PARTS}.0)"
    series = "1.0"
    for term in range(_TERMS, 0, -1):
        series = f"(1.0 - {rest} * {log(2) / term!r} * {series})"
    powers = " ".join(f"WHEN {part} THEN {2 ** (-part / _PARTS)!r}" for part in range(_PARTS))
    left = f"{heat} * {series} * CASE {parts} % {_PARTS} {powers} END / (1 << {parts} / {_PARTS})"
    return f"max(0.0, round({left}, 2))"


@compiles(_ByBytes, "postgresql")
def _by_bytes_on_postgres(element: _ByBytes, compiler: SQLCompiler, **how: Any) -> str:
    [text] = (compiler.process(part, **how) for part in element.clauses)
    return f'({text}) COLLATE "C"'


@compiles(_ByBytes, "sqlite")
def _by_bytes_on_sqlite(element: _ByBytes, compiler: SQLCompiler, **how: Any) -> str:
    [text] = (compiler.process(part, **how) for part in element.clauses)
    return f"({text})"


@compiles(_LeastByBytes, "postgresql")
def _least_by_bytes_on_postgres(element: _LeastByBytes, compiler: SQLCompiler, **how: Any) -> str:
    [text] = (compiler.process(part, **how) for part in element.clauses)
    return f'(min(({text}) COLLATE "C") COLLATE "default")'  # a view's column keeps its collation for ever


@compiles(_LeastByBytes, "sqlite")
def _least_by_bytes_on_sqlite(element: _LeastByBytes, compiler: SQLCompiler, **how: Any) -> str:
    [text] = (compiler.process(part, **how) for part in element.clauses)
    return f"min({text})"
