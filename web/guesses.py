"""Wrong secrets by who sends them: whoever sends many in a short time is not heard for a while."""

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from web.problems import Problem

MOST: Final = 10
"""Wrong secrets of one address within `SPAN`."""
SPAN: Final = 60.0
"""Seconds."""
_ADDRESSES: Final = 10_000
"""So many are remembered; of more, who was heard of last."""
_OF_ONE_CLIENT: Final = 64
"""Bits of an IPv6 address that are one client's: it has all the others."""


class Guesses:
    """Counts them. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until this one is heard again; 0: it is."""
        with self._lock:
            wrong = self._wrong.get(_client(address), deque())
            over = wrong[0] + SPAN - self._clock() if len(wrong) == MOST else 0.0
        return max(0.0, over)

    def wrong(self, address: str) -> None:
        """This one sent a wrong secret."""
        with self._lock:
            self._wrong.setdefault(_client(address), deque(maxlen=MOST)).append(self._clock())
            self._wrong.move_to_end(_client(address))
            while len(self._wrong) > _ADDRESSES:
                self._wrong.popitem(last=False)


def too_many(seconds: float) -> Problem:
    """What is answered to whoever is not heard."""
    return Problem(
        429, f"{MOST} wrong tokens came from here within {SPAN:g} s: wait", {"Retry-After": str(int(seconds) + 1)}
    )


def _client(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, _OF_ONE_CLIENT), strict=False))
