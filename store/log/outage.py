"""What a part that waits for something says of it: a line when it goes away, one when it is back, few in between."""

import time
from typing import Final

import structlog

_REMINDER: Final = 300.0
"""Seconds between lines about an outage that lasts."""


class Outage:
    """The lines of one part about the outages that it waits out. One thread uses it at a time."""

    def __init__(self, begins: str, ends: str, hint: str) -> None:
        """`begins` and `ends` name the lines; `hint` says what becomes of the work, and what a person can do."""
        self._begins = begins
        self._ends = ends
        self._hint = hint
        self._began: float | None = None
        self._told = 0.0

    @property
    def lasts(self) -> bool:
        """Whether it is away, as far as was told."""
        return self._began is not None

    def waits(self, error: Exception, **more: object) -> None:
        """It is (still) away."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
        elif now - self._told < _REMINDER:
            return
        self._told = now
        seconds = round(now - self._began)
        structlog.get_logger(__name__).warning(self._begins, reason=str(error), for_s=seconds, hint=self._hint, **more)

    def over(self) -> None:
        """It answers."""
        if self._began is not None:
            structlog.get_logger(__name__).info(self._ends, after_s=round(time.monotonic() - self._began))
            self._began = None
