"""A log that fails as tests tell it."""

from collections.abc import Iterable, Sequence

from store.log.port import LogAway, Partition, Record, RecordTooLarge, Subscription
from store.log.sql import SqlLog


class FailingLog:
    """A log that fails as told; what is left goes to the real one."""

    def __init__(self, log: SqlLog, *errors: Exception | None) -> None:
        self._log = log
        self.errors = list(errors)
        self.appends: list[int] = []
        self.too_large = b"\0"

    def append(self, topic: str, records: Sequence[Record]) -> None:
        self.appends.append(len(records))
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        if any(self.too_large in record.value for record in records):
            raise RecordTooLarge("one of them")
        self._log.append(topic, records)

    def subscribe(self, topics: Iterable[str], group: str) -> Subscription:
        return self._log.subscribe(topics, group)

    def ends(self, topics: Iterable[str]) -> dict[Partition, int | None]:
        raise LogAway("the log is away")

    def close(self) -> None:
        self._log.close()
