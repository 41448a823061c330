"""One process on SQLite: `leadline serve`, over a log that was filled beside it.

What is in the figure: recorder and projector, with SQLite, in one process, from the moment at which a slice of the play
is in the log until it is projected (its collector and API wait meanwhile). The rows are appended by `leadline import
--no-wait` while the process is stopped (SIGSTOP); reading the file and appending are not in the figure, and neither is
the start: the first rows of the play were worked off before. The sides alternate slice by slice.
"""

import re
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from tests.bench.checkouts import Side
from tests.bench.meter import Cost, Meter, Moment, family, until
from tests.bench.pace import Pace
from tests.bench.running import Installation, Running
from tests.bench.traffic import MAPPING, Play
from tests.services.service import free_ports

_PROJECTED = re.compile(r"^leadline_projected_position ([0-9.e+]+)$", re.MULTILINE)


@dataclass
class Server:
    """One side, ready to work."""

    name: str
    at: Installation
    port: int
    process: Running
    meter: Meter
    appended: int = 0

    @property
    def projected(self) -> int:
        """The position up to which the server says it has projected (-1: it does not answer yet)."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
                found = _PROJECTED.search(answer.read().decode())
        except OSError:
            return -1
        return int(float(found[1])) if found else -1

    def reach(self) -> None:
        """Wait until everything that was appended is projected."""
        wanted = self.appended
        until(lambda: self.projected >= wanted, f"position {wanted:,} is not projected", self.process.check)

    def append(self, rows: Sequence[Play]) -> None:
        """Put rows into the log."""
        name = f"rows-{self.appended}.jsonl"
        (self.at.folder / name).write_text("".join(row.line for row in rows), encoding="utf-8")
        self.at.run("import", name, "--mapping", "mapping.toml", "--no-wait")
        self.appended += len(rows)

    def work(self, count: int) -> Cost:
        """Let it go until everything is done."""
        before = self.meter.read()
        with Pace() as pace:
            self.process.go_on()
            after = self._settled()
            while self.projected < self.appended:  # asked only where it seems done: it is the one that answers
                self.process.check()
                after = self._settled()
        self.process.pause()
        return replace(self.meter.cost(before, after, count), pace=pace.microseconds)

    def _settled(self) -> Moment:
        if self.meter.parts:
            return self.meter.settled()
        time.sleep(0.2)
        return self.meter.read()


def measure(
    sides: Sequence[Side], warm: Sequence[Play], slices: Sequence[Sequence[Play]], seed: int
) -> list[dict[str, dict[str, Cost]]]:
    """The cost of `embedded`, slice by slice."""
    with ExitStack() as stack:
        servers = [stack.enter_context(_serving(side, warm, seed)) for side in sides]
        found = []
        for number, part in enumerate(slices):
            for server in servers:
                server.append(part)
            order = servers if (number + seed) % 2 else servers[::-1]
            found.append({server.name: {"embedded": server.work(len(part))} for server in order})
        return found


@contextmanager
def _serving(side: Side, warm: Sequence[Play], seed: int) -> Iterator[Server]:
    """Start a side, and check its rows at the end."""
    port = free_ports(1)[0]
    folder = Path(mkdtemp(prefix="leadline-bench-"))
    at = Installation(side.program, folder, {"BIND": f"127.0.0.1:{port}"}, hash_seed=seed)
    try:
        (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
        with at.running("serve") as process:
            server = Server(side.name, at, port, process, Meter(family("serve", process.pid)))
            server.reach()
            server.append(warm)
            server.reach()
            server.meter.rest()
            process.pause()
            yield server
        at.check(server.appended)
    finally:
        at.clear()
