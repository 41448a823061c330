"""Copying a SQLite file while others work on it, by SQLite's own means."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path


def copy_file(source: Path, target: Path, *, check: bool = False) -> None:
    """One consistent copy in one file, on the disk when this returns. It waits for no writer, and none waits for it.

    With `check` it must be whole. Raises OSError.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=30)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            if check and (fault := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(f"{source.name} is damaged ({fault})")
    except sqlite3.Error as error:
        raise OSError(str(error)) from error
    target.chmod(0o600)
    sync(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
