"""Bounds of a period: every RFC 3339 time, and days; what lies between two microseconds is the later one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from projections.queries.periods import bound

NOON = 1_795_262_400_000_000
"""2026-11-21T12:00:00Z."""
SECOND = 1_000_000


@pytest.mark.parametrize(("text", "instant"), [
    ("2026-11-21T12:00:00Z", NOON),
    ("2026-11-21t12:00:00z", NOON),
    ("2026-11-21 12:00:00Z", NOON),
    ("2026-11-21T20:00:00+08:00", NOON),
    ("2026-11-21T12:00:00-00:00", NOON),
    ("2026-11-21T12:00:00.5Z", NOON + 500_000),
    ("2026-11-21T12:00:00.000001000Z", NOON + 1),
    ("2026-11-21T12:00:00.000000001Z", NOON + 1),
    ("2026-11-21T12:00:00.123456789+00:00", NOON + 123_457),
    ("2026-11-21T11:59:59.9999999Z", NOON),
    ("2026-11-21T11:59:60Z", NOON),
    ("2026-11-21", NOON - 20 * 3_600 * SECOND),
])  # fmt: skip
def test_whatever_rfc_3339_allows_is_a_bound(text: str, instant: int) -> None:
    assert bound(text, "Asia/Shanghai") == instant


@pytest.mark.parametrize("text", [
    "", "2026-11-21T12:00:00", "2026-11-21T12:00Z", "2026-11-21T12:00:00.Z", "2026-11-21T12:00:61Z",
    "2026-11-21T25:00:00Z",
    "2026-11-21T12:00:00 08:00", "2026-11-21T12:00:00+0800", "2026-11-21_12:00:00Z", "20261121", "2026-11-21Z",
    "\uff12\uff10\uff12\uff16-11-21", "2026-11-21T12:00:00Z\n", "2026-11-31",
])  # fmt: skip
def test_what_it_does_not_allow_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="allowed is 2026-11-21T08:00:00Z"):
        bound(text, "UTC")


@given(some.integers(0, 10**9 - 1))
def test_a_bound_parts_the_instants_as_the_exact_time_does(nanoseconds: int) -> None:
    exact = f"2026-11-21T12:00:00.{nanoseconds:09}Z"
    for near in range(nanoseconds // 1_000 - 1, nanoseconds // 1_000 + 3):
        assert (NOON + near >= bound(exact, "UTC")) == (near * 1_000 >= nanoseconds)


@given(some.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30), timezones=some.just(UTC)))
def test_what_we_write_is_read(at: datetime) -> None:
    assert bound(at.isoformat(), "UTC") == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
