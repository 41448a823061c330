"""The instants on a time axis are round on the calendar of the zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.dashboard.charts.scale import levels
from api.dashboard.charts.time_axis import Unit, ticks


def _instant(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000


def _shown(at: int, zone: str) -> str:
    return datetime.fromtimestamp(at // 1_000_000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (
            "2026-11-25T11:29",
            "2026-11-25T12:22",
            [f"2026-11-25 {time}" for time in ["19:30", "19:40", "19:50", "20:00", "20:10", "20:20"]],
        ),
        ("2026-11-24T12:00", "2026-11-25T12:00", [f"2026-11-25 {hour:02}:00" for hour in (0, 6, 12, 18)]),
        ("2026-11-01T00:00", "2026-11-29T00:00", [f"2026-11-{day} 00:00" for day in ("02", "09", "16", "23")]),
        ("2026-02-10T00:00", "2026-11-29T00:00", [f"2026-{month}-01 00:00" for month in ("04", "07", "10")]),
        ("2020-02-10T00:00", "2026-11-29T00:00", [f"{year}-01-01 00:00" for year in (2022, 2024, 2026)]),
    ],
)
def test_ticks_are_round_where_the_company_is(start: str, end: str, expected: list[str]) -> None:
    shown = ticks(_instant(f"{start}+00:00"), _instant(f"{end}+00:00"), "Asia/Shanghai", 6)
    assert [_shown(tick.at, "Asia/Shanghai") for tick in shown] == expected


def test_midnight_among_times_bears_its_day_and_january_its_year() -> None:
    times = ticks(_instant("2026-11-24T22:00:00+00:00"), _instant("2026-11-25T04:00:00+00:00"), "UTC", 6)
    assert [tick.unit for tick in times] == [Unit.TIME, Unit.TIME, Unit.DAY, Unit.TIME, Unit.TIME, Unit.TIME, Unit.TIME]
    months = ticks(_instant("2026-11-24T00:00:00+00:00"), _instant("2027-02-25T00:00:00+00:00"), "UTC", 4)
    assert [tick.unit for tick in months] == [Unit.MONTH, Unit.YEAR, Unit.MONTH]


def test_an_hour_that_the_clock_skips_or_shows_again_is_there_once() -> None:
    for day in ("2026-03-29", "2026-10-25"):
        shown = ticks(_instant(f"{day}T00:00:00+00:00"), _instant(f"{day}T05:00:00+00:00"), "Europe/Berlin", 6)
        at = [tick.at for tick in shown]
        assert at == sorted(set(at))


@given(st.integers(0, 2**51), st.integers(0, 2**52), st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns"]))
def test_ticks_lie_within_and_are_few(start: int, length: int, zone: str) -> None:
    shown = ticks(start, start + length, zone, 6)
    assert all(start <= tick.at <= start + length for tick in shown)
    assert len(shown) <= 8
    assert [tick.at for tick in shown] == sorted({tick.at for tick in shown})


@given(st.floats(0.01, 1e9), st.integers(2, 8))
def test_levels_begin_at_0_and_are_few_and_round(highest: float, most: int) -> None:
    shown = levels(highest, most)
    assert shown[0] == 0 and shown[-1] <= highest * (1 + 1e-9)
    assert 2 <= len(shown) <= most + 1


def test_what_lies_before_1970_does_no_harm() -> None:
    year = datetime(1969, 6, 1, tzinfo=UTC).timestamp()
    assert ticks(round(year) * 1_000_000, 0, "UTC", 4)
