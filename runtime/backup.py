"""Backup of the embedded mode's files while a server works on them, and restoring one into an empty folder.

The store is copied before the log. So a restored log is never behind the store: what was acknowledged after the store
was copied is recorded from the log when the server starts.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from domain.errors import Failed, Refused
from runtime.folder import LOCK, FolderLock
from store.database.copying import copy_file, sync

FILES: Final = ("leadline.db", "log.db", "spool.db")
"""What there is to copy, in the order of copying: the event store, the log, the spool before Kafka."""

Copied = Callable[[Path, int], None]
"""Told of each file that was copied, and its bytes."""


def back_up(data: Path, target: Path, copied: Copied) -> None:
    """Copy the files of a data folder into the new folder `target`, each as one consistent view.

    Raises Refused (nothing was done), Failed (nothing is left of it).
    """
    if target.exists():
        raise Refused(f"{target} exists already: name a new folder")
    names = [name for name in FILES if (data / name).is_file()]
    if not names:
        raise Refused(f"{data} holds nothing to back up: set LEADLINE_DATA")
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        partial.mkdir(mode=0o700, parents=True)
        for name in names:
            copy_file(data / name, partial / name)
            copied(target / name, (partial / name).stat().st_size)
        partial.rename(target)
        sync(target.parent)
    except OSError as error:
        raise Failed(f"{target}: the backup failed, nothing is left of it: {error.strerror or error}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def restore(source: Path, data: Path, copied: Copied) -> None:
    """Copy a backup into the data folder, which holds nothing yet and no server. Raises Refused, Failed."""
    names = [name for name in FILES if (source / name).is_file()]
    if not names:
        raise Refused(f"{source} is no backup: it holds none of {', '.join(FILES)}")
    lock = FolderLock.take(data)
    if lock is None:
        raise Refused(f"{data} is held by a running server: stop it, or name another folder with --data")
    try:
        if present := sorted(path.name for path in data.iterdir() if path.name != LOCK):
            raise Refused(
                f"{data} holds {present[0]}: a restore writes over nothing. Move it away, or name another with --data"
            )
        for name in names:
            copy_file(source / name, data / f".{name}", check=True)
        for name in names:  # all of them or none: a store without its log would be taken for whole
            (data / f".{name}").replace(data / name)
            copied(data / name, (data / name).stat().st_size)
        sync(data)
    except OSError as error:
        raise Failed(
            f"{source}: cannot be restored: {error.strerror or error}. Empty {data}, and try another backup"
        ) from None
    finally:
        lock.release()
