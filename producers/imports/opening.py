"""A file to import as it lies on the disk: packed or not, in which charset, and whole."""

import codecs
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Literal, cast

from domain.errors import Refused
from domain.touchpoints.text import STRICT, charset

_CHUNK: Final = 1 << 18
_GZIP: Final = b"\x1f\x8b"


class ImportProblem(Refused):
    """The file cannot be imported. Says what, where, and what to do."""


@contextmanager
def problems(path: Path) -> Iterator[None]:
    """What goes wrong with the file itself, as ImportProblem."""
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
            f"{path}: broken gzip file; it was cut off or damaged on its way, fetch it again"
        ) from error
    except OSError as error:
        raise ImportProblem(f"{path}: cannot be read ({error.strerror or error})") from error


def is_packed(path: Path) -> bool:
    """Whether it is a gzip file. Raises ImportProblem where its name alone says so."""
    with path.open("rb") as file:
        start = file.read(2)
    if path.suffix == ".gz" and start and start != _GZIP:
        raise ImportProblem(f"{path}: named .gz, but it is no gzip file; unpack it or rename it")
    return start == _GZIP


def _open(path: Path, packed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def text_of(path: Path, packed: bool, encoding: str) -> io.TextIOWrapper:
    """The file's text, to be read line by line."""
    codec = codec_of(encoding)
    return io.TextIOWrapper(_open(path, packed), "utf-8-sig" if codec == "utf-8" else codec, errors=STRICT, newline="")


def codec_of(encoding: str) -> str:
    """Python's codec for the mapping's encoding: what the web calls so, else what Python does. Raises LookupError."""
    python = codecs.lookup(encoding).name
    if python.startswith(("utf-16", "utf-32")):
        return python
    return charset(encoding) or charset(python.replace("_", "-")) or python


def suffix(path: Path) -> str:
    """The end of its name, without `.gz`."""
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def format_of(path: Path, packed: bool) -> Literal["csv", "jsonl"]:
    """What it is by its name, else by how it begins."""
    match suffix(path):
        case ".csv" | ".tsv" | ".tab":
            return "csv"
        case ".jsonl" | ".ndjson" | ".json":
            return "jsonl"
    with _open(path, packed) as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    return "jsonl" if start.startswith((b"{", b"[")) else "csv"


def hash_and_size(path: Path, packed: bool, encoding: str) -> tuple[str, int]:
    """Hash and size of the content, after a look at every byte of it."""
    digest, size, lines = hashlib.sha256(), 0, 0
    codec = codec_of(encoding)
    decoder = codecs.getincrementaldecoder(codec)(STRICT)
    wide = codec.startswith(("utf-16", "utf-32"))
    with _open(path, packed) as file:
        while True:
            chunk = file.read(_CHUNK)
            if not wide and b"\x00" in chunk:
                raise ImportProblem(
                    f"{path}: a binary file (a zero byte near line {lines + 1}); give CSV or JSON lines "
                    '(save a workbook as CSV), or at the top of the mapping set encoding = "utf-16" if it is one'
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
        f"{path}: line {lines + 1} is not {encoding} text; at the top of the mapping, above the first [table], set "
        'encoding = "gb18030" (Excel in China) or "cp1252" (Excel in Western Europe)'
    )
