"""Asks a program that is loaded (loaded.py) for a process; as a script, it is that process to a shell that runs it.

Run as `python -I -S asking.py ADDRESS WORDS...`: it loads next to nothing.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterable, Mapping


class Asking:
    """The line to one process: it ends where the line does, with SIGKILL."""

    def __init__(
        self, address: str, words: Iterable[str], folder: str, environment: Mapping[str, str], files: Iterable[int]
    ) -> None:
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(address)
        said = {"words": [*words], "folder": folder, "environment": dict(environment)}
        message = json.dumps(said).encode() + b"\n"
        self.line.sendall(message[socket.send_fds(self.line, [message], [*files]) :])
        self._told = b""
        pid = self.number()
        assert pid is not None, "whoever had loaded the program is not there any more"
        self.pid = pid

    def number(self) -> int | None:
        """What we are told next: how it ended; None where nobody is there who would tell."""
        while b"\n" not in self._told:
            if not (read := self.line.recv(64)):
                return None
            self._told += read
        number, self._told = self._told.split(b"\n", 1)
        return int(number)


def main(address: str, *words: str) -> None:
    """Be the process: its files are ours, it gets our signals, and we end as it does."""
    asking = Asking(address, words, os.getcwd(), os.environ, range(3))  # noqa: PTH109
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: os.kill(asking.pid, number))
    ended = asking.number()
    if ended is not None and ended >= 0:
        sys.exit(ended)
    killed = signal.SIGKILL if ended is None else -ended
    if killed != signal.SIGKILL:
        signal.signal(killed, signal.SIG_DFL)
    os.kill(os.getpid(), killed)


if __name__ == "__main__":
    main(*sys.argv[1:])
