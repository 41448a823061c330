"""What the process was started with to read from and to write to: closed, full or gone, it ends no work."""

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_NUMBERS: Final = (0, 1, 2)
"""Standard input, output and error, by their descriptors."""


class _Remarks(io.FileIO):
    """Standard error, where what cannot be written is dropped: a full disk or a closed pipe costs the line alone."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write what can be; the whole counts as written."""
        with suppress(OSError):
            super().write(data)
        return memoryview(data).nbytes


def open_closed_streams() -> None:
    """Open what whoever started this closed (`>&-`), to nowhere: a file opened later would get its number."""
    for number in _NUMBERS:
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the least free number, which is this one
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def forgive_streams() -> None:
    """A character that the terminal cannot show ends no command, nor does a remark or log line that nobody takes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        remarks = io.BufferedWriter(_Remarks(sys.stderr.fileno(), "w", closefd=False))
        sys.stderr = io.TextIOWrapper(remarks, sys.stderr.encoding, "backslashreplace", line_buffering=True)


def give_up_output() -> None:
    """Send what is still held back for an output that takes nothing nowhere: it is not tried again at the end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
