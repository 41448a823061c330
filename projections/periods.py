"""Bounds of a period, as people write them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.touchpoint import microseconds


def bound(text: str, zone: str) -> int:
    """Microseconds of an RFC 3339 time, or of the start of a day in a time zone. Raises ValueError."""
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return microseconds(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))
        return microseconds(datetime.fromisoformat(text))
    except ValueError:
        allowed = "2026-11-21T08:00:00Z or a day such as 2026-11-21"
        raise ValueError(f"found {text[:80]!r}, allowed is {allowed}") from None
