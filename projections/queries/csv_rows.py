"""Rows as CSV (RFC 4180), of which no spreadsheet takes a text for a formula."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import chain
from typing import Final
from uuid import UUID

MEDIA_TYPE: Final = "text/csv; charset=utf-8; header=present"
_SIGNS: Final = "=+-@" + "＝＋－＠﹦﹢﹣﹫"
"""What a formula begins with, also full-width and small: spreadsheets of East Asia read these as the plain ones."""
_FORMULA: Final = re.compile(rf"[\t\r\n]|[\s\ufeff\u200b-\u200f\u2060]*[{re.escape(_SIGNS)}]")
"""How a text begins that a spreadsheet would work out: some pass over the blanks before a sign."""


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]], *, raw: bool = False) -> Iterator[str]:
    """The names of the columns, then the rows: a line each, with its end. Raises TypeError of a value that is none.

    A text that begins as a formula does gets an apostrophe before it, unless `raw`; a number does not, whatever its
    sign.
    """
    cell = _raw_cell if raw else _cell
    buffer = StringIO()
    writer = csv.writer(buffer)
    for row in chain([columns], rows):
        writer.writerow([cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _cell(value: object) -> str:
    if type(value) is str:
        return f"'{value}" if _FORMULA.match(value) else value
    return _raw_cell(value)


def _raw_cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal() | UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case str():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} is no value of a cell")
