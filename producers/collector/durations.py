"""How long requests took, as a histogram that is added up when it is asked for: every request adds to it."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

_BOUNDS: Final = Histogram.DEFAULT_BUCKETS
_SAID: Final = [str(bound) for bound in _BOUNDS[:-1]] + ["+Inf"]


@dataclass(slots=True)
class _Tally:
    began: float
    counts: list[int]
    seconds: float = 0.0


class Durations(Collector):
    """Seconds by door and status. One thread adds to it."""

    def __init__(self, name: str, documentation: str, registry: CollectorRegistry) -> None:
        self._name = name
        self._documentation = documentation
        self._tallies: dict[tuple[str, int], _Tally] = {}
        registry.register(self)

    def add(self, door: str, status: int, seconds: float) -> None:
        """One request took so long."""
        tally = self._tallies.get((door, status))
        if tally is None:
            tally = self._tallies[door, status] = _Tally(time.time(), [0] * len(_BOUNDS))
        tally.counts[bisect_left(_BOUNDS, seconds)] += 1
        tally.seconds += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """All of them so far."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=("door", "status"))
        for (door, status), tally in list(self._tallies.items()):
            below = accumulate(map(float, tally.counts))
            family.add_metric((door, str(status)), list(zip(_SAID, below, strict=True)), tally.seconds)
            labels = {"door": door, "status": str(status)}
            family.add_sample(f"{self._name}_created", labels, tally.began)
        yield family
