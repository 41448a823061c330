"""A file is there whole or not at all: written under another name, on the disk, then renamed; one writer a folder."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from domain.errors import Misconfigured, Refused, Retry
from store.database.copying import sync

LOCK: Final = ".lock"
_PART: Final = ".part"
"""Files whose names begin with a dot are read by no engine; a killed writer's is written over by the next."""
_MENDED: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENFILE))
"""What time or somebody who makes room mends, without this program."""
_BUFFER: Final = 1 << 18


class FolderAway(Retry):
    """A folder takes no file now: its disk is full, or does not answer."""


class FolderTaken(Refused):
    """Another process writes there."""


class FolderMisconfigured(Misconfigured):
    """A folder cannot be written to."""


@contextmanager
def placed(path: Path, part: str | None = None) -> Iterator[BinaryIO]:
    """A file to write to; at the end it is on the disk under its name, after an error nothing is.

    Its folder is made. `part` is the name that it bears until then (else one made of its own): whoever is killed and
    tries again writes over what is left. Raises FolderAway, FolderMisconfigured, FolderTaken.
    """
    unfinished = path.with_name(part or f".{path.name}{_PART}")
    make_folder(path.parent)
    with _told(path), _opened(unfinished) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise
        sync(path.parent)


@contextmanager
def _opened(unfinished: Path) -> Iterator[BinaryIO]:
    """An empty file that nobody else writes."""
    descriptor = _locked(unfinished)
    try:
        held, named = os.fstat(descriptor), unfinished.stat()
        if (held.st_dev, held.st_ino) != (named.st_dev, named.st_ino):
            raise _taken(unfinished)  # another finished it just now: what we have open bears its final name
        os.ftruncate(descriptor, 0)
    except FileNotFoundError:
        os.close(descriptor)
        raise _taken(unfinished) from None
    except BaseException:
        os.close(descriptor)
        raise
    file = os.fdopen(descriptor, "wb", buffering=_BUFFER)
    try:
        yield file
    finally:
        with suppress(OSError):  # all is on the disk, or given up
            file.close()


def _locked(path: Path) -> int:
    """The descriptor of a file that is locked, until the process ends. Raises FolderTaken where another has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise _taken(path) from None
    return descriptor


def _taken(path: Path) -> FolderTaken:
    return FolderTaken(f"another export writes to {path.parent}: let that one go on, or name another folder")


def make_folder(folder: Path) -> None:
    """A folder and those above it; their names are on the disk. Raises FolderAway, FolderMisconfigured."""
    with _told(folder):
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in missing:
            sync(each.parent)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """The folder is this process's to write to. The lock dies with the process, however it ends.

    Raises FolderTaken where another has it, FolderAway, FolderMisconfigured.
    """
    make_folder(folder)
    with _told(folder):
        descriptor = _locked(folder / LOCK)
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        said = f"{path} cannot be written: {error.strerror or error}"
        if error.errno in _MENDED:
            raise FolderAway(f"{said}. Nothing of it is left: make room, then go on") from error
        raise FolderMisconfigured(f"{said}. Name a folder to write in") from error
