"""Durations as people write them in the model file: `90s`, `15m`, `24h`, `14d`; inside, integer microseconds."""

import re
from typing import Final

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
"""A day is 24 hours, whatever the time zone."""

LONGEST: Final = 36_500 * DAY
"""A hundred years: sums of an instant and a duration stay far inside 64 bits."""

ALLOWED: Final = 'a whole number of s, m, h or d up to 36500d, such as "90s", "15m", "24h" or "14d"'

_UNITS: Final = {"d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
_DURATION: Final = re.compile(r"([0-9]{1,12})([smhd])\Z")


def parse_duration(text: str) -> int:
    """Microseconds of a duration such as `24h`. Raises ValueError; what is allowed is `ALLOWED`."""
    parts = _DURATION.match(text)
    if parts:
        length = int(parts[1]) * _UNITS[parts[2]]
        if 0 < length <= LONGEST:
            return length
    raise ValueError(f"{text!r} is no duration: allowed is {ALLOWED}")


def show_duration(microseconds: int) -> str:
    """A duration in the largest unit that writes it whole: `14d`, `36h`. Below a second (never in a model) `0.5s`."""
    for unit, length in _UNITS.items():
        if microseconds and microseconds % length == 0:
            return f"{microseconds // length}{unit}"
    return f"{microseconds / SECOND:g}s"
