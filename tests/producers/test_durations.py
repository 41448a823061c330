"""The histogram of durations says what one of Prometheus' own says."""

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from producers.collector.durations import Durations

SAID = [
    ("v1/b", 200, 0.001),
    ("v1/b", 200, 0.005),
    ("v1/b", 200, 0.0051),
    ("f", 503, 10.0),
    ("f", 503, 11.0),
    ("f", 200, 0.0),
]


def test_it_says_what_a_histogram_says() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    durations = Durations("seconds", "How long it took", ours)
    histogram = Histogram("seconds", "How long it took", ("door", "status"), registry=theirs)
    assert _lines(ours) == _lines(theirs)
    for door, status, seconds in SAID:
        durations.add(door, status, seconds)
        histogram.labels(door, str(status)).observe(seconds)
    assert _lines(ours) == _lines(theirs)


def _lines(registry: CollectorRegistry) -> list[str]:
    """What is told, without when it began."""
    lines = generate_latest(registry).decode().splitlines()
    return [line.rpartition(" ")[0] if "_created{" in line else line for line in lines]
