"""The data folder: made when needed, held by one server at a time."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from domain.errors import Refused

LOCK: Final = "server.lock"

PATIENCE: Final = 1.0
"""Seconds that a server tries: somebody may only be looking whether the folder is free."""


@contextmanager
def private_files() -> Iterator[None]:
    """Whatever this process makes meanwhile is its user's alone: files 0600, folders 0700. They hold personal data."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


class FolderServer(NamedTuple):
    """The server that holds a data folder, as it wrote it down."""

    process: str
    """Its process id."""
    database: str | None = None
    """Which database it records into (None: not known yet), and under what address."""
    address: str = ""

    @classmethod
    def of(cls, folder: Path) -> "FolderServer":
        """Who wrote last; this says nothing of whether it still holds it."""
        with suppress(OSError, UnicodeDecodeError):
            if lines := (folder / LOCK).read_text(encoding="utf-8").splitlines()[:3]:
                return cls(*lines)
        return cls("unknown")


class FolderLock:
    """Held by the process that owns a data folder; the kernel drops it with the process, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, folder: Path) -> "FolderLock | None":
        """The lock, or None where another process holds the folder. Raises Refused where it cannot be used."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Refused(
                f"LEADLINE_DATA: {folder} cannot be used: {error.strerror}. Name a folder to write in"
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        lock = cls(descriptor)
        lock.note(FolderServer(str(os.getpid())))
        return lock

    def note(self, holder: FolderServer) -> None:
        """Write down who holds it."""
        with suppress(OSError):  # a disk that is full: it is for messages only
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, "".join(f"{line}\n" for line in holder if line).encode(), 0)

    def release(self) -> None:
        """Let others have it."""
        os.close(self._descriptor)


def held(folder: Path) -> bool:
    """Whether a server holds the folder now. Raises Refused where it cannot be used."""
    lock = FolderLock.take(folder)
    if lock is not None:
        lock.release()
    return lock is None


def hold(folder: Path) -> FolderLock:
    """The lock of a folder. Raises Refused where another server holds it."""
    until = time.monotonic() + PATIENCE
    while (lock := FolderLock.take(folder)) is None and time.monotonic() < until:
        time.sleep(0.05)
    if lock is None:
        raise Refused(
            f"LEADLINE_DATA: {folder.absolute()} is held by another Leadline server "
            f"(process {FolderServer.of(folder).process}): "
            "stop that one, or name another folder"
        )
    for path in folder.glob("*.db*"):  # made by hand, or by an older release
        path.chmod(0o600)
    return lock
