"""Bounds of a period, as people write them."""

from domain.files.durations import DAY
from domain.files.times import span_of
from domain.phrases import phrase
from domain.touchpoints.touchpoint import EARLIEST


def bound(text: str, zone: str) -> int:
    """Microseconds of an RFC 3339 time with its offset, or of the start of a day in a time zone. Raises ValueError.

    What lies between two microseconds is the later one: of what has whole ones, the same lies on either side of it.
    """
    span = span_of(text, zone)
    if span is None:
        raise ValueError(
            phrase(
                "found {found!r}, allowed is 2026-11-21T08:00:00Z (an offset's + is %2B in a URL)"
                " or a day such as 2026-11-21, in the years 1970 to 9998",
                found=text[:80],
            )
        )
    if span.first < EARLIEST - DAY:  # 1970 begins earlier in the east
        raise ValueError(phrase("found {found!r}, allowed are the years 1970 to 9998", found=text[:80]))
    return span.first
