"""This machine's time."""

import time

from domain.touchpoints.touchpoint import Instant


def clock() -> Instant:
    """Microseconds since 1970 UTC."""
    return Instant(time.time_ns() // 1_000)
