"""The lines of a text file, each bounded while it is read, and where in a CSV a row goes on after an error."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Final

from domain.errors import Reject
from domain.touchpoints.text import storable

LIMIT: Final = 1 << 20
"""Longest line of a file, and longest cell of a CSV, in characters."""

_CHUNK: Final = 1 << 16
_ENDS: Final = ("\n", "\r")


class LineTooLong(Reject, ValueError):
    """A line longer than `LIMIT`, which was read to its end. `start` is how it begins."""

    def __init__(self, start: str) -> None:
        super().__init__(f"line too long: allowed are {LIMIT} characters")
        self.start = start


class Lines:
    """The lines of a text, of which those of the row being read are remembered, up to `LIMIT` characters.

    `read` is told how many characters each line had.
    """

    def __init__(self, text: io.TextIOWrapper, read: Callable[[int], None], delimiter: str = ",") -> None:
        self._text = text
        self._read = read
        self._cells = _Cells(delimiter)
        self._row: list[str] = []
        self._left = LIMIT

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """The next line. Raises LineTooLong, after which the line behind it comes."""
        line = self._text.readline(LIMIT + 1)
        if not line:
            raise StopIteration
        self._remember(line)
        self._read(len(line))
        if len(line) > LIMIT and not line.endswith(_ENDS):
            self._skip()
            raise LineTooLong(line[:LIMIT])
        return storable(line)

    def _remember(self, line: str) -> None:
        if self._left > 0:
            self._row.append(line[: self._left])
            self._left -= len(line)
        self._cells.pass_over(line)

    def _skip(self) -> None:
        """Read on to the end of a line."""
        while part := self._text.readline(_CHUNK):
            self._cells.pass_over(part)
            self._read(len(part))
            if part.endswith(_ENDS):
                return

    def begin_row(self) -> None:
        """Forget the row before."""
        self._row.clear()
        self._left = LIMIT
        self._cells.begin()

    def end_row(self) -> str:
        """After an error: read on to the end of the cell in which it happened. The row, as far as it is remembered."""
        while self._cells.quoted:
            try:
                next(self)
            except LineTooLong:
                continue
            except StopIteration:
                break
        return storable("".join(self._row))


class _Cells:
    """Whether a row stands inside a quoted cell, as the csv module reads it."""

    def __init__(self, delimiter: str) -> None:
        self._opening = re.compile(rf'[{re.escape(delimiter)}\r\n]"')
        self._before = "\n"
        self.quoted = False

    def begin(self) -> None:
        """A row begins."""
        self._before = "\n"
        self.quoted = False

    def pass_over(self, text: str) -> None:
        """Go on behind a text."""
        text, place = self._before + text, 0 if not self.quoted else 1
        while place < len(text):
            if self.quoted:
                place = text.find('"', place) + 1
                if not place:
                    break
                if text[place : place + 1] == '"':
                    place += 1
                else:
                    self.quoted = False
            elif (opening := self._opening.search(text, place)) is not None:
                self.quoted = True
                place = opening.end()
            else:
                break
        self._before = text[-1]
