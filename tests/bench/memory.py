"""Peak memory of a command and its workers: how much of each was in RAM at once at most, as Linux keeps it."""

import threading
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench import cpu

_PAUSE: Final = 0.02
"""Seconds between two looks: the peak itself is the kernel's, a look only has to come before a process ends."""


class Peaks(NamedTuple):
    """MiB: the command's own, and the largest of its workers (0: it had none)."""

    command: float
    worker: float

    def largest(self, other: "Peaks") -> "Peaks":
        """The larger of each of both."""
        return Peaks(max(self.command, other.command), max(self.worker, other.worker))


NONE: Final = Peaks(0.0, 0.0)
"""Where nothing is told."""


class Watch:
    """Looks at a process and its descendants until it is told to stop."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> Peaks:
        """The peaks that were seen."""
        self._over.set()
        self._thread.join()
        workers = [peak for pid, peak in self._peaks.items() if pid != self._pid]
        return Peaks(self._peaks.get(self._pid, 0.0), max(workers, default=0.0))

    def _look(self) -> None:
        while not self._over.is_set():
            for pid in cpu.family(self._pid):
                if peak := _peak(pid):
                    self._peaks[pid] = peak
            self._over.wait(_PAUSE)


def _peak(pid: int) -> float:
    """MiB that a process had in RAM at most, shared pages too; 0 where it is gone, or nothing is told."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(sizes[0]) / 1024 if sizes else 0.0
