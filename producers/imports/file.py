"""Reads the rows of a file to import: CSV or JSON lines, plain or gzip, surveyed whole before the first row is used.

Errors:

    ImportProblem (reject the file: it cannot be read, or is not what the mapping says; nothing of it was appended)
"""

import codecs
import csv
import difflib
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, cast

import orjson

from domain.touchpoints.text import storable
from producers.imports.mapping import ImportMapping
from producers.reading.body import clean

LINE_LIMIT: Final = 1 << 20
"""Longest line of a JSON lines file, in characters."""

_CHUNK: Final = 1 << 18
_DEEP: Final = 200
"""A row with fewer brackets than these is not nested too deeply."""
_LOOK: Final = 200
"""Rows of a JSON lines file that are looked at for its fields."""

_GZIP: Final = b"\x1f\x8b"


class ImportProblem(Exception):
    """The file cannot be imported. Says what, where, and what to do."""


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
    with _problems(path):
        packed = _is_packed(path)
        form = mapping.format or _format_of(path, packed)
        digest, size = _pass(path, packed, mapping.encoding)
    delimiter = mapping.delimiter or ("\t" if _suffix(path) in (".tsv", ".tab") else ",")
    found = Survey(path, packed, form, delimiter, mapping.encoding, digest, size, ())
    columns = _csv_columns(found) if form == "csv" else _json_columns(found)
    found = Survey(path, packed, form, delimiter, mapping.encoding, digest, size, columns)
    _check_columns(found, mapping)
    return found


def read_rows(found: Survey, read: Callable[[int], None] = lambda size: None) -> Iterator[Row]:
    """The rows, numbered from 1. `read` is told how many characters of the file each line had."""
    rows = _csv_rows(found, read) if found.format == "csv" else _json_rows(found, read)
    with _problems(found.path):
        yield from rows


# ---- the file ----------------------------------------------------------------------------------------------------


