"""A projector in a process of its own that kills itself at a step: `python -m tests.projections.killed_projector`.

Arguments: the database's URL, the clock, the step and "before" or "after" it. It takes touchpoints one by one, and is
killed at the second.
"""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

from domain.model.definition import parse_model
from tests.given_model import MODEL
from tests.projections.world import World


def dying(call: Callable[..., Any], when: str) -> Callable[..., Any]:
    """The call, and kill -9 before or after the second one."""
    numbers = count(1)

    def die(*given: Any) -> Any:
        number = next(numbers)
        if number == 2 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*given)
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return die


def main(url: str, clock: str, step: str, when: str) -> None:
    """Project until killed."""
    world = World(url, parse_model(MODEL), int(clock), ready=True)
    setattr(world.projector, step, dying(getattr(world.projector, step), when))
    world.project(limit=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
