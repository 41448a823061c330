"""The log in a SQLite file of its own: the embedded mode's log, and the collector's spool before Kafka."""

import sqlite3
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from store.log.port import Entry, LogAway, LogError, LogFull, Partition, Record
from store.log.sqlite_file import FLOOR, free_bytes, opened, packed, translate, unpacked

_log = structlog.get_logger(__name__)

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS log (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS topics
    (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, id TEXT NOT NULL);
"""

_GLANCE: Final = 0.05
"""Seconds between looks at the file for what other processes appended."""


@dataclass(slots=True)
class _Append:
    """One append that waits for its commit."""

    topic: str
    rows: list[tuple[bytes, bytes, bytes | None]]
    size: int
    done: bool = False
    error: LogError | None = None


@dataclass(slots=True)
class _News:
    """Wakes this process's readers when something was appended."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    count: int = 0

    def tell(self) -> None:
        with self.changed:
            self.count += 1
            self.changed.notify_all()

    def wait(self, seen: int, seconds: float) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.count != seen, seconds)


class SqlLog:
    """A log of one partition a topic, kept for ever. Many threads and processes may append to and read one file.

    Concurrent appends share a commit, so an fsync serves all that wait for it. `limit_bytes` bounds what the file
    holds (None: the disk does).
    """

    def __init__(self, path: Path | str, limit_bytes: int | None = None) -> None:
        self.path = Path(path)
        self._limit = limit_bytes
        self._news = _News()
        self._waiting: deque[_Append] = deque()
        self._writing = threading.Lock()
        self._topics: dict[str, tuple[int, Partition]] = {}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = opened(self.path)
        with self._errors(), self._writing:
            self._writer.executescript(_SCHEMA)
            self.id = self._identify()

    def _identify(self) -> str:
        insert = "INSERT OR IGNORE INTO log (name, value) VALUES ('id', ?)"
        self._writer.execute(insert, (str(uuid.uuid4()),))
        return str(self._writer.execute("SELECT value FROM log WHERE name = 'id'").fetchone()[0])

    # ---- append ----

    def append(self, topic: str, records: Sequence[Record]) -> None:
        """Append durably; see `Log.append`. Whoever gets the lock first commits for all that wait."""
        if not records:
            return
        rows = [(key, value, packed(headers)) for key, value, headers in records]
        mine = _Append(topic, rows, sum(len(key) + len(value) + len(packed or b"") + 16 for key, value, packed in rows))
        self.partition(topic)
        self._waiting.append(mine)
        with self._writing:
            if not mine.done:
                self._commit_waiting()
        if mine.error is not None:
            raise mine.error
        if not mine.done:
            raise self._unknown("stopped")

    def _commit_waiting(self) -> None:
        batch = []
        try:
            while self._waiting:
                batch.append(self._waiting.popleft())
            self._commit(batch)
        except BaseException as error:
            # Whatever it was, nobody for whom we wrote may take it for a success.
            self._roll_back()
            for each in batch:
                each.error = self._translate(error) if isinstance(error, sqlite3.Error) else self._unknown(repr(error))
            if not isinstance(error, sqlite3.Error):
                raise
        finally:
            for each in batch:
                each.done = True
            self._news.tell()

    def _unknown(self, why: str) -> LogAway:
        return LogAway(f"{self.path}: the thread that wrote for all that waited failed ({why}). Tried again later")

    def _commit(self, batch: list[_Append]) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        used = self._used() if self._limit is not None else 0
        for each in batch:
            used += each.size
            if self._limit is not None and used > self._limit:
                used -= each.size
                each.error = self._full()
                continue
            number, _ = self._topics[each.topic]
            self._writer.executemany(f"INSERT INTO log_{number} (key, value, headers) VALUES (?, ?, ?)", each.rows)
        self._writer.execute("COMMIT")

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # the failed statement may have ended it already
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")

    # ---- topics ----

    def partition(self, topic: str) -> Partition:
        """The one partition of a topic, made if it is not there."""
        numbered = self._topics.get(topic)
        if numbered is None:
            with self._writing, self._errors():
                numbered = self._topics[topic] = self._make(topic)
        return numbered[1]

    def _make(self, topic: str) -> tuple[int, Partition]:
        self._writer.execute("BEGIN IMMEDIATE")
        insert = "INSERT OR IGNORE INTO topics (name, id) VALUES (?, ?)"
        self._writer.execute(insert, (topic, str(uuid.uuid4())))
        number, topic_id = self._writer.execute("SELECT number, id FROM topics WHERE name = ?", (topic,)).fetchone()
        # AUTOINCREMENT: an offset is never given twice, though the last record may be deleted (a drained spool).
        self._writer.execute(
            f"CREATE TABLE IF NOT EXISTS log_{number} "
            "(offset INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL, value BLOB NOT NULL, headers BLOB)"
        )
        self._writer.execute("COMMIT")
        return number, Partition(f"{self.id}/{topic_id}/0", topic, 0)

    def table(self, topic: str) -> str:
        """The table that holds a topic's records."""
        self.partition(topic)
        return f"log_{self._topics[topic][0]}"

    # ---- read ----

    def subscribe(self, topics: Iterable[str], group: str) -> "SqlSubscription":
        """A reader of these topics. Each has one partition, and every member of a group is given it: whoever commits
        its position first wins, and the other is fenced."""
        partitions = {self.partition(topic): self.table(topic) for topic in topics}
        return SqlSubscription(self.path, partitions, self._news)

    def ends(self, topics: Iterable[str]) -> dict[Partition, int | None]:
        """The offset of the last entry of each topic; see `Log.ends`."""
        ends: dict[Partition, int | None] = {}
        for topic in topics:
            partition, table = self.partition(topic), self.table(topic)
            with self._writing, self._errors():
                query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
                row = self._writer.execute(query, (table,)).fetchone()
            ends[partition] = None if row is None else int(row[0])
        return ends

    # ---- as a spool ----

    def first(self, topic: str, limit: int) -> list[tuple[int, Record]]:
        """The oldest records of a topic, with their offsets."""
        query = f"SELECT offset, key, value, headers FROM {self.table(topic)} ORDER BY offset LIMIT ?"
        with self._writing, self._errors():
            rows = self._writer.execute(query, (limit,)).fetchall()
        return [(offset, Record(key, value, unpacked(headers))) for offset, key, value, headers in rows]

    def forget(self, topic: str, through: int) -> None:
        """Delete a topic's records up to and with this offset; their space is used again."""
        table = self.table(topic)
        with self._writing, self._errors():
            self._writer.execute(f"DELETE FROM {table} WHERE offset <= ?", (through,))

    def topics(self) -> list[str]:
        """The names of all topics in this file."""
        with self._writing, self._errors():
            return [row[0] for row in self._writer.execute("SELECT name FROM topics ORDER BY number")]

    def used_bytes(self) -> int:
        """What the file's pages in use hold, in bytes."""
        with self._writing, self._errors():
            return self._used()

    def check_room(self) -> None:
        """Raises LogFull where nothing more is taken, LogAway or LogMisconfigured where the file does not answer."""
        used = self.used_bytes()
        if self._limit is not None and used >= self._limit:
            raise self._full()
        if (free := free_bytes(self.path)) < FLOOR:
            raise LogFull(
                f"{self.path}: the disk is full ({free} bytes are free). Make room, nothing must be restarted"
            )

    def close(self) -> None:
        """Close the file."""
        with self._writing:
            self._writer.close()
        self._news.tell()

    # ---- limits and errors ----

    def _used(self) -> int:
        names = ("page_size", "page_count", "freelist_count")
        page, count, free = (self._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
        return int(page * (count - free))

    def _full(self) -> LogFull:
        return LogFull(
            f"{self.path}: the disk budget of {self._limit} bytes is used up. Raise LEADLINE_SPOOL_LIMIT where the "
            "disk has room; what was refused was not stored, send it again"
        )

    def _translate(self, error: sqlite3.Error) -> LogError:
        return translate(self.path, error)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turns SQLite's errors into ours, and leaves no transaction open."""
        try:
            yield
        except sqlite3.Error as error:
            self._roll_back()
            raise self._translate(error) from error


class SqlSubscription:
    """Reads topics of one file on a connection of its own."""

    def __init__(self, path: Path, partitions: dict[Partition, str], news: _News) -> None:
        self._path = path
        self._tables = partitions
        self._news = news
        self._connection = opened(path)
        self._turn = 0

    def assigned(self) -> tuple[Partition, ...]:
        """All partitions."""
        return tuple(self._tables)

    def poll(self, after: Mapping[Partition, int | None], limit: int, wait: float) -> list[Entry]:
        """See `Subscription.poll`. Wakes at once for appends of this process, within 50 ms for those of others."""
        until = time.monotonic() + wait
        while True:
            count_before = self._news.count
            if entries := self._read(after, limit):
                return entries
            seconds_left = until - time.monotonic()
            if seconds_left <= 0:
                return []
            self._news.wait(count_before, min(seconds_left, _GLANCE))

    def _read(self, after: Mapping[Partition, int | None], limit: int) -> list[Entry]:
        partitions = [partition for partition in after if partition in self._tables]
        if not partitions:
            return []
        self._turn = (self._turn + 1) % len(partitions)  # no topic starves another
        entries: list[Entry] = []
        for partition in partitions[self._turn :] + partitions[: self._turn]:
            query = (
                f"SELECT offset, key, value, headers FROM {self._tables[partition]} "
                "WHERE offset > ? ORDER BY offset LIMIT ?"
            )
            behind = after[partition]
            bounds = (-1 if behind is None else behind, limit - len(entries))
            try:
                rows = self._connection.execute(query, bounds).fetchall()
                if not rows and behind is not None and self._end(partition) < behind:
                    rows = self._from_start(partition, query, bounds, behind)
            except sqlite3.Error as error:
                raise translate(self._path, error) from error
            entries += [
                Entry(partition, offset, key, value, unpacked(headers) if headers else ())
                for offset, key, value, headers in rows
            ]
            if len(entries) >= limit:
                break
        return entries

    def _end(self, partition: Partition) -> int:
        query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        row = self._connection.execute(query, (self._tables[partition],)).fetchone()
        return 0 if row is None else int(row[0])

    def _from_start(self, partition: Partition, query: str, bounds: tuple[int, int], behind: int) -> list[Any]:
        """Of a log that ends before what was read of it: an older copy of the file took its place."""
        rows = self._connection.execute(query, (-1, bounds[1])).fetchall()
        if rows:
            _log.error(
                "log.shorter", partition=partition.name, wanted=behind + 1, goes_on_at=rows[0][0],
                hint="The log ends before what was read of it: was its file restored from a backup? It is read from "
                "its start again, what is known already is dropped",
            )  # fmt: skip
        return rows

    def close(self) -> None:
        """Close the reader's connection."""
        self._connection.close()
