"""The threads of a process: started together, stopped together; one that ends in an error ends the whole process."""

import threading
import time
from collections.abc import Callable

import structlog

Run = Callable[[threading.Event], None]
"""Works until the event is set, and closes what it works with. It waits out itself what time mends."""


class Workers:
    """Named threads around one stop event."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.crash: str | None = None
        self._threads: list[threading.Thread] = []

    def start(self, name: str, run: Run) -> None:
        """Run until stopped."""
        thread = threading.Thread(target=self._run, args=(name, run), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, name: str, run: Run) -> None:
        try:
            run(self.stop)
        except Exception as error:
            self.crash = f"{name} cannot go on: {type(error).__name__}: {error}"
            structlog.get_logger().error("worker.crashed", worker=name, exc_info=error)
            self.stop.set()

    def join(self, seconds: float) -> list[str]:
        """Wait for all threads, at most so long; the names of those that still run."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]
