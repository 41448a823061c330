"""CPU time of processes as Linux counts it: nanoseconds on a core, in user and kernel mode, of all their threads.

It hardly depends on what else runs on the machine, which wall time does. Elsewhere than on Linux nothing is read:
`AVAILABLE` says so.
"""

import ctypes
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

AVAILABLE: Final = sys.platform.startswith("linux")
"""Whether this machine can tell the CPU time of another process."""

_PROC: Final = Path("/proc")
_LISTENS: Final = "0A"
"""The state of a listening socket in /proc/net/tcp."""


class Stat(NamedTuple):
    """What /proc/PID/stat says. `reaped` is the CPU time of children that ended and were waited for, in clock ticks."""

    name: str
    parent: int
    own: int
    reaped: int


def parse_stat(text: str) -> Stat:
    """Read /proc/PID/stat; the name in brackets may hold blanks and brackets itself."""
    head, _, rest = text.rpartition(")")
    fields = rest.split()
    user, system, children_user, children_system = (int(field) for field in fields[11:15])
    return Stat(head.partition("(")[2], int(fields[1]), user + system, children_user + children_system)


def process(pid: int) -> int:
    """Nanoseconds of one process: every thread, also those that ended. Raises ProcessLookupError."""
    clock = ctypes.c_int()
    if error := ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
        raise ProcessLookupError(error, f"process {pid}: {os.strerror(error)}")
    try:
        return time.clock_gettime_ns(clock.value)
    except OSError as error:
        raise ProcessLookupError(error.errno, f"process {pid} is gone") from error


def reaped(pid: int) -> int:
    """Nanoseconds of the children of a process that ended, in steps of a clock tick (10 ms)."""
    return _stat(pid).reaped * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))


def family(pid: int) -> Iterator[int]:
    """The process and its descendants, as far as they live."""
    yield pid
    for children in _PROC.glob(f"{pid}/task/*/children"):
        for child in _text(children).split():
            yield from family(int(child))


def tree(pid: int) -> dict[int, int]:
    """Nanoseconds of each living process of a family; what ended is counted with its parent.

    Raises ProcessLookupError where the first of them is gone.
    """
    found = {pid: process(pid) + reaped(pid)}
    for member in family(pid):
        try:
            found[member] = process(member) + reaped(member)
        except ProcessLookupError:
            continue  # it ended just now: its parent's figure has it as soon as it was waited for
    return found


def title(pid: int) -> str:
    """The command line, or what the process calls itself instead (PostgreSQL's do)."""
    return _text(_PROC / str(pid) / "cmdline").replace("\0", " ").strip()


def listening(port: int) -> int | None:
    """The process of this machine that listens on a TCP port (None: there is none that we may see)."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    holders = {pid for pid in _processes() if sockets and _holds(pid, sockets)}
    first = [pid for pid in holders if _stat(pid).parent not in holders]
    return first[0] if first else None


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        for line in _text(_PROC / "net" / table).splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _processes() -> Iterator[int]:
    return (int(path.name) for path in _PROC.iterdir() if path.name.isdecimal())


def _holds(pid: int, sockets: set[str]) -> bool:
    try:
        return any(str(each.readlink()) in sockets for each in (_PROC / str(pid) / "fd").iterdir())
    except OSError:  # it is not ours, or gone
        return False


def _stat(pid: int) -> Stat:
    text = _text(_PROC / str(pid) / "stat")
    if not text:
        raise ProcessLookupError(f"process {pid} is gone")
    return parse_stat(text)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
