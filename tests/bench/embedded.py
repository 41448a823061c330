"""One process on SQLite: `leadline serve`, over a log that was filled beside it.

What is in the figure: recorder and projector, with SQLite, in one process, from the moment at which all rows are in the
log until they are projected (its collector and API wait meanwhile). The rows are appended by `leadline import
--no-wait` while the process is stopped (SIGSTOP); reading the file and appending are not in the figure, and neither is
the start: the first rows of the play were worked off before.
"""

import re
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

from tests.bench.checkouts import Side
from tests.bench.meter import Cost, Meter, Moment, family, until
from tests.bench.running import Installation, Running
from tests.bench.traffic import MAPPING, Play
from tests.services.service import free_ports

_PROJECTED = re.compile(r"^leadline_projected_position ([0-9.e+]+)$", re.MULTILINE)


def measure(side: Side, warm: Sequence[Play], played: Sequence[Play], seed: int) -> Cost:
    """The cost of `embedded`."""
    port = free_ports(1)[0]
    at = Installation(
        side.program, Path(mkdtemp(prefix="leadline-bench-")), {"BIND": f"127.0.0.1:{port}"}, hash_seed=seed
    )
    try:
        found = _measured(at, port, warm, played)
        at.check(len(warm) + len(played))
        return found
    finally:
        at.clear()


def _measured(at: Installation, port: int, warm: Sequence[Play], played: Sequence[Play]) -> Cost:
    (at.folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    with at.running("serve") as serve:
        _reach(serve, port, 0)
        _append(at, "warm.jsonl", warm)
        _reach(serve, port, len(warm))
        meter = Meter(family("serve", serve.pid))
        meter.rest()
        serve.pause()
        _append(at, "play.jsonl", played)
        before = meter.read()
        serve.go_on()
        while True:  # asked only where it seems to be done: it answers itself
            after = meter.settled() if meter.parts else _later(meter)
            if projected(port) >= len(warm) + len(played):
                return meter.cost(before, after, len(played))
            serve.check()


def _later(meter: Meter) -> Moment:
    time.sleep(0.2)
    return meter.read()


def _append(at: Installation, name: str, rows: Sequence[Play]) -> None:
    (at.folder / name).write_text("".join(row.line for row in rows), encoding="utf-8")
    at.run("import", name, "--mapping", "mapping.toml", "--no-wait")


def _reach(serve: Running, port: int, position: int) -> None:
    until(lambda: projected(port) >= position, f"position {position:,} is not projected", serve.check)


def projected(port: int) -> int:
    """The position up to which the server says it has projected (-1: it does not answer yet)."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            found = _PROJECTED.search(answer.read().decode())
    except OSError:
        return -1
    return int(float(found[1])) if found else -1
