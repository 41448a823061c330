"""Days and times as people and systems write them: `2026-11-21`, and every RFC 3339 time."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from domain.touchpoints.touchpoint import LATEST, microseconds

_FORM: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([T ](?P<minute>[0-9]{2}:[0-9]{2}):(?P<second>[0-9]{2})(\.(?P<fraction>[0-9]+))?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2}))?\Z",
    re.IGNORECASE | re.ASCII,
)
_LEAP: Final = "60"
_MICROSECOND: Final = 6
"""Digits of a fraction down to a microsecond."""


class WrittenTime(NamedTuple):
    """First and last microsecond of what a text means (since 1970 UTC): of a time with its offset they are one."""

    first: int
    last: int
    is_day: bool


def span_of(text: str, zone: str) -> WrittenTime | None:
    """The day in a time zone, or the RFC 3339 time with its offset, that a text writes; years 1 to 9998. None: neither.

    What lies between two microseconds is the later one: of what has whole ones, the same lies on either side of it.
    """
    return _span(text, zone) if _FORM.match(text) else None


@lru_cache(4_096)
def _span(text: str, zone: str) -> WrittenTime | None:
    written = _FORM.match(text)
    assert written is not None
    try:
        if written["minute"] is not None:
            instant = _time(written)
            span = WrittenTime(instant, instant, False)
        else:
            day = datetime.fromisoformat(written["day"])
            span = WrittenTime(_midnight(day, zone), _midnight(day + timedelta(days=1), zone) - 1, True)
    except (ValueError, OverflowError):
        return None
    return span if span.first < LATEST else None


def _midnight(day: datetime, zone: str) -> int:
    return microseconds(day.replace(tzinfo=ZoneInfo(zone)))


def _time(written: re.Match[str]) -> int:
    leap = written["second"] == _LEAP
    second, offset = "59" if leap else written["second"], written["offset"].upper()
    whole = microseconds(datetime.fromisoformat(f"{written['day']}T{written['minute']}:{second}{offset}"))
    fraction = written["fraction"] or "0"
    beyond = any(digit != "0" for digit in fraction[_MICROSECOND:])
    return whole + leap * 1_000_000 + int(fraction[:_MICROSECOND].ljust(_MICROSECOND, "0")) + beyond
