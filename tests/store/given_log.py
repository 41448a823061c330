"""Records for a log, and a reader with positions of its own."""

import time
from collections.abc import Mapping

from store.log.port import Entry, Partition, Record, Subscription


class Reader:
    """Reads with positions of its own, as the recorder does."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.after: dict[Partition, int | None] = {}
        self.entries: list[Entry] = []

    def poll(self, wait: float = 0.1, limit: int = 1000) -> list[Entry]:
        assigned = self.subscription.assigned()
        self.after = {partition: self.after.get(partition) for partition in assigned}
        found = self.subscription.poll(self.after, limit, wait)
        for entry in found:
            self.after[entry.partition] = entry.offset
        self.entries += found
        return found

    def read(self, count: int, seconds: float = 20) -> list[Entry]:
        until = time.monotonic() + seconds
        while len(self.entries) < count and time.monotonic() < until:
            self.poll()
        return self.entries


def records(count: int, keys: int = 5, first: int = 0) -> list[Record]:
    return [Record(b"key-%d" % (n % keys), b"value-%d" % n) for n in range(first, first + count)]


def by_key(entries: list[Entry]) -> Mapping[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for entry in entries:
        found.setdefault(entry.key, []).append(entry.value)
    return found
