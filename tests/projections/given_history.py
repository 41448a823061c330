"""A history with everything in it, and the places where work over it is proved: a database and an engine each."""

import os
from typing import Final

import pytest

from domain.touchpoints.touchpoint import Touchpoint
from projections.history.engines import Dask, Engine
from tests.bench import cpu
from tests.domain.given_stories import STORIES
from tests.domain.stories import at

APART: Final = ("sqlite pool", "postgresql pool", "postgresql dask")
"""A Dask cluster reads PostgreSQL only."""
PLACES: Final = ("sqlite inline", "postgresql inline", *APART)


def history() -> list[Touchpoint]:
    """Every story, each under identities of its own, then a kiosk."""
    touchpoints = [
        each._replace(
            id=f"{number}-{each.id}",
            identities=tuple(identity._replace(value=f"s{number}{identity.value}") for identity in each.identities),
        )
        for number, (story, _) in enumerate(STORIES.values())
        for each in story
    ]
    kiosk = [at(n, "identified", f"u:k{n}", "c:kiosk", id=f"kiosk-{n}") for n in range(100, 110)]
    return touchpoints + kiosk


def processes_of(engine: Engine) -> list[int]:
    """The processes that an engine uses now."""
    if isinstance(engine, Dask):
        from distributed import Client

        with Client(engine.address, set_as_default=False) as client:
            return list(client.run(os.getpid).values())
    if not cpu.AVAILABLE:
        pytest.skip("NOT TESTED HERE: it looks at processes as Linux has them")
    [forkserver, *others] = [pid for pid in cpu.family(os.getpid()) if "forkserver" in cpu.title(pid)]
    return [pid for pid in others if pid != forkserver]
