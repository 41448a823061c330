"""Times as clients send them, and the correction for clients whose clock is wrong. All in microseconds."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from domain.touchpoints.touchpoint import EARLIEST, microseconds

LATEST: Final = microseconds(datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC))
"""The last instant that an envelope holds."""

LATENCY: Final = 60_000_000
"""A request that was sent up to a minute before its receipt was under way; more is a clock that is wrong."""

_NUMBER: Final = re.compile(r"-?[0-9]{9,19}(\.[0-9]+)?\Z")
_UNITS: Final = ((10**11, 10**6), (10**14, 10**3), (10**17, 1))
_MIDNIGHT: Final = re.compile(r"[T ]24:00(:00(\.0+)?)?(?=Z|[+-]|\Z)")


def instant(value: object) -> int | None:
    """The instant that a client's text or number means, or None where it means none.

    Any ISO 8601 that Python reads (no zone: UTC), `Tue, 18 Nov 2026 09:30:00 GMT`, and seconds, milliseconds,
    microseconds or nanoseconds since 1970, told apart by their size. The result lies in the years 1970 to 9998.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        return _text(value.strip())
    return _number(value)


def _number(value: int | float) -> int | None:
    if not math.isfinite(value) or abs(value) >= 10**20:
        return None
    for bound, unit in _UNITS:
        if abs(value) < bound:
            return _clamped(round(value * unit))
    return _clamped(round(value / 1000))


def _text(text: str) -> int | None:
    if len(text) > 64:
        return None
    if _NUMBER.match(text):
        return _number(float(text) if "." in text else int(text))
    try:
        if _MIDNIGHT.search(text):
            return _clamped(_parsed(_MIDNIGHT.sub("T00:00:00", text)) + 86_400_000_000)
        return _clamped(_parsed(text))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _parsed(text: str) -> int:
    try:
        return microseconds(datetime.fromisoformat(text))
    except ValueError:
        return microseconds(parsedate_to_datetime(text))


def _clamped(value: int) -> int:
    return min(max(value, EARLIEST), LATEST)


def occurred(claimed: int | None, sent: int | None, received: int) -> int:
    """When it happened by our clock. `claimed` and `sent` are by the client's, which may be wrong.

    The clock is wrong if it sent the request after its receipt, or more than `LATENCY` before. The whole request
    then moves by one amount, so that a back-dated touchpoint keeps its distance. Otherwise the claim holds as it is,
    and what is sent again keeps its time.
    """
    if claimed is None:
        return received
    if sent is None or received - LATENCY <= sent <= received:
        return claimed
    return _clamped(received - (sent - claimed))
