"""How much work a microsecond holds just now: the CPU time of a fixed piece of Python, taken now and then meanwhile.

Where cores are shared (with another machine's thread, with processes that use up the caches), CPU time stretches too,
for seconds and by up to three times. So figures of different days can be compared where this one is the same. Ratios
are not corrected by it: sides that alternate within seconds have the same pace, and correcting made them no narrower.
"""

import statistics
import threading
import time
from types import TracebackType

_PAUSE = 0.05
"""Seconds between two pieces: they take about one per cent of a core."""
_ROUNDS = 1_500


def piece() -> int:
    """Do the piece; nanoseconds of this thread."""
    before = time.thread_time_ns()
    table: dict[int, tuple[int, str]] = {}
    for number in range(_ROUNDS):
        table[number % 997] = (number, str(number))
    return time.thread_time_ns() - before


class Pace:
    """Takes the piece's time while a block runs, on a thread of its own."""

    def __init__(self) -> None:
        self._taken: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._take, daemon=True)

    def __enter__(self) -> "Pace":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def microseconds(self) -> float:
        """Of one piece, on average."""
        return statistics.mean(self._taken) / 1_000

    def _take(self) -> None:
        while True:
            self._taken.append(piece())
            if self._stop.wait(_PAUSE):
                return
