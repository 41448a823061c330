"""Bounds of a period, as people write them."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.files.durations import DAY
from domain.touchpoints.touchpoint import EARLIEST, LATEST, microseconds

_FORM: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2}))?\Z"
)


def bound(text: str, zone: str) -> int:
    """Microseconds of an RFC 3339 time with its offset, or of the start of a day in a time zone. Raises ValueError."""
    try:
        if not _FORM.match(text):
            raise ValueError("another form")
        when = datetime.fromisoformat(text)
        instant = microseconds(when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone)))
    except (ValueError, OverflowError):
        allowed = "2026-11-21T08:00:00Z (an offset's + is %2B in a URL) or a day such as 2026-11-21"
        raise ValueError(f"found {text[:80]!r}, allowed is {allowed}") from None
    if not EARLIEST - DAY <= instant < LATEST:  # 1970 begins earlier in the east
        raise ValueError(f"found {text[:80]!r}, allowed are the years 1970 to 9998")
    return instant
