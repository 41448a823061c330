"""Shares and spans of time in figures that people read at a glance."""

from typing import Final

_UNITS: Final = (("d", 86_400.0, 2.0), ("h", 3_600.0, 2.0), ("min", 60.0, 1.0))
"""Units of time, their seconds, and from how many on they are used."""


def percent(share: float | None) -> str | None:
    """A share."""
    return None if share is None else f"{share:z.1%}"


def lasted(seconds: float | None) -> str | None:
    """A span of time: 42 s, 12.5 min, 30 h, 12.4 d."""
    if seconds is None:
        return None
    for unit, length, least in _UNITS:
        if seconds >= least * length:
            return f"{round(seconds / length, 1):g} {unit}"
    return f"{round(seconds, 1):g} s"
