"""A lease: who of several processes may do a thing now, by a lock that dies with its holder."""

import fcntl
import hashlib
import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError


def lock_number(purpose: str, name: str) -> int:
    """The advisory lock's number (a signed 64-bit integer) of a name."""
    return int.from_bytes(hashlib.sha256(f"leadline\x00{purpose}\x00{name}".encode()).digest()[:8], "big", signed=True)


_HELD: Final = """
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
  AND objsubid = 1 AND (classid::bigint << 32) | objid::bigint = :number
"""
"""objsubid 1: a lock of one 64-bit number."""


class Lease(Protocol):
    """Held until released, or until the process or its connection dies."""

    name: str

    def held(self) -> bool:
        """Whether the lock is certainly still ours."""
        ...

    def release(self) -> None:
        """Give it up. Releasing twice is releasing once."""
        ...


class ConnectionLease:
    """A session advisory lock of PostgreSQL on a connection of its own."""

    def __init__(self, name: str, connection: Connection, number: int) -> None:
        self.name = name
        self._connection: Connection | None = connection
        self._number = number
        self._mutex = threading.Lock()

    @classmethod
    def take(cls, engine: Engine, name: str) -> "ConnectionLease | None":
        """The lease, or None where another process holds it."""
        number = lock_number("lease", name)
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            if connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}).scalar_one():
                connection.detach()  # never back to the pool: the lock is the session's
                return cls(name, connection, number)
        except BaseException:
            connection.invalidate()
            raise
        connection.close()  # back to the pool: a standby asks every second
        return None

    def held(self) -> bool:
        """Asks the database over the lock's own connection; False after any error, for ever."""
        with self._mutex:
            if self._connection is None:
                return False
            try:
                held = self._connection.execute(text(_HELD), {"number": self._number}).scalar_one()
            except SQLAlchemyError:
                held = 0
            if not held:
                self._drop()
            return bool(held)

    def release(self) -> None:
        """Unlocks, so that the next one can have it at once, and closes the connection."""
        with self._mutex:
            if self._connection is not None:
                with suppress(SQLAlchemyError):
                    self._connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": self._number})
            self._drop()

    def _drop(self) -> None:
        """Closes the connection, and with it the session that holds the lock; the server notices a moment later."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except SQLAlchemyError:
                connection.invalidate()


class FileLease:
    """An flock of a file beside the SQLite database: the kernel drops it with the process."""

    def __init__(self, name: str, path: Path, descriptor: int) -> None:
        self.name = name
        self._path = path
        self._descriptor: int | None = descriptor
        self._mutex = threading.Lock()

    @classmethod
    def take(cls, database: Path, name: str) -> "FileLease | None":
        """The lease, or None where another process (or another lease of this one) holds it."""
        path = database.with_name(f"{database.name}.{re.sub(r'[^A-Za-z0-9_-]', '-', name)}.lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        lease = cls(name, path, descriptor)
        return lease if lease.held() else None

    def held(self) -> bool:
        """False once released, or where the lock file was taken away under us."""
        with self._mutex:
            if self._descriptor is None:
                return False
            try:
                opened, current = os.fstat(self._descriptor), self._path.stat()
            except OSError:
                same = False
            else:
                same = (opened.st_dev, opened.st_ino) == (current.st_dev, current.st_ino)
            if not same:
                self._drop()
            return same

    def release(self) -> None:
        """Closes the file, and with it the lock. The file stays: removing it would let two processes hold two files."""
        with self._mutex:
            self._drop()

    def _drop(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
