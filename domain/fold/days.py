"""Days of a time zone: on which one an instant lies, and how far its clocks are ahead of UTC."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from domain.touchpoints.touchpoint import Instant

_HOUR: Final = 3_600_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = date(1970, 1, 1).toordinal()
_STEP: Final = 7 * 86_400
"""Seconds; no zone has changed its clocks twice in a week since 1970."""
_CHANGES_UNTIL: Final = (date(2100, 1, 1).toordinal() - _FIRST) * 86_400
"""Seconds since 1970."""
_REMEMBERED: Final = 50_000
"""Hours that are remembered: more than five years."""


class ZoneDays:
    """Numbers the days of a time zone: 0 is 1970-01-01."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._of_hour: dict[int, int | None] = {}

    def of(self, instant: Instant | int) -> int:
        """The day on which an instant (microseconds) lies."""
        hour = instant // _HOUR
        try:
            day = self._of_hour[hour]
        except KeyError:
            day = self._remember(hour)
        return self._exactly(instant) if day is None else day

    def _remember(self, hour: int) -> int | None:
        """The day of a whole hour (since 1970, UTC); None: a day ends in it, or a clock is changed."""
        first, last = self._local(hour * _HOUR), self._local((hour + 1) * _HOUR - 1)
        same = first.date() == last.date() and first.utcoffset() == last.utcoffset()
        if len(self._of_hour) >= _REMEMBERED:
            self._of_hour.clear()
        day = self._of_hour[hour] = first.toordinal() - _FIRST if same else None
        return day

    def _exactly(self, instant: int) -> int:
        return self._local(instant).toordinal() - _FIRST

    def _local(self, instant: int) -> datetime:
        return (_EPOCH + timedelta(microseconds=instant)).astimezone(self._zone)


@lru_cache(4)
def offsets_of(zone: str) -> tuple[tuple[int, int], ...]:
    """How far the clocks of a zone are ahead of UTC, for SQL, which may know no zones: (since, seconds) by instant.

    The first holds for all before it too. Changes are known up to 2100; the last holds for all after it.
    """
    if zone == "UTC":
        return ((0, 0),)
    clocks = ZoneInfo(zone)

    def ahead(second: int) -> int:
        offset = (_EPOCH + timedelta(seconds=second)).astimezone(clocks).utcoffset()
        return 0 if offset is None else int(offset.total_seconds())

    periods = [(0, ahead(0))]
    for second in range(_STEP, _CHANGES_UNTIL, _STEP):
        before, after = second - _STEP, second
        if ahead(after) == periods[-1][1]:
            continue
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if ahead(middle) == periods[-1][1] else (before, middle)
        periods.append((after * 1_000_000, ahead(after)))
    return tuple(periods)
