"""The columns of an exported file, and the few types of values that every format writes."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

Rows = Sequence[Sequence[Any]]
"""Some rows: of each a value a column, in their order; None: nobody knows it."""
Chunks = Iterator[Rows]
"""All rows, so many at a time as memory holds."""


class CellType(StrEnum):
    """What the values of a column are, as they come from whoever reads them."""

    TEXT = "text"
    ID = "id"
    """A UUID; written as dashed text."""
    INTEGER = "integer"
    """A whole number of 64 bits."""
    NUMBER = "number"
    """A double."""
    MONEY = "money"
    """A Decimal with six places at most, in units of a currency."""
    FLAG = "flag"
    DAY = "day"
    """Whole days since 1970-01-01."""
    MOMENT = "moment"
    """Microseconds since 1970-01-01 UTC."""
    JSON = "json"
    """JSON as text."""


class ExportColumn(NamedTuple):
    """A column of an exported file."""

    name: str
    type: CellType
    about: str
    """What it holds."""
