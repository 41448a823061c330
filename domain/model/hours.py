"""Business hours: when somebody works, and the instant at which so much working time is over. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from domain.errors import Refused
from domain.touchpoints.touchpoint import Instant, moment

if TYPE_CHECKING:
    from holidays import HolidayBase

LONGEST: Final = 400
"""Days that are looked at for working time; who works on none of them never does."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class NoHours(Refused):
    """Nobody works so long within `LONGEST` days."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end` of a day, in local time; an `end` of 00:00 is midnight, the day's end."""

    start: time
    end: time

    @property
    def length(self) -> int:
        """Microseconds of a day on which no clock is changed."""
        day = date(1970, 1, 1)
        last = day if self.end > time.min else day + timedelta(days=1)
        return (datetime.combine(last, self.end) - datetime.combine(day, self.start)) // _MICROSECOND

    def on(self, day: date, zone: ZoneInfo) -> tuple[int, int]:
        """Both ends on that day, as instants: where clocks are changed within, it is longer or shorter."""
        last = day if self.end > time.min else day + timedelta(days=1)
        return _instant(datetime.combine(day, self.start, zone)), _instant(datetime.combine(last, self.end, zone))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are days off: those of a country or a part of it, unless the company says otherwise."""

    region: str | None = None
    """ISO 3166: `CN`, `DE-BE`; None: no holidays."""
    holidays: frozenset[date] = field(default_factory=frozenset)
    workdays: frozenset[date] = field(default_factory=frozenset)
    """What a company declares counts before what the region has."""

    def is_off(self, day: date) -> bool:
        """Whether it is a holiday."""
        if day in self.holidays or day in self.workdays:
            return day in self.holidays
        return self.region is not None and day in _of(self.region)

    def makes_up(self, day: date) -> bool:
        """Whether a day on which nobody works otherwise is a working one: it makes up for a day off."""
        if day in self.holidays or day in self.workdays:
            return day in self.workdays
        if self.region is None:
            return False
        of_region = _of(self.region)
        return day not in of_region and day in of_region.weekend_workdays


@dataclass(frozen=True, slots=True)
class Hours:
    """The working hours of a week, and the calendar that overrules them."""

    zone: str
    week: tuple[tuple[Span, ...], ...]
    """Of each weekday (0: Monday) its spans, in order and apart."""
    calendar: Calendar = field(default_factory=Calendar)

    def of(self, day: date) -> Sequence[Span]:
        """The spans of a day. One that makes up for another has the hours of the week's first working day."""
        if self.calendar.is_off(day):
            return ()
        spans = self.week[day.weekday()]
        if not spans and self.calendar.makes_up(day):
            return next(filter(None, self.week), ())
        return spans

    def over(self, start: Instant, amount: int) -> Instant:
        """The instant at which `amount` (microseconds, above 0) of working time after `start` is over. Raises NoHours.

        The end of a span is in it: 4 hours from Friday 17:30 to 18:00, and Monday from 9:00, are over at 12:30.
        """
        for begin, end in self._spans(start):
            if amount <= end - begin:
                return Instant(begin + amount)
            amount -= end - begin
        raise NoHours(f"no such working time within {LONGEST} days of {moment(start).date()}")

    def _spans(self, start: Instant) -> Iterator[tuple[int, int]]:
        """The spans after an instant, as instants; the first may have begun."""
        zone = ZoneInfo(self.zone)
        today = moment(start).astimezone(zone).date()
        for n in range(LONGEST):
            day = today + timedelta(days=n)
            for span in self.of(day):
                begin, end = span.on(day, zone)
                if end > max(begin, start):
                    yield max(begin, start), end


def weekly(week: Sequence[Sequence[Span]]) -> int:
    """Working time of a week without days off, in microseconds."""
    return sum(span.length for spans in week for span in spans)


@lru_cache(64)
def _of(region: str) -> "HolidayBase":
    """The holidays of a region; years are added as they are asked for."""
    from holidays import country_holidays  # some thousand names: only where a model asks for a calendar

    country, _, subdivision = region.partition("-")
    return country_holidays(country, subdiv=subdivision or None)


def known_region(region: str) -> bool:
    """Whether there are holidays of a region; a part of a country that has no own ones is one too."""
    from holidays import list_supported_countries

    country, _, subdivision = region.partition("-")
    supported = list_supported_countries(include_aliases=False)
    return country in supported and (not subdivision or subdivision in supported[country])


def _instant(when: datetime) -> int:
    return (when - _EPOCH) // _MICROSECOND
