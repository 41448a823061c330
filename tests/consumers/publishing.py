"""What tests of the publisher share: what arrives on the topics, and a publisher that works until all is sent."""

import time
import uuid

from consumers.publish.publisher import Published, Publisher
from store.log.kafka.log import KafkaLog
from store.log.port import Entry, Partition
from store.log.topics import OUT


class Topics:
    """What arrives on the topics out from now on."""

    def __init__(self, log: KafkaLog) -> None:
        self.log = log
        self.after: dict[Partition, int | None] = dict(log.ends(OUT))
        self.subscription = log.subscribe(OUT, uuid.uuid4().hex)
        self.entries: list[Entry] = []

    def read(self, count: int, seconds: float = 15, extra: float = 0.5) -> list[Entry]:
        """Read until there are so many, and a little longer, so that what is too much is seen."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if len(self.entries) >= count:
                until = min(until, time.monotonic() + extra)
            wanted = {partition: self.after[partition] for partition in self.subscription.assigned()}
            for entry in self.subscription.poll(wanted, 1000, 0.1):
                self.entries.append(entry)
                self.after[entry.partition] = entry.offset
        return self.entries

    def ids(self, count: int) -> list[str]:
        return [(entry.header("ce_id") or b"").decode() for entry in self.read(count)]


def drained(publisher: Publisher) -> Published:
    total = Published()
    while (done := publisher.run_once()).read:
        total.add(done)
    return total
