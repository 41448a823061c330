"""What the collector costs a touchpoint beside the least that does the same durable write; both are in `doors`.

Real requests over HTTP on loopback, from this process: text/plain batches as the tracker sends them, and JSON batches
as an SDK does. In the figures is the CPU of the serving process alone, user and kernel, all its threads, from the
first byte of a slice to its last acknowledgement. The two take the same bytes in alternation, a slice here, the same
there, the next in the other order; each stands on a file of its own, in the same folder. Their starts are not in it:
they have answered before. Raises SystemExit where a touchpoint is missing on a log, or one was refused.
"""

import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from store.log.sql import SqlLog
from store.log.topics import IN, TOUCHPOINTS
from tests.bench import cpu
from tests.bench.asking import KEYS, Asked, ask, requests
from tests.bench.doors import SOURCE
from tests.bench.meter import until
from tests.bench.running import Installation, Running
from tests.services.service import answers, free_ports

TARGET: Final = 1.4
"""How many times the bare application the collector may cost, of the tracker's mixed batches."""

DOORS: Final = Path(__file__).with_name("doors.py")
_MIXED: Final = (1, 1, 1, 1, 1, 1, 3, 3, 3, 10)
"""Of ten requests: most bring one page, some what happened in a minute, one what waited."""
STREAMS: Final[Mapping[str, tuple[str, Sequence[int]]]] = {
    "tracker, mixed": ("browser", _MIXED),
    "tracker, 1 a request": ("browser", (1,)),
    "tracker, 3 a request": ("browser", (3,)),
    "tracker, 10 a request": ("browser", (10,)),
    "SDK, mixed": ("server", _MIXED),
}
"""Who sends, and how many touchpoints a request."""


@dataclass(frozen=True)
class DoorCost:
    """CPU microseconds a touchpoint of both, slice by slice."""

    name: str
    ours: Sequence[float]
    bare: Sequence[float]

    @property
    def values(self) -> dict[str, float]:
        """The figures by name, for machines; `times` is the median of the slices' ratios."""
        ratios = [one / other for one, other in zip(self.ours, self.bare, strict=True)]
        return {
            "collector": statistics.median(self.ours),
            "bare": statistics.median(self.bare),
            "times": statistics.median(ratios),
            "least": min(ratios),
            "most": max(ratios),
        }

    def __str__(self) -> str:
        """A line of the table."""
        found = self.values
        spread = f"{found['least']:.2f} to {found['most']:.2f}"
        return f"| {self.name} | {found['collector']:.1f} | {found['bare']:.1f} | {found['times']:.2f} | {spread} |"


@dataclass
class _Door:
    """One of the two, serving."""

    process: Running
    port: int
    taken: int = 0

    def take(self, asked: Sequence[Asked]) -> float:
        """CPU microseconds a touchpoint."""
        before = cpu.process(self.process.pid)
        ask(self.port, asked)
        after = cpu.process(self.process.pid)
        count = sum(each.touchpoints for each in asked)
        self.taken += count
        return (after - before) / 1_000 / count


def measure(
    rounds: int, touchpoints: int = 4_000, streams: Mapping[str, tuple[str, Sequence[int]]] = STREAMS
) -> Iterator[DoorCost]:
    """Each stream in so many slices of about as many touchpoints."""
    with _both() as doors:
        for number, (name, (sender, sizes)) in enumerate(streams.items()):
            spent: dict[str, list[float]] = {which: [] for which in doors}
            times = max(1, touchpoints // sum(sizes))
            for slice_ in range(-1, rounds):
                asked = requests(sender, [*sizes] * times, seed=1_000 * number + slice_)
                order = list(doors.items()) if slice_ % 2 else list(doors.items())[::-1]
                for which, door in order:
                    value = door.take(asked)
                    if slice_ >= 0:  # the one before warms up
                        spent[which].append(value)
            yield DoorCost(name, spent["collector"], spent["bare"])


@contextmanager
def _both() -> Iterator[dict[str, _Door]]:
    """The two, ready; at the end each has on its log what it acknowledged, and refused nothing."""
    folder = Path(mkdtemp(prefix="leadline-bench-"))
    write_keys = f"{SOURCE}:public:{KEYS['browser']},{SOURCE}:server:{KEYS['server']}"
    doors: dict[str, _Door] = {}
    with ExitStack() as stack:
        for which in ("collector", "bare"):
            port = free_ports(1)[0]
            settings = {"BIND": f"127.0.0.1:{port}", "WRITE_KEYS": write_keys, "SITES": "https://www.example.com"}
            at = Installation(Path(sys.executable), folder / which, settings)
            at.folder.mkdir()
            stack.callback(at.clear)
            process = stack.enter_context(at.running("-P", str(DOORS), which))
            until(partial(answers, port), f"{which} does not answer", process.check)
            doors[which] = _Door(process, port)
        yield doors
        for which, door in doors.items():
            door.process.stop()
            _check(folder / which / "data" / "log.db", door.taken)


def _check(path: Path, expected: int) -> None:
    with closing(SqlLog(path)) as log:
        ends = {partition.topic: end or 0 for partition, end in log.ends(IN).items()}
    if ends.pop(TOUCHPOINTS) != expected or any(ends.values()):
        raise SystemExit(f"{path} does not hold the {expected:,} touchpoints that were acknowledged, or some refused")
