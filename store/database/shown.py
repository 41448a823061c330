"""Values as analysts see them: of each database's own types where it has them, else as texts that sort and compare.

What SQLite shows must need no function of ours: analysts open the file with tools of their own.
"""

from enum import StrEnum
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType


class ShownAs(StrEnum):
    """What the values of a column are. The value: the type on PostgreSQL."""

    ID = "uuid"
    TEXT = "text"
    COUNT = "bigint"
    NUMBER = "double precision"
    SECONDS = "double precision (seconds)"
    MONEY = "numeric"
    MOMENT = "timestamp with time zone"
    DAY = "date"
    FLAG = "boolean"
    JSON = "jsonb"


ON_SQLITE: Final = {
    ShownAs.ID: "text, lower case with dashes",
    ShownAs.TEXT: "text",
    ShownAs.COUNT: "integer",
    ShownAs.NUMBER: "real",
    ShownAs.SECONDS: "real",
    ShownAs.MONEY: "real",
    ShownAs.MOMENT: "text `2026-11-21T19:27:11.397000Z`",
    ShownAs.DAY: "text `2026-11-21`",
    ShownAs.FLAG: "integer, 0 or 1",
    ShownAs.JSON: "text of JSON",
}
"""What they are there."""

_POSTGRES: Final = {
    ShownAs.ID: "{value}",
    ShownAs.TEXT: "CAST({value} AS text)",
    ShownAs.COUNT: "CAST({value} AS bigint)",
    ShownAs.NUMBER: "CAST({value} AS double precision)",
    ShownAs.SECONDS: "CAST({value} AS double precision) / 1000000",
    ShownAs.MONEY: "CAST({value} AS numeric(30, 0)) * 0.000001",
    # exact, where to_timestamp() of a float would round the microseconds of far years
    ShownAs.MOMENT: "TIMESTAMP WITH TIME ZONE 'epoch' + {value} / 1000000 * INTERVAL '1 second'"
    " + mod({value}, 1000000) * INTERVAL '1 microsecond'",
    ShownAs.DAY: "DATE '1970-01-01' + CAST({value} AS int)",
    ShownAs.FLAG: "{value}",
    ShownAs.JSON: "CAST(replace({value}, '\\u0000', '\\ufffd') AS jsonb)",  # jsonb has no NUL
}

_SQLITE: Final = {
    ShownAs.ID: "substr({value}, 1, 8) || '-' || substr({value}, 9, 4) || '-' || substr({value}, 13, 4) || '-'"
    " || substr({value}, 17, 4) || '-' || substr({value}, 21)",
    ShownAs.TEXT: "{value}",
    ShownAs.COUNT: "{value}",
    ShownAs.NUMBER: "CAST({value} AS REAL)",
    ShownAs.SECONDS: "{value} / 1000000.0",
    ShownAs.MONEY: "{value} / 1000000.0",
    ShownAs.MOMENT: "strftime('%Y-%m-%dT%H:%M:%S', {value} / 1000000, 'unixepoch')"
    " || printf('.%06dZ', {value} % 1000000)",
    ShownAs.DAY: "date({value} * 86400, 'unixepoch')",
    ShownAs.FLAG: "{value}",
    ShownAs.JSON: "replace({value}, '\\u0000', '\\ufffd')",  # as there
}


class _Shown(FunctionElement[Any]):
    type = NullType()
    inherit_cache = False
    kind: ClassVar[ShownAs]


_KINDS: Final = {kind: type(f"_Shown{kind.name}", (_Shown,), {"kind": kind, "inherit_cache": True}) for kind in ShownAs}


def shown(kind: ShownAs, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A value that a table keeps, as analysts see it."""
    element: ColumnElement[Any] = _KINDS[kind](value)
    return element


@compiles(_Shown, "postgresql")
def _on_postgres(element: _Shown, compiler: SQLCompiler, **how: Any) -> str:
    [value] = (compiler.process(part, **how) for part in element.clauses)
    return "(" + _POSTGRES[element.kind].format(value=value) + ")"


@compiles(_Shown, "sqlite")
def _on_sqlite(element: _Shown, compiler: SQLCompiler, **how: Any) -> str:
    [value] = (compiler.process(part, **how) for part in element.clauses)
    return "(" + _SQLITE[element.kind].format(value=value) + ")"
