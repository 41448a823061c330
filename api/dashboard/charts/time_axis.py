"""Round instants on the calendar of a time zone, for the axis of a chart."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import dropwhile, takewhile
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from domain.files.durations import DAY, HOUR, MINUTE, SECOND


class Unit(StrEnum):
    """What the label of a tick says: a time of day, a day, a month or a year."""

    TIME = "time"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Tick(NamedTuple):
    """A round instant in microseconds."""

    at: int
    unit: Unit


_MONTH: Final = 30 * DAY
_YEAR: Final = 365 * DAY
_TIMES: Final = tuple(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 30)) + tuple(n * HOUR for n in (1, 2, 3, 6, 12))
_DAYS: Final = (1, 2, 7, 14)
_MONTHS: Final = (1, 3, 6)
_YEARS: Final = (1, 2, 5, 10, 20, 50)


def ticks(start: int, end: int, zone: str, most: int) -> list[Tick]:
    """At most about `most` round instants from `start` to `end` in microseconds, both included.

    Days, months and years begin at midnight of the zone, weeks on Mondays; midnight among times bears its day.
    """
    place, step = ZoneInfo(zone), max(1, end - start) / most
    every = _every(_local(start, place), step, place)
    return list(takewhile(lambda tick: tick.at <= end, dropwhile(lambda tick: tick.at < start, every)))


def _every(first: datetime, step: float, zone: ZoneInfo) -> Iterator[Tick]:
    for length in _TIMES:
        if length >= step:
            return _of_times(first.date(), length, zone)
    for days in _DAYS:
        if days * DAY >= step:
            return _of_days(first.date(), days, zone)
    for months in _MONTHS:
        if months * _MONTH >= step:
            return _of_months(first, months, zone)
    years = next((years for years in _YEARS if years * _YEAR >= step), 100)
    return _of_months(first, 12 * years, zone)


def _of_times(day: date, length: int, zone: ZoneInfo) -> Iterator[Tick]:
    """Times of day as clocks show them: those that a zone's clock skips or shows again are there once."""
    last = None
    for day_after in _days_from(day, 1):
        for passed in range(0, DAY, length):
            shown = datetime.combine(day_after, time.min) + timedelta(microseconds=passed)
            at = _instant(shown, zone)
            if last is None or at > last:
                yield Tick(at, Unit.TIME if passed else Unit.DAY)
                last = at


def _of_days(day: date, step: int, zone: ZoneInfo) -> Iterator[Tick]:
    if step % 7 == 0:
        day -= timedelta(days=day.weekday())
    for each in _days_from(day, step):
        yield Tick(_instant(datetime.combine(each, time.min), zone), Unit.DAY)


def _of_months(first: datetime, step: int, zone: ZoneInfo) -> Iterator[Tick]:
    month = (first.year * 12 + first.month - 1) // step * step
    while month // 12 <= date.max.year:
        unit = Unit.MONTH if month % 12 else Unit.YEAR
        if month >= 12:
            yield Tick(_instant(datetime(month // 12, month % 12 + 1, 1), zone), unit)
        month += step


def _days_from(day: date, step: int) -> Iterator[date]:
    while True:
        yield day
        day += timedelta(days=step)


def _local(instant: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(instant // SECOND, UTC).astimezone(zone)


def _instant(shown: datetime, zone: ZoneInfo) -> int:
    return round(shown.replace(tzinfo=zone).timestamp()) * SECOND
