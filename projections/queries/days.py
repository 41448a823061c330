"""Periods of whole days of a time zone, as people write them; days are numbered since 1970-01-01."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from domain.errors import Refused
from domain.fold.days import ZoneDays
from domain.phrases import phrase, phrased
from domain.touchpoints.touchpoint import EPOCH, microseconds, rfc3339
from projections.queries.periods import bound

SeriesName = Literal["day", "week", "month"]

MOST_BUCKETS: Final = 400
"""Days, weeks or months of one report."""
_FIRST: Final = EPOCH.date()


class BadPeriod(Refused):
    """A bound that is none, or a period that ends before it begins."""


@dataclass(frozen=True, slots=True)
class DayRange:
    """The days from `first` to before `end`; None: not bounded on that side."""

    first: int | None = None
    end: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether there is a bound at all."""
        return self.first is not None or self.end is not None


EVER: Final = DayRange()


def days_between(start: str | None, end: str | None, zone: str, names: tuple[str, str] = ("from", "to")) -> DayRange:
    """The period between two bounds that bear these names in messages. Raises BadPeriod."""
    days = DayRange(_bound_named(names[0], start, zone), _bound_named(names[1], end, zone))
    if days.first is not None and days.end is not None and days.first > days.end:
        raise BadPeriod(
            phrase(
                "{first:input}: {start} is later than {last:input}, {end}; allowed is up to it",
                first=names[0],
                start=start,
                last=names[1],
                end=end,
            )
        )
    return days


def day_bound(text: str, zone: str) -> int:
    """The day that begins at a bound: a day, or the very instant at which one begins. Raises ValueError."""
    instant = bound(text, zone)
    day = ZoneDays(zone).of(instant)
    if starts_at(day, zone) == instant:
        return day
    near = " and ".join(f"{day_named(each)} ({rfc3339(starts_at(each, zone))})" for each in (day, day + 1))
    raise ValueError(f"found {text[:80]!r}, which lies inside a day of {zone}; allowed is where a day begins: {near}")


def starts_at(day: int, zone: str) -> int:
    """The instant at which a day begins in a time zone, microseconds; it is not always midnight."""
    return microseconds(datetime.combine(day_named(day), time(), ZoneInfo(zone)).astimezone(UTC))


def bounds_of(days: DayRange, zone: str) -> tuple[int | None, int | None]:
    """The instants at which a period begins and ends in a time zone, microseconds."""
    first, end = (None if day is None else starts_at(day, zone) for day in (days.first, days.end))
    return first, end


def day_named(day: int) -> date:
    """The day of this number; its text is that of ISO 8601."""
    return _FIRST + timedelta(days=day)


def _bound_named(name: str, text: str | None, zone: str) -> int | None:
    try:
        return None if text is None else day_bound(text, zone)
    except ValueError as error:
        raise BadPeriod(phrase("{name:input}: {why}", name=name, why=phrased(error))) from None


def buckets_between(first: int, end: int, length: SeriesName) -> Iterator[tuple[int, DayRange]]:
    """The days, weeks (from Monday) or months that the days from `first` to before `end` lie in: of each its first day,
    and its days in the period."""
    while first < end:
        begin, following = _around(first, length)
        yield begin, DayRange(first, min(following, end))
        first = following


def _around(day: int, length: SeriesName) -> tuple[int, int]:
    """The first day of the day, week or month that a day lies in, and that of the next."""
    at = day_named(day)
    match length:
        case "day":
            return day, day + 1
        case "week":
            return day - at.weekday(), day - at.weekday() + 7
        case "month":
            first = day - at.day + 1
            following = date(at.year + at.month // 12, at.month % 12 + 1, 1)
            return first, first + (following - at.replace(day=1)).days
