"""Waiting until what was appended is recorded, and what was recorded is projected."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from consumers.promote.promoter import POSITION as PROMOTED
from consumers.publish.publisher import POSITION as PUBLISHED
from runtime.terminal.show import say
from store.database.database import Database
from store.database.tables import events, ledger, live, tracking
from store.events.positions import position_of
from store.log.port import Partition

GLANCE: Final = 0.1
"""Seconds between looks."""

STALLED: Final = 15.0
"""Seconds without any progress after which the waiting person is told what may be missing."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """One look at recorders and projector. `left` is what the recorders have before them, as log offsets."""

    left: int
    recorded: int
    projected: int
    share: float = 0.0

    @property
    def behind(self) -> int:
        """Events recorded and not projected."""
        return self.recorded - self.projected


def look(database: Database, ends: Mapping[Partition, int | None]) -> Progressed:
    """How far recorders and projector are from these ends of the log."""
    end_by_name = {partition.name: end for partition, end in ends.items() if end is not None}
    with database.snapshot() as conn:
        rows = conn.execute(select(tracking.c.name, tracking.c.position).where(tracking.c.name.in_(list(end_by_name))))
        reached = {row[0]: row[1] for row in rows}
        newest = conn.execute(select(func.coalesce(func.max(events.c.position), 0))).scalar_one()
        position = conn.execute(select(live.projector.c.position)).scalar()
    left = sum(max(0, end - reached.get(name, -1)) for name, end in end_by_name.items())
    return Progressed(left, int(newest), int(position or 0))


def wait_until_projected(
    database: Database,
    ends: Mapping[Partition, int | None],
    progress: Callable[[Progressed], None] = lambda now: None,
    gone_wrong: Callable[[], bool] = lambda: False,
    seconds: float | None = None,
) -> bool:
    """Wait until these ends of the log are recorded and projected; False: gone wrong, or not in so many seconds.

    What comes onto the log meanwhile is not waited for: under live traffic that would never end.
    """
    began = moved = time.monotonic()
    first = last = look(database, ends)
    all_of_it = max(1, first.left * 2 + first.behind)
    goal = first.recorded if first.left == 0 else None
    while goal is None or last.projected < goal:
        if gone_wrong() or (seconds is not None and time.monotonic() - began > seconds):
            return False
        time.sleep(GLANCE)
        now = look(database, ends)
        if (now.left, now.projected) != (last.left, last.projected):
            moved = time.monotonic()
        elif time.monotonic() - moved > STALLED:
            moved = time.monotonic()
            say(f"still waiting ({now.left:,} to record, {now.behind:,} to project): does a server work on this?")
        last = now
        if goal is None and now.left == 0:
            goal = now.recorded  # all of these ends is recorded by here
        done = 1 - (now.left * 2 + now.behind) / all_of_it
        progress(Progressed(now.left, now.recorded, now.projected, min(1.0, max(0.0, done))))
    return True


def everything_published(database: Database) -> bool:
    """Whether publisher and promoter have nothing before them: what the policy asks for is on the log then."""
    with database.snapshot() as conn:
        newest = conn.execute(select(func.coalesce(func.max(ledger.c.position), 0))).scalar_one()
        return all((position_of(conn, name) or 0) >= int(newest) for name in (PUBLISHED, PROMOTED))


def until(done: Callable[[], bool], seconds: float, glance: float = GLANCE) -> bool:
    """Wait for something, at most so many seconds; whether it came."""
    limit = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= limit:
            return False
        time.sleep(glance)
    return True
