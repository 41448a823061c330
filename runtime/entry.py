"""The console script: what asks it to end lets a command put away what it made, and says nothing of Python."""

import atexit
import os
import signal
import sys
from types import FrameType
from typing import Final

from runtime.standard_streams import open_closed_streams

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""
_ASKED: Final = (signal.SIGTERM, signal.SIGHUP)
"""Ends a command as Ctrl-C does: a container or service that is stopped, a terminal that is closed."""


def main() -> None:
    """Load the command and run it."""
    open_closed_streams()
    ends = _Ends()
    atexit.register(ends.by_signal)  # the first registered is the last to run: all is put away by then
    before = signal.getsignal(signal.SIGINT)
    ignored = before is not signal.default_int_handler  # as of what a shell put into the background: so it stays
    if not ignored:
        signal.signal(signal.SIGINT, _leave)
    from runtime.cli import load

    run = load()
    signal.signal(signal.SIGINT, before)
    ends.listen()
    try:
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        if not ignored:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # what is left is the end of the interpreter


class _Ends:
    """What has asked the process to end."""

    def __init__(self) -> None:
        self._number: int | None = None

    def listen(self) -> None:
        """End what runs by KeyboardInterrupt from now on; before, a signal ends the process at once."""
        for number in _ASKED:
            if signal.getsignal(number) is signal.SIG_DFL:  # else it is ignored, as under nohup
                signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._number = number
        raise KeyboardInterrupt

    def by_signal(self) -> None:
        """End by the signal that has asked for it, as whoever waits for the process must see; else do nothing."""
        if self._number is not None:
            signal.signal(self._number, signal.SIG_DFL)
            signal.raise_signal(self._number)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
