"""A table that is written whole: into a file that is there when it is finished, or as it comes."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from projections.exports.columns import Chunks, ExportColumn
from projections.exports.formats import FileFormat, row_file
from projections.exports.placing import placed


def write_rows(
    file: BinaryIO, format: FileFormat, columns: Sequence[ExportColumn], rows: Chunks, *, raw: bool = False
) -> int:
    """Write rows into an open file; how many."""
    count = 0
    with row_file(format, columns, file, raw=raw) as written:
        for chunk in rows:
            written.write(chunk)
            count += len(chunk)
    return count


def write_file(
    path: Path, format: FileFormat, columns: Sequence[ExportColumn], rows: Chunks, *, raw: bool = False,
    part: str | None = None,
) -> int:  # fmt: skip
    """The same into a file that replaces what bore its name. Raises FolderAway, FolderMisconfigured, FolderTaken."""
    with placed(path, part) as file:
        return write_rows(file, format, columns, rows, raw=raw)
