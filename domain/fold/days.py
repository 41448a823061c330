"""Days of a time zone: on which one an instant lies."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.touchpoints.touchpoint import Instant

_HOUR: Final = 3_600_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = date(1970, 1, 1).toordinal()
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
        """The day of a whole hour (since 1970, UTC); None: a day ends in it."""
        first, last = self._exactly(hour * _HOUR), self._exactly((hour + 1) * _HOUR - 1)
        if len(self._of_hour) >= _REMEMBERED:
            self._of_hour.clear()
        day = self._of_hour[hour] = first if first == last else None
        return day

    def _exactly(self, instant: int) -> int:
        return (_EPOCH + timedelta(microseconds=instant)).astimezone(self._zone).toordinal() - _FIRST
