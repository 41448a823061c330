"""The threads of a process: started together, stopped together; what cannot go on ends the whole process."""

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from store.database.errors import Fenced, Retry, VersionConflict
from store.log.port import LogAway, LogFull

RETRIED: Final = (Retry, Fenced, VersionConflict, LogAway, LogFull)
"""Errors after which a worker begins anew, with new objects, from its stored position."""

PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
"""Seconds before a worker that failed begins again: doubled each time, up to this."""

Run = Callable[[threading.Event], None]
"""Builds what it needs, works until the event is set, and closes what it built."""


class Workers:
    """Named threads around one stop event."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.crash: str | None = None
        self._threads: list[threading.Thread] = []

    def start(self, name: str, run: Run) -> None:
        """Run until stopped; begin anew after errors that time mends."""
        thread = threading.Thread(target=self._keep, args=(name, run), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _keep(self, name: str, run: Run) -> None:
        log = structlog.get_logger().bind(worker=name)
        pause = PAUSE
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                run(self.stop)
            except RETRIED as error:
                pause = PAUSE if time.monotonic() - began > 60 else min(pause * 2, LONGEST_PAUSE)
                log.warning("worker.retries", seconds=pause, reason=f"{type(error).__name__}: {error}")
                self.stop.wait(pause)
            except Exception as error:
                self.crash = f"{name} cannot go on: {type(error).__name__}: {error}"
                log.error("worker.crashed", exc_info=error)
                self.stop.set()

    def join(self, seconds: float) -> list[str]:
        """Wait for all threads, at most so long; the names of those that still run."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]
