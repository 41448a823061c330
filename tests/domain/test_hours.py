"""Business hours: when an amount of working time is over, through weekends, holidays, make-up days, changed clocks."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.hours import Calendar, Hours, NoHours, Span
from domain.touchpoints.touchpoint import Instant, moment

HOUR = 3_600_000_000
NINE_TO_SIX = (Span(time(9), time(18)),)
WEEK = (NINE_TO_SIX,) * 5 + ((),) * 2
ALWAYS = ((Span(time(0), time(0)),),) * 7
CHINA = Hours("Asia/Shanghai", WEEK, Calendar("CN"))
BERLIN = Hours("Europe/Berlin", WEEK, Calendar("DE-BE"))


def instant(text: str, zone: str) -> Instant:
    return Instant(int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000)


def local(at: Instant, zone: str) -> str:
    return moment(at).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(("hours", "start", "end"), [
    (CHINA, "2026-06-05 17:30", "2026-06-08 12:30"),
    (CHINA, "2026-02-13 17:30", "2026-02-14 12:30"),  # a Saturday that makes up for a day of the Spring Festival
    (CHINA, "2026-09-30 17:30", "2026-10-08 12:30"),  # the week of the National Day
    (BERLIN, "2026-04-02 17:30", "2026-04-07 12:30"),  # Easter
    (BERLIN, "2026-03-27 17:30", "2026-03-30 12:30"),  # clocks go forward on the Sunday between
    (CHINA, "2026-06-06 03:00", "2026-06-08 13:00"),
    (CHINA, "2026-06-08 09:00", "2026-06-08 13:00"),
    (CHINA, "2026-06-08 14:00", "2026-06-08 18:00"),
    (CHINA, "2026-06-08 18:00", "2026-06-09 13:00"),
])  # fmt: skip
def test_four_hours(hours: Hours, start: str, end: str) -> None:
    assert local(hours.over(instant(start, hours.zone), 4 * HOUR), hours.zone) == end


def test_clocks_that_change_change_no_working_time() -> None:
    due = BERLIN.over(instant("2026-03-27 17:30", "Europe/Berlin"), 4 * HOUR)
    assert moment(due) == datetime(2026, 3, 30, 10, 30, tzinfo=UTC)
    night = Hours("Europe/Berlin", ALWAYS)
    assert local(night.over(instant("2026-03-29 00:00", night.zone), 23 * HOUR), night.zone) == "2026-03-30 00:00"
    assert local(night.over(instant("2026-10-25 00:00", night.zone), 25 * HOUR), night.zone) == "2026-10-26 00:00"


def test_what_a_company_declares_counts_before_the_calendar() -> None:
    own = Calendar("CN", holidays=frozenset({date(2026, 2, 14)}), workdays=frozenset({date(2026, 10, 1)}))
    hours = Hours("Asia/Shanghai", WEEK, own)
    assert local(hours.over(instant("2026-02-13 17:30", hours.zone), 4 * HOUR), hours.zone) == "2026-02-24 12:30"
    assert local(hours.over(instant("2026-09-30 17:30", hours.zone), 4 * HOUR), hours.zone) == "2026-10-01 12:30"


def test_a_break_at_noon_is_no_working_time() -> None:
    halves = (Span(time(9), time(12)), Span(time(13), time(18)))
    hours = Hours("Asia/Shanghai", (halves,) * 7)
    assert local(hours.over(instant("2026-06-08 11:00", hours.zone), 4 * HOUR), hours.zone) == "2026-06-08 16:00"


def test_who_never_works_is_said() -> None:
    with pytest.raises(NoHours, match="within 400 days of 2026-06-08"):
        Hours("Asia/Shanghai", ((),) * 7).over(instant("2026-06-08 09:00", "Asia/Shanghai"), 1)


@given(
    st.sampled_from([CHINA, BERLIN, Hours("Europe/Berlin", ALWAYS)]),
    st.integers(0, 366 * 24 * 60),
    st.integers(1, 60 * HOUR),
    st.integers(1, 60 * HOUR),
)
def test_working_time_adds_up(hours: Hours, minute: int, one: int, more: int) -> None:
    """Later starts and larger amounts are over later; an amount is over when its parts are, one after the other."""
    start = Instant(instant("2026-01-01 00:00", hours.zone) + minute * 60_000_000)
    first = hours.over(start, one)
    both = hours.over(start, one + more)
    assert first >= start + one and both > first
    assert hours.over(first, more) == both
    assert hours.over(Instant(start + 60_000_000), one) >= first
