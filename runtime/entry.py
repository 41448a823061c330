"""The console script: Ctrl-C while the command's libraries load ends quietly, as nothing has been done by then."""

import os
import signal
import sys
from types import FrameType
from typing import Final

from runtime.standard_streams import open_closed_streams

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""


def main() -> None:
    """Load the command and run it."""
    open_closed_streams()
    before = signal.getsignal(signal.SIGINT)
    ignored = before is not signal.default_int_handler  # as of what a shell put into the background: so it stays
    if not ignored:
        signal.signal(signal.SIGINT, _leave)
    from runtime.cli import load

    run = load()
    signal.signal(signal.SIGINT, before)
    try:
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        if not ignored:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # what is left is the end of the interpreter


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
