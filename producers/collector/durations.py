"""How long requests took, as a histogram that is added up when it is asked for: every request adds to it."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

_BOUNDS: Final = Histogram.DEFAULT_BUCKETS
_SAID: Final = [str(bound) for bound in _BOUNDS[:-1]] + ["+Inf"]


class Durations(Collector):
    """Seconds by door and status. One thread adds to it."""

    def __init__(self, name: str, documentation: str, registry: CollectorRegistry) -> None:
        self._name = name
        self._documentation = documentation
        self._counts: dict[tuple[str, int], list[int]] = {}
        self._sums: dict[tuple[str, int], float] = {}
        self._began: dict[tuple[str, int], float] = {}
        registry.register(self)

    def add(self, door: str, status: int, seconds: float) -> None:
        """One request took so long."""
        key = door, status
        if key not in self._counts:
            self._began[key], self._sums[key], self._counts[key] = time.time(), 0.0, [0] * len(_BOUNDS)
        self._counts[key][bisect_left(_BOUNDS, seconds)] += 1
        self._sums[key] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """All of them so far."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=("door", "status"))
        for (door, status), counts in list(self._counts.items()):
            below, buckets = 0, []
            for said, count in zip(_SAID, list(counts), strict=True):
                below += count
                buckets.append((said, float(below)))
            family.add_metric((door, str(status)), buckets, self._sums[door, status])
            labels = {"door": door, "status": str(status)}
            family.add_sample(f"{self._name}_created", labels, self._began[door, status])
        yield family
