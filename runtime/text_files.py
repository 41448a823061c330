"""A text file that a person wrote (model, mapping, settings): its text, or in plain words why it cannot be read."""

from pathlib import Path
from typing import Final

from domain.errors import Refused

_LARGEST: Final = 10_000_000
"""Bytes. A model may have a million characters."""


def read_text_file(path: Path) -> str:
    """Its text, without the mark that some editors put at its beginning. Raises Refused."""
    try:
        if path.is_dir():
            raise Refused(f"{path} is a folder: name a file")
        if not path.exists():
            raise Refused(f"there is no file {path}")
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise Refused(f"{path} has more than {_LARGEST:,} bytes: it is none of Leadline's files")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refused(f"{path} is no UTF-8 text (line {line}): save it as UTF-8") from None
