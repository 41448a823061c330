"""Calls that kill the process at which they are made."""

import os
import signal
from collections.abc import Callable
from typing import Any


def dying(call: Callable[..., Any], when: str) -> Callable[..., Any]:
    """The call, and kill -9 before or after it."""

    def die(*given: Any, **named: Any) -> Any:
        if when == "after":
            call(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return die
