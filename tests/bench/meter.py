"""What a stretch of work costs: CPU time of each part, beside wall time."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import psycopg2

from tests.bench import cpu

Reader = Callable[[], Mapping[str, int]]
"""Nanoseconds that each part has spent up to now."""

_LOOK = 0.05
"""Seconds between looks."""
_QUIET = 0.5
"""Seconds without work after which it is done."""
_BUSY = 0.15
"""Of a core, above what waiting costs: more than this is work."""

_BACKGROUND = ("checkpointer", "background writer", "walwriter", "autovacuum", "logical replication", "io worker")
"""What PostgreSQL's processes that serve no connection call themselves."""


@dataclass(frozen=True)
class Moment:
    """One reading: wall time and CPU time of each part, in nanoseconds."""

    wall: int
    cpu: Mapping[str, int]

    @property
    def whole(self) -> int:
        """Of all parts together."""
        return sum(self.cpu.values())


@dataclass(frozen=True)
class Cost:
    """Of a stretch of work over `count` touchpoints: touchpoints a second, and CPU microseconds a touchpoint."""

    per_second: float
    cpu: Mapping[str, float]
    pace: float = 0.0
    """Microseconds of `pace.piece` in these seconds (0: not taken)."""

    def without(self, parts: Collection[str]) -> "Cost":
        """These parts were stopped."""
        return replace(self, cpu={name: value for name, value in self.cpu.items() if name not in parts})

    @property
    def values(self) -> dict[str, float]:
        """Everything by name; `all` is the sum of the parts."""
        parts = {**self.cpu, "all": sum(self.cpu.values())} if self.cpu else {}
        return {"per_second": self.per_second, **parts, **({"pace": self.pace} if self.pace else {})}


@dataclass
class Meter:
    """Reads the parts of one installation."""

    parts: Mapping[str, Reader]
    waiting: Mapping[str, float] = field(default_factory=dict)
    """What each part costs while it waits for work, in nanoseconds a second: less is no work."""
    steady: Mapping[str, float] = field(default_factory=dict)
    """What a part does beside its work at any time, in nanoseconds a second: it is taken off."""

    def read(self) -> Moment:
        """Now."""
        found: dict[str, int] = {}
        for reader in self.parts.values():
            found.update(reader())
        return Moment(time.perf_counter_ns(), found)

    def rates(self, seconds: float = 1.5) -> dict[str, float]:
        """What each part costs just now, in nanoseconds a second."""
        before = self.read()
        time.sleep(seconds)
        after = self.read()
        wall = (after.wall - before.wall) / 1e9
        return {name: (after.cpu[name] - before.cpu[name]) / wall for name in before.cpu}

    def rest(self, seconds: float = 1.5) -> None:
        """Wait out what follows on work (a pool that is filled, a file that is closed), and read what waiting costs."""
        time.sleep(seconds)
        self.waiting = self.rates()

    def settled(self, limit: float = 300) -> Moment:
        """Wait until nobody works; the moment from which that was so."""
        most = sum(self.waiting.values()) * 1.5 + _BUSY * 1e9
        end = time.monotonic() + limit
        seen = [self.read()]
        while time.monotonic() < end:
            time.sleep(_LOOK)
            seen.append(self.read())
            window = (seen[-1].wall - seen[0].wall) / 1e9
            if window < _QUIET:
                continue
            if seen[-1].whole - seen[0].whole <= most * window:
                return seen[0]
            seen.pop(0)
        raise SystemExit(f"the benchmark gave up: still at work after {limit:.0f} s")

    def cost(self, before: Moment, after: Moment, count: int) -> Cost:
        """Of what happened between two moments."""
        wall = (after.wall - before.wall) / 1e9
        spent = {name: after.cpu[name] - before.cpu[name] for name in before.cpu}
        for name in spent.keys() & self.steady.keys():
            spent[name] -= round(self.steady[name] * wall)
        return Cost(count / wall, {name: value / 1_000 / count for name, value in spent.items()})


def until(done: Callable[[], bool], what: str, check: Callable[[], None], limit: float = 300) -> None:
    """Wait for something; `check` raises where it cannot come any more. Raises SystemExit after `limit` seconds."""
    end = time.monotonic() + limit
    while not done():
        check()
        if time.monotonic() > end:
            raise SystemExit(f"the benchmark gave up after {limit:.0f} s: {what}")
        time.sleep(0.1)


def family(name: str, pid: int | None) -> dict[str, Reader]:
    """A part that is a process with its descendants; none where CPU cannot be read, or the process is not ours."""
    if pid is None or not cpu.AVAILABLE:
        return {}
    return {name: lambda: {name: sum(cpu.tree(pid).values())}}


class Postgres:
    """PostgreSQL's CPU, and a connection that looks at a database without being counted.

    `postgres` is every backend, also those that ended; `postgres background` is what serves no connection: the
    postmaster itself, checkpointer, background writer, WAL writer.
    """

    def __init__(self, url: str, postmaster: int | None) -> None:
        self._connection = psycopg2.connect(url)
        self._connection.autocommit = True
        self._ours = self._connection.info.backend_pid
        self._postmaster = postmaster

    def ask(self, query: str) -> int:
        """A number. None, and a table that is not there yet, is 0."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(query)
                row = cursor.fetchone()
        except psycopg2.errors.UndefinedTable:
            return 0
        return int(row[0] or 0) if row else 0

    def checkpoint(self) -> None:
        """So that every round writes the same to the log, and no checkpoint of the one before falls into it."""
        with self._connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")

    def parts(self) -> dict[str, Reader]:
        """What to read."""
        postmaster = self._postmaster
        if postmaster is None or not cpu.AVAILABLE:
            return {}

        def reader() -> dict[str, int]:
            found = cpu.tree(postmaster)
            found.pop(self._ours, None)
            ended = cpu.reaped(postmaster)
            background = found.pop(postmaster) - ended
            background += sum(found.pop(pid) for pid in list(found) if _in_background(pid))
            return {"postgres": sum(found.values()) + ended, "postgres background": background}

        return {"postgres": reader}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _in_background(pid: int) -> bool:
    title = cpu.title(pid).removeprefix("postgres: ")
    return title.startswith(_BACKGROUND)


@contextmanager
def looking(url: str, postmaster: int | None) -> Iterator[Postgres]:
    """A `Postgres`, closed at the end."""
    found = Postgres(url, postmaster)
    try:
        yield found
    finally:
        found.close()
