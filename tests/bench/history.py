"""Work over the whole history by two workers against none: `leadline verify`, `model diff` and `rebuild`, in pairs.

Each command runs from its start to its end, in alternation without and with LEADLINE_WORKERS=2, on PostgreSQL and on
SQLite (where a rebuild has one writer, and is left out). The figures are wall time: what is shared is not CPU. Beside
them stands how much memory the command, and the largest of its workers, had at most.
"""

import json
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from tests.bench.checkouts import Side
from tests.bench.memory import NONE, Peaks
from tests.bench.running import MODEL, Installation
from tests.bench.traffic import MAPPING, Play

WORKERS: Final = 2
_COMMANDS: Final = {
    "verify": ("verify", "--json"),
    "diff": ("model", "diff", "other.toml", "--json"),
    "rebuild": ("rebuild",),
}
_OTHER: Final = ("hot_at = { A = 60, B = 80, C = 120 }", "hot_at = { A = 50, B = 60, C = 90 }")
"""What the model that `diff` compares with says otherwise."""


@dataclass(frozen=True)
class Pairs:
    """One command on one database: seconds without workers and with them, pair by pair; and the most memory."""

    name: str
    touchpoints: int
    alone: Sequence[float]
    shared: Sequence[float]
    alone_peaks: Peaks = NONE
    shared_peaks: Peaks = NONE

    @property
    def ratios(self) -> list[float]:
        """How many times as fast with workers, pair by pair."""
        return [alone / shared for alone, shared in zip(self.alone, self.shared, strict=True)]

    @property
    def values(self) -> dict[str, float]:
        """The figures by name, for machines."""
        return {
            "ratio": statistics.median(self.ratios),
            "least": min(self.ratios),
            "most": max(self.ratios),
            "per_second": self.touchpoints / statistics.median(self.alone),
            "per_second_shared": self.touchpoints / statistics.median(self.shared),
            "memory": self.alone_peaks.command,
            "memory_shared": self.shared_peaks.command,
            "memory_worker": self.shared_peaks.worker,
        }

    def __str__(self) -> str:
        """A line."""
        values = self.values
        return (
            f"{self.name}: with {WORKERS} workers {values['ratio']:.2f} times as fast as with none "
            f"({values['least']:.2f} to {values['most']:.2f} of {len(self.alone)} pairs; "
            f"{values['per_second']:,.0f} and {values['per_second_shared']:,.0f} touchpoints/s); "
            f"at most {values['memory']:,.0f} MiB alone, {values['memory_shared']:,.0f} and "
            f"{values['memory_worker']:,.0f} a worker"
        )


def measure(side: Side, url: str, played: Sequence[Play], pairs: int) -> Iterator[Pairs]:
    """Every command on a new PostgreSQL database and on SQLite. Raises SystemExit where results differ."""
    for database, settings in (("PostgreSQL", {"DATABASE": url}), ("SQLite", {})):
        with _filled(side, settings, played) as at:
            for name, words in _COMMANDS.items():
                if (database, name) != ("SQLite", "rebuild"):
                    yield _paired(at, f"{name} on {database}", words, len(played), pairs)
            at.check(len(played))


@contextmanager
def _filled(side: Side, settings: dict[str, str], played: Sequence[Play]) -> Iterator[Installation]:
    """An installation that has recorded and projected the play."""
    at = Installation(side.program, Path(mkdtemp(prefix="leadline-bench-")), settings)
    try:
        (at.folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
        (at.folder / "rows.jsonl").write_text("".join(row.line for row in played), encoding="utf-8")
        (at.folder / "other.toml").write_text(MODEL.read_text(encoding="utf-8").replace(*_OTHER), encoding="utf-8")
        at.run("import", "rows.jsonl", "--mapping", "mapping.toml")
        yield at
    finally:
        at.clear()


def _paired(at: Installation, name: str, words: Sequence[str], touchpoints: int, pairs: int) -> Pairs:
    alone: list[float] = []
    shared: list[float] = []
    peaks = {False: NONE, True: NONE}
    with_workers = replace(at, settings={**at.settings, "WORKERS": str(WORKERS)})
    for number in range(pairs):
        said: dict[bool, str] = {}
        for workers in ((False, True), (True, False))[number % 2]:
            began = time.perf_counter()
            said[workers], seen = (with_workers if workers else at).watched(*words)
            peaks[workers] = peaks[workers].largest(seen)
            (shared if workers else alone).append(time.perf_counter() - began)
        if words[-1] == "--json" and json.loads(said[False]) != json.loads(said[True]):
            raise SystemExit(f"{name}: workers say otherwise: figures of a wrong result count nothing")
    return Pairs(name, touchpoints, alone, shared, peaks[False], peaks[True])
