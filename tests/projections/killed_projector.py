"""A projector in a process of its own that kills itself at a step: `python -m tests.projections.killed_projector`.

Arguments: the database's URL, the clock, the step, "before" or "after" it, and the number of the step at which it is
killed. It takes touchpoints one by one.
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

TEXT = MODEL + '\n[[sales.owners]]\nname = "ana"\n[[sales.owners]]\nname = "bo"\n'
"""Hot leads get an owner."""


def dying(call: Callable[..., Any], when: str, at: int) -> Callable[..., Any]:
    """The call, and kill -9 before or after the one of that number."""
    numbers = count(1)

    def die(*given: Any) -> Any:
        number = next(numbers)
        if number == at and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*given)
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return die


def main(url: str, clock: str, step: str, when: str, at: str) -> None:
    """Project until killed."""
    world = World(url, parse_model(TEXT), int(clock), ready=True)
    setattr(world.projector, step, dying(getattr(world.projector, step), when, int(at)))
    world.project(limit=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
