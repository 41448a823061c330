"""A Leadline that has loaded what its commands would, and done nothing: each command that is asked for is a fork of it.

Run as `python -m tests.services.loaded ADDRESS PROGRAM`; forked.py asks. It is one thread, so that a fork is whole. It
ends with whoever started it, its folder too, and a command ends with whoever asked for it.
"""

import gc
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, TextIO

LAZY: Final = (
    "runtime.processes", "runtime.applications", "api.app", "api.dashboard.dashboard", "producers.collector.app",
    "alembic.command", "phonenumbers", "uvicorn.loops.uvloop", "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
)  # fmt: skip
"""What servers load when they start."""


@dataclass(frozen=True)
class Asked:
    """A command: its words, where and with what it runs."""

    words: list[str]
    folder: str
    environment: dict[str, str]
    files: list[int]


def main(address: str, program: str) -> None:
    """Load, answer until nobody is there who would ask; in a fork, be the program."""
    _load()
    asked = _forked(address)
    if asked is None:
        shutil.rmtree(Path(address).parent)
    else:
        _become(asked, program)
        runpy.run_path(program, run_name="__main__")


def _load() -> None:
    from runtime.cli import ROOMS

    for name in (*(f"runtime.commands.{room}" for room in ROOMS), *LAZY):
        import_module(name)
    assert threading.active_count() == 1, "a fork of one thread of many is none"
    gc.collect()
    gc.freeze()  # what is there is shared as long as nobody touches it


def _forked(address: str) -> Asked | None:
    """Returns in each fork what it is asked for, and None when stdin ends."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    wake, woken = socket.socketpair()
    woken.setblocking(False)
    signal.set_wakeup_fd(woken.fileno())
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        for source in (0, listener, wake):
            selector.register(source, selectors.EVENT_READ)
        print("loaded", flush=True)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if wake in ready:
                wake.recv(4096)
                for caller in _ended(running):
                    selector.unregister(caller)
                    caller.close()
            for gone in [pid for pid, caller in running.items() if caller in ready]:
                os.kill(gone, signal.SIGKILL)  # who asked is not there any more, as callers only listen
                selector.unregister(caller := running.pop(gone))
                caller.close()
            if 0 in ready:
                for pid in running:
                    os.kill(pid, signal.SIGKILL)
                return None
            if listener in ready:
                caller = listener.accept()[0]
                asked = _read(caller)
                if (pid := os.fork()) == 0:
                    signal.set_wakeup_fd(-1)
                    for end in (listener, wake, woken, caller, *running.values()):
                        end.close()
                    return asked
                for file in asked.files:
                    os.close(file)
                running[pid] = caller
                selector.register(caller, selectors.EVENT_READ)
                _tell(caller, pid)


def _ended(running: dict[int, socket.socket]) -> list[socket.socket]:
    """Whom we told how their command ended."""
    told = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return told
        if not pid:
            return told
        if (caller := running.pop(pid, None)) is not None:
            _tell(caller, os.waitstatus_to_exitcode(status))
            told.append(caller)


def _tell(caller: socket.socket, number: int) -> None:
    with suppress(BrokenPipeError):  # found when it is read next
        caller.sendall(b"%d\n" % number)


def _read(caller: socket.socket) -> Asked:
    read, files, _, _ = socket.recv_fds(caller, 1 << 16, 3)
    while not read.endswith(b"\n"):
        read += caller.recv(1 << 16)
    said: dict[str, Any] = json.loads(read)
    return Asked(said["words"], said["folder"], said["environment"], files)


def _become(asked: Asked, program: str) -> None:
    """What differs from a process that has just loaded the program."""
    for number, handler in ((signal.SIGCHLD, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        signal.signal(number, handler)
    for file, place in zip(asked.files, range(3), strict=True):
        os.dup2(file, place)
        os.close(file)
    for place, name in enumerate(("stdin", "stdout", "stderr")):
        stream = _stream(place, getattr(sys, name))
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.chdir(asked.folder)
    os.environ.clear()
    os.environ.update(asked.environment)
    time.tzset()
    tempfile.tempdir = None
    sys.argv = [program, *asked.words]
    sys.path[0] = str(Path(program).parent)


def _stream(file: int, like: TextIO) -> TextIO:
    """As the interpreter makes its own: what can be sought in or is a terminal is found out when they are made."""
    at_once = file > 0 and sys.stdout.write_through
    bytes_of = open(file, "wb" if file else "rb", buffering=0 if at_once else -1, closefd=False)  # noqa: SIM115
    by_line = not at_once and (file == 2 or bytes_of.isatty())
    return TextIOWrapper(
        bytes_of, encoding=like.encoding, errors=like.errors, newline="\n" if file else None, line_buffering=by_line,
        write_through=at_once,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
