"""A service process under guard, free ports, and what to do where a service cannot run."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

GUARD: Final = Path(__file__).with_name("guard.py")


class ServiceUnavailable(RuntimeError):
    """This machine cannot run the service, or it did not start. The message says why and what to set."""


class Guarded:
    """One running service process; `folder` is its private directory, the log file lies in it."""

    def __init__(self, command: Sequence[str], folder: Path, stop_with: str, uid: int = -1) -> None:
        self.log = folder / "service.log"
        with self.log.open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), stop_with, str(uid), str(folder), "--", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether the service runs."""
        return self._guard.poll() is None

    def stop(self, *, keep: bool = False, crash: bool = False) -> None:
        """Stop the service and wait until it is gone; its folder goes too, unless it is to be kept.

        `crash` stops it with SIGKILL, and keeps its folder.
        """
        pipe = self._guard.stdin
        if pipe is not None and not pipe.closed:
            try:
                if keep or crash:
                    pipe.write(b"x" if crash else b"k")
                pipe.close()
            except BrokenPipeError:
                pass
        self._guard.wait(60)

    def wait_until(self, ready: Callable[[], bool], name: str, seconds: float = 60.0) -> None:
        """Return when `ready`; raises ServiceUnavailable with the end of the log if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive or time.monotonic() > deadline:
                state = f"not ready after {seconds:.0f} s" if self.alive else "ended at once"
                tail = self.tail()
                self.stop(keep=True)
                raise ServiceUnavailable(f"{name}: {state}. The end of its log:\n{tail}")
            time.sleep(0.05)

    def tail(self, size: int = 3000) -> str:
        """The end of the service's log."""
        return self.log.read_bytes()[-size:].decode(errors="replace") if self.log.exists() else ""


def free_ports(count: int) -> list[int]:
    """Loopback ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def answers(port: int) -> bool:
    """Whether something listens on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def remove(folder: Path) -> None:
    """Remove a service's folder, if it is still there."""
    shutil.rmtree(folder, ignore_errors=True)


def in_ci() -> bool:
    """In CI a service that cannot run fails its tests; elsewhere they are skipped, loudly."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")