@contextmanager
def _problems(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ImportProblem(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise ImportProblem(f"{path}: a folder; give one CSV or JSON lines file") from error
    except PermissionError as error:
        raise ImportProblem(f"{path}: not allowed to read it; check its permissions") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ImportProblem(
            f"{path}: broken gzip file ({error}); it was cut off or damaged on its way, fetch it again"
        ) from error
    except OSError as error:
        raise ImportProblem(f"{path}: cannot be read ({error})") from error


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(2)
    if path.suffix == ".gz" and start and start != _GZIP:
        raise ImportProblem(f"{path}: named .gz, but it is no gzip file; unpack it or rename it")
    return start == _GZIP


def _open(path: Path, packed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def _text(found: Survey) -> io.TextIOWrapper:
    encoding = "utf-8-sig" if _plain(found.encoding) == "utf-8" else found.encoding
    return io.TextIOWrapper(_open(found.path, found.packed), encoding=encoding, newline="")


def _plain(encoding: str) -> str:
    return codecs.lookup(encoding).name


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def _format_of(path: Path, packed: bool) -> Literal["csv", "jsonl"]:
    match _suffix(path):
        case ".csv" | ".tsv" | ".tab":
            return "csv"
        case ".jsonl" | ".ndjson" | ".json":
            return "jsonl"
    with _open(path, packed) as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    return "jsonl" if start.startswith((b"{", b"[")) else "csv"


def _pass(path: Path, packed: bool, encoding: str) -> tuple[str, int]:
    """Hash and size of the content, after a look at every byte of it."""
    digest, size, lines = hashlib.sha256(), 0, 0
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    wide = _plain(encoding).startswith(("utf-16", "utf-32"))
    with _open(path, packed) as file:
        while True:
            chunk = file.read(_CHUNK)
            if not wide and b"\x00" in chunk:
                raise ImportProblem(
                    f"{path}: a binary file (a zero byte near line {lines + 1}); give CSV or JSON lines "
                    '(save a workbook as CSV), or set encoding = "utf-16" in the mapping if it is such a text'
                )
            try:
                decoder.decode(chunk, not chunk)
            except UnicodeError as error:
                raise _not_text(path, encoding, lines, error) from error
            if not chunk:
                break
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
    if not size:
        raise ImportProblem(f"{path}: the file is empty")
    return digest.hexdigest(), size


def _not_text(path: Path, encoding: str, lines: int, error: UnicodeError) -> ImportProblem:
    if isinstance(error, UnicodeDecodeError):
        lines += error.object[: error.start].count(b"\n")
    return ImportProblem(
        f"{path}: line {lines + 1} is not {encoding} text; set encoding in the mapping, such as "
        'encoding = "gb18030" (Excel in China) or "cp1252" (Excel in Western Europe)'
    )


# ---- CSV ---------------------------------------------------------------------------------------------------------


class _Lines:
    """The lines of a text, of which those of the row being read are remembered."""

    def __init__(self, text: io.TextIOWrapper, read: Callable[[int], None]) -> None:
        self._text = text
        self._read = read
        self.row: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self._read(len(line))
        self.row.append(storable(line))
        return self.row[-1]


def _csv_columns(found: Survey) -> tuple[str, ...]:
    with _text(found) as text:
        try:
            for cells in csv.reader(text, delimiter=found.delimiter, strict=True):
                if any(cell.strip() for cell in cells):
                    return _header(found.path, cells)
        except csv.Error as error:
            raise ImportProblem(f"{found.path}: the header is not CSV ({error}); check its quotes") from error
    raise ImportProblem(f"{found.path}: no header: the first row must name the columns")


def _header(path: Path, cells: list[str]) -> tuple[str, ...]:
    columns = tuple(cell.strip() for cell in cells)
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise ImportProblem(f"{path}: the header names {', '.join(map(repr, twice))} more than once; rename one")
    return columns


def _csv_rows(found: Survey, read: Callable[[int], None]) -> Iterator[Row]:
    columns = found.columns
    with _text(found) as text:
        lines = _Lines(text, read)
        reader = csv.reader(lines, delimiter=found.delimiter, strict=True)
        number, header = 0, True
        while True:
            lines.row.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                yield Row(number, {}, orjson.dumps("".join(lines.row)), f"not CSV: {error}")
                continue
            if not cells:
                continue
            if header:
                header = not any(cell.strip() for cell in cells)
                continue
            number += 1
            if len(cells) == len(columns):
                yield Row(number, dict(zip(columns, cells, strict=True)))
            else:
                problem = f"number of cells: the header has {len(columns)} columns, the row {len(cells)}"
                yield Row(number, {}, orjson.dumps(cells), problem)


# ---- JSON lines --------------------------------------------------------------------------------------------------


def _json_columns(found: Survey) -> tuple[str, ...]:
    columns: dict[str, None] = {}
    rows = 0
    with _text(found) as text:
        for line in text:
            if not (stripped := line.strip()):
                continue
            if rows == 0 and stripped.startswith("["):
                raise ImportProblem(f"{found.path}: a JSON list; give JSON lines, one object in each line")
            rows += 1
            try:
                values = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            columns |= dict.fromkeys(flat(values) if isinstance(values, dict) else ())
            if rows >= _LOOK:
                break
    if not rows:
        raise ImportProblem(f"{found.path}: no rows in it")
    if not columns:
        raise ImportProblem(f"{found.path}: none of the first {rows} lines is a JSON object; is it a JSON lines file?")
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


def _json_rows(found: Survey, read: Callable[[int], None]) -> Iterator[Row]:
    number = 0
    with _text(found) as text:
        for line in text:
            read(len(line))
            if not line.strip():
                continue
            number += 1
            raw = line.strip().encode("utf-8", "surrogatepass")
            if len(line) > LINE_LIMIT:
                yield Row(number, {}, raw[:LINE_LIMIT], f"line too long: allowed are {LINE_LIMIT} characters")
            else:
                yield json_row(number, raw)


def json_row(number: int, raw: bytes) -> Row:
    """The row of a JSON line, without what cannot be stored: a NUL becomes U+FFFD. Half an emoji is no JSON."""
    try:
        values = orjson.loads(raw)
        if b"\\u0000" in raw:
            values = clean(values)
        if raw.count(b"[") + raw.count(b"{") >= _DEEP:
            orjson.dumps([[values]])  # as deep as its envelope will be
    except orjson.JSONDecodeError as error:
        return Row(number, {}, raw, f"not JSON: {error}")
    except (TypeError, RecursionError):
        return Row(number, {}, raw, "nested too deeply")
    return Row(number, flat(values), raw) if isinstance(values, dict) else Row(number, {}, raw, "not a JSON object")


# ---- columns -----------------------------------------------------------------------------------------------------


def _check_columns(found: Survey, mapping: ImportMapping) -> None:
    """A CSV must have every column; of JSON lines, whose fields may be optional, those without which no row is one."""
    wanted: Sequence[tuple[str, str]] = mapping.wanted
    have = set(found.columns)
    missing = [(key, column) for key, column in wanted if column not in have]
    if found.format == "jsonl":
        someone = any(key.startswith("identities.") and column in have for key, column in wanted)
        missing = [
            (key, column)
            for key, column in missing
            if key in ("time.column", "type.column", "id", "seq") or (key.startswith("identities.") and not someone)
        ]
    if not missing:
        return
    lines = [f"mapping: {key}: no column {column!r}{_near(column, found.columns)}" for key, column in missing]
    hint = ""
    if found.format == "csv" and len(found.columns) == 1:
        other = next((mark for mark in ";\t|," if mark in found.columns[0]), None)
        hint = f"; set delimiter = {orjson.dumps(other).decode()} in the mapping" if other else ""
    available = ", ".join(found.columns[:50]) + (", ..." if len(found.columns) > 50 else "")
    raise ImportProblem("\n".join([*lines, f"{found.path}: its columns are: {available}{hint}"]))


def _near(column: str, columns: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(column, columns, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
