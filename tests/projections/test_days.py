"""Periods of days: a bound is a day of the model's time zone, or the very instant at which one begins."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.fold.days import ZoneDays
from domain.touchpoints.touchpoint import microseconds, moment
from projections.queries.days import BadPeriod, DayRange, day_named, days_between, starts_at
from projections.queries.periods import bound

SHANGHAI, BERLIN, SAO_PAULO = "Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo"
MARCH_9 = 20_156
"""2025-03-09."""


@pytest.mark.parametrize(("text", "zone"), [
    ("2025-03-09", SHANGHAI), ("2025-03-08T16:00:00Z", SHANGHAI), ("2025-03-09T00:00:00+01:00", BERLIN),
])  # fmt: skip
def test_a_day_begins_where_it_begins_in_its_zone(text: str, zone: str) -> None:
    assert days_between(text, None, zone) == DayRange(MARCH_9)
    assert str(day_named(MARCH_9)) == "2025-03-09"


def test_an_instant_counts_on_the_day_of_the_zone() -> None:
    assert ZoneDays(SHANGHAI).of(bound("2025-03-08T16:30:00Z", "UTC")) == MARCH_9
    assert ZoneDays(BERLIN).of(bound("2025-03-08T16:30:00Z", "UTC")) == MARCH_9 - 1


def test_days_last_as_long_as_they_do_there() -> None:
    spring = ZoneDays(BERLIN).of(bound("2025-03-30", BERLIN))
    assert starts_at(spring + 1, BERLIN) - starts_at(spring, BERLIN) == 23 * 3_600_000_000
    late = ZoneDays(SAO_PAULO).of(bound("2018-11-04T12:00:00Z", "UTC"))  # it began at 1:00 on the clock
    assert starts_at(late, SAO_PAULO) == bound("2018-11-04T03:00:00Z", "UTC")


@pytest.mark.parametrize(("start", "end", "words"), [
    ("2025-03-09T10:00:00+08:00", None, "from: found .*inside a day of Asia/Shanghai; .*2025-03-09 .*2025-03-10"),
    (None, "yesterday", "to: found 'yesterday', allowed is"),
    ("2025-03-09", "2025-03-08", "from: 2025-03-09 is later than to, 2025-03-08"),
])  # fmt: skip
def test_what_is_no_day_is_refused_with_those_that_are_near(start: str | None, end: str | None, words: str) -> None:
    with pytest.raises(BadPeriod, match=words):
        days_between(start, end, SHANGHAI)


def test_where_clocks_go_back_just_after_midnight_a_day_has_one_minute_before_the_rest_of_the_day_before() -> None:
    """In St John's they went back from 0:01: within one hour of UTC the day is over, and comes again."""
    days, zone = ZoneDays("America/St_Johns"), ZoneInfo("America/St_Johns")
    first = microseconds(datetime(1987, 10, 25, 2, 0, tzinfo=UTC))
    for instant in range(first, first + 3 * 3_600_000_000, 60_000_000):
        local = moment(instant).astimezone(zone)
        assert days.of(instant) == (local.date() - date(1970, 1, 1)).days, local
