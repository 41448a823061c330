"""Bounds of a period, as people write them."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.files.durations import DAY
from domain.touchpoints.touchpoint import EARLIEST, LATEST, microseconds

_FORM: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([T ](?P<minute>[0-9]{2}:[0-9]{2}):(?P<second>[0-9]{2})(\.(?P<fraction>[0-9]+))?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2}))?\Z",
    re.IGNORECASE | re.ASCII,
)
_LEAP: Final = "60"
_MICROSECOND: Final = 6
"""Digits of a fraction down to a microsecond."""


def bound(text: str, zone: str) -> int:
    """Microseconds of an RFC 3339 time with its offset, or of the start of a day in a time zone. Raises ValueError.

    What lies between two microseconds is the later one: of what has whole ones, the same lies on either side of it.
    """
    try:
        written = _FORM.match(text)
        if written is None:
            raise ValueError("another form")
        instant = _day(written["day"], zone) if written["minute"] is None else _time(written)
    except (ValueError, OverflowError):
        allowed = "2026-11-21T08:00:00Z (an offset's + is %2B in a URL) or a day such as 2026-11-21"
        raise ValueError(f"found {text[:80]!r}, allowed is {allowed}") from None
    if not EARLIEST - DAY <= instant < LATEST:  # 1970 begins earlier in the east
        raise ValueError(f"found {text[:80]!r}, allowed are the years 1970 to 9998")
    return instant


def _day(day: str, zone: str) -> int:
    return microseconds(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)))


def _time(written: re.Match[str]) -> int:
    leap = written["second"] == _LEAP
    second, offset = "59" if leap else written["second"], written["offset"].upper()
    whole = microseconds(datetime.fromisoformat(f"{written['day']}T{written['minute']}:{second}{offset}"))
    fraction = written["fraction"] or "0"
    beyond = any(digit != "0" for digit in fraction[_MICROSECOND:])
    return whole + leap * 1_000_000 + int(fraction[:_MICROSECOND].ljust(_MICROSECOND, "0")) + beyond
