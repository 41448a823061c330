"""Reads the rows of a file to import: CSV or JSON lines, plain or gzip, surveyed whole before the first row is used.

Errors:

    ImportProblem (reject the file: it cannot be read, or is not what the mapping says; nothing of it was appended)
"""

import csv
import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import orjson

from domain.touchpoints.text import storable, tidy
from producers.imports.lines import LIMIT, Lines, LineTooLong
from producers.imports.mapping import ImportMapping
from producers.imports.opening import ImportProblem, format_of, hash_and_size, is_packed, problems, suffix, text_of
from producers.reading.body import clean

_DEEP: Final = 200
"""A row with fewer brackets than these is not nested too deeply."""
_LOOK: Final = 200
"""Rows of a JSON lines file that are looked at for its fields."""


class Row(NamedTuple):
    """One row, numbered from 1. `problem` says why it cannot be used; then `values` is empty."""

    number: int
    values: dict[str, Any]
    raw: bytes | None = None
    problem: str | None = None

    def kept(self) -> bytes:
        """What was read, as JSON where it could be read: what a rejection keeps."""
        return orjson.dumps(self.values) if self.raw is None else self.raw


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first pass over the whole file found. `digest` is the SHA-256 of its content, unpacked."""

    path: Path
    packed: bool
    format: Literal["csv", "jsonl"]
    delimiter: str
    encoding: str
    digest: str
    size: int
    columns: tuple[str, ...]


def survey(path: Path, mapping: ImportMapping) -> Survey:
    """Read the file once: that it is whole, text in the mapping's encoding, and has the mapping's columns.

    Raises ImportProblem.
    """
    with problems(path):
        packed = is_packed(path)
        form = mapping.format or format_of(path, packed)
        digest, size = hash_and_size(path, packed, mapping.encoding)
    delimiter = mapping.delimiter or ("\t" if suffix(path) in (".tsv", ".tab") else ",")
    surveyed = Survey(path, packed, form, delimiter, mapping.encoding, digest, size, ())
    columns = _csv_columns(surveyed) if form == "csv" else _json_columns(surveyed)
    surveyed = Survey(path, packed, form, delimiter, mapping.encoding, digest, size, columns)
    _check_columns(surveyed, mapping)
    return surveyed


def read_rows(surveyed: Survey, read: Callable[[int], None] = lambda size: None) -> Iterator[Row]:
    """The rows, numbered from 1. `read` is told how many characters of the file each line had."""
    rows = _csv_rows(surveyed, read) if surveyed.format == "csv" else _json_rows(surveyed, read)
    with problems(surveyed.path):
        yield from rows


def _nobody(characters: int) -> None:
    """Nobody is told how far the reading is."""


# ---- CSV ---------------------------------------------------------------------------------------------------------


def _cells(surveyed: Survey, lines: Lines) -> Iterator[list[str]]:
    csv.field_size_limit(LIMIT)
    return csv.reader(lines, delimiter=surveyed.delimiter, strict=True)


def _csv_columns(surveyed: Survey) -> tuple[str, ...]:
    with text_of(surveyed.path, surveyed.packed, surveyed.encoding) as text:
        try:
            for cells in _cells(surveyed, Lines(text, _nobody)):
                if any(map(tidy, cells)):
                    return _header(surveyed.path, cells)
        except (csv.Error, LineTooLong) as error:
            raise ImportProblem(f"{surveyed.path}: the header is not CSV ({error}); check its quotes") from error
    raise ImportProblem(f"{surveyed.path}: no header: the first row must name the columns")


def _header(path: Path, cells: list[str]) -> tuple[str, ...]:
    columns = tuple(map(tidy, cells))
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise ImportProblem(f"{path}: the header names {', '.join(map(repr, twice))} more than once; rename one")
    return columns


def _csv_rows(surveyed: Survey, read: Callable[[int], None]) -> Iterator[Row]:
    columns = surveyed.columns
    with text_of(surveyed.path, surveyed.packed, surveyed.encoding) as text:
        lines = Lines(text, read, surveyed.delimiter)
        rows = _cells(surveyed, lines)
        number, header = 0, True
        while True:
            lines.begin_row()
            try:
                cells = next(rows)
            except StopIteration:
                return
            except (csv.Error, LineTooLong) as error:
                number += 1
                yield Row(number, {}, orjson.dumps(lines.end_row()), f"not CSV: {error}")
                continue
            if not cells:
                continue
            cells = list(map(tidy, cells))
            if header:
                header = not any(cells)
                continue
            number += 1
            if len(cells) == len(columns):
                yield Row(number, dict(zip(columns, cells, strict=True)))
            else:
                problem = f"number of cells: the header has {len(columns)} columns, the row {len(cells)}"
                yield Row(number, {}, orjson.dumps(cells), problem)


# ---- JSON lines --------------------------------------------------------------------------------------------------


def _json_columns(surveyed: Survey) -> tuple[str, ...]:
    columns: dict[str, None] = {}
    rows = 0
    with text_of(surveyed.path, surveyed.packed, surveyed.encoding) as text:
        for line in _bounded(Lines(text, _nobody)):
            if not (stripped := line.strip()):
                continue
            if rows == 0 and stripped.startswith("["):
                raise ImportProblem(f"{surveyed.path}: a JSON list; give JSON lines, one object in each line")
            rows += 1
            try:
                values = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            columns |= dict.fromkeys(flat(values) if isinstance(values, dict) else ())
            if rows >= _LOOK:
                break
    if not rows:
        raise ImportProblem(f"{surveyed.path}: no rows in it")
    if not columns:
        raise ImportProblem(
            f"{surveyed.path}: none of the first {rows} lines is a JSON object; is it a JSON lines file?"
        )
    return tuple(columns)


def flat(values: dict[str, Any]) -> dict[str, Any]:
    """The row with what its objects hold beside them, under dotted names: `user.email`."""
    if not any(isinstance(value, dict) for value in values.values()):
        return values
    nested: dict[str, Any] = {}
    _flatten(values, "", nested, 6)
    return nested | values


def _flatten(values: dict[str, Any], before: str, into: dict[str, Any], depth: int) -> None:
    for key, value in values.items():
        into[before + key] = value
        if isinstance(value, dict) and depth:
            _flatten(value, f"{before}{key}.", into, depth - 1)


def _json_rows(surveyed: Survey, read: Callable[[int], None]) -> Iterator[Row]:
    number = 0
    with text_of(surveyed.path, surveyed.packed, surveyed.encoding) as text:
        for line in _bounded(Lines(text, read)):
            if not line.strip():
                continue
            number += 1
            raw = line.strip().encode()
            if isinstance(line, _Cut):
                yield Row(number, {}, raw, f"line too long: allowed are {LIMIT} characters")
            else:
                yield json_row(number, raw)


class _Cut(str):
    """How a line begins that is too long."""


def _bounded(lines: Lines) -> Iterator[str]:
    while True:
        lines.begin_row()
        try:
            yield next(lines)
        except LineTooLong as error:
            yield _Cut(storable(error.start))
        except StopIteration:
            return


def json_row(number: int, raw: bytes) -> Row:
    """The row of a JSON line, its texts tidy and storable: a NUL becomes U+FFFD. Half an emoji is no JSON."""
    try:
        values = clean(orjson.loads(raw))
        if raw.count(b"[") + raw.count(b"{") >= _DEEP:
            orjson.dumps([[values]])  # as deep as its envelope will be
    except orjson.JSONDecodeError as error:
        return Row(number, {}, raw, f"not JSON: {error}")
    except (TypeError, RecursionError):
        return Row(number, {}, raw, "nested too deeply")
    return Row(number, flat(values), raw) if isinstance(values, dict) else Row(number, {}, raw, "not a JSON object")


# ---- columns -----------------------------------------------------------------------------------------------------


def _check_columns(surveyed: Survey, mapping: ImportMapping) -> None:
    """A CSV must have every column; of JSON lines, whose fields may be optional, those without which no row is one."""
    columns_needed: Sequence[tuple[str, str]] = mapping.columns_needed
    have = set(surveyed.columns)
    missing = [(key, column) for key, column in columns_needed if column not in have]
    if surveyed.format == "jsonl":
        someone = any(key.startswith("identities.") and column in have for key, column in columns_needed)
        missing = [
            (key, column)
            for key, column in missing
            if key in ("time.column", "type.column", "id", "seq") or (key.startswith("identities.") and not someone)
        ]
    if not missing:
        return
    lines = [f"mapping: {key}: no column {column!r}{_near(column, surveyed.columns)}" for key, column in missing]
    hint = ""
    if surveyed.format == "csv" and len(surveyed.columns) == 1:
        likely = next((delimiter for delimiter in ";\t|," if delimiter in surveyed.columns[0]), None)
        hint = f"; at the top of the mapping set delimiter = {orjson.dumps(likely).decode()}" if likely else ""
    available = ", ".join(surveyed.columns[:50]) + (", ..." if len(surveyed.columns) > 50 else "")
    raise ImportProblem("\n".join([*lines, f"{surveyed.path}: its columns are: {available}{hint}"]))


def _near(column: str, columns: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(column, columns, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
