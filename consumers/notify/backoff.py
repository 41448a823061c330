"""How long to wait after a failure: of one message, and of a whole destination. Pure."""

from typing import Final

MOST: Final = 18
"""Attempts, over about three days, after which a message is dead."""

_LONGEST: Final = 8 * 3600.0
_LONGEST_PAUSE: Final = 300.0


def retry_delay(attempts: int, chance: float, asked: float | None = None) -> float:
    """Seconds until a message that failed so often (from 1) is tried again: 2, 6, 18, ... up to eight hours.

    `chance` from 0 to 1 spreads it by a fifth; never sooner than the destination `asked` for.
    """
    return max(asked or 0.0, _spread(min(2.0 * 3.0 ** (attempts - 1), _LONGEST), chance))


def pause(failures: int, chance: float, asked: float | None = None) -> float:
    """Seconds in which a destination that failed so often in a row (from 1) is sent nothing: 1, 2, 4, ... up to 300.

    Shorter than a message's own delay, so that between two attempts of one that it cannot take others are tried.
    """
    return max(asked or 0.0, _spread(min(2.0 ** (failures - 1), _LONGEST_PAUSE), chance))


def _spread(seconds: float, chance: float) -> float:
    return seconds * (0.8 + 0.4 * chance)
