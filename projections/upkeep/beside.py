"""Read models built anew beside the live ones, by the ordinary projector from zero, then put in their place.

Its first lap is shared among workers (shares.py); what was recorded meanwhile is taken batch by batch.

That is one transaction that empties the live tables and fills them from the build: tables, indexes, grants and the
views that analysts made over them stay. Readers see the old rows until it commits.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from domain.errors import Refused
from domain.model.definition import Model
from projections.history.engines import INLINE, Engine
from projections.projecting.projector import LOCK, Progress, Projector, read_progress
from projections.upkeep.shares import LINKING, fold_shares, worth
from store.database.database import Database
from store.database.derived import Derived, derived
from store.database.partitions import Partitions
from store.database.postgres_only import analyze
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore

Report = Callable[[int, int], None]
"""Progress: how much is done, of how much (each touchpoint is linked, then folded). What it raises ends the work."""

Outcome = TypeVar("Outcome")

Switch = Callable[[Connection, Derived, Progress], Outcome]
"""What is done with a build at the live pair, in the projector's place: `put_in_place`, and what belongs to it."""

_LAPS = 10
"""Laps beside the running projector at most."""
_LAST_LAP = 10_000
"""Touchpoints that are left to the lap under its lock (a second or two)."""


class RebuildRefused(Refused):
    """Nothing was changed: try again."""


class RebuildRuns(RebuildRefused):
    """Another one is running: wait for it."""


def build_beside(
    database: Database,
    ids: Ids,
    model: Model,
    report: Report | None,
    switch: Switch[Outcome],
    clock: int | None = None,
    engine: Engine = INLINE,
) -> Outcome:
    """Build with a model, then switch. Raises RebuildRuns; what `switch` raises leaves everything as it was.

    `clock`: the instant to build to, where the stored one is wrong. `engine`: who shares in it.
    """
    lease = database.elect("rebuild")
    if lease is None:
        raise RebuildRuns("another rebuild or activation is running: wait until it has ended")
    tables = derived("next_")
    try:
        with database.transaction() as conn:
            tables.metadata.drop_all(conn)
            tables.metadata.create_all(conn)
        return _build(database, ids, model, tables, report or (lambda done, of: None), switch, clock, engine)
    finally:
        try:
            with database.transaction() as conn:
                tables.metadata.drop_all(conn)
        finally:
            lease.release()


def _build(
    database: Database,
    ids: Ids,
    model: Model,
    tables: Derived,
    tell: Report,
    switch: Switch[Outcome],
    settled: int | None,
    engine: Engine,
) -> Outcome:
    """Lap after lap until little is left; that under the projector's lock, and the switch with it."""
    clock = LINKING

    def live_pair(conn: Connection) -> Progress:
        goal = read_progress(conn)
        return goal if settled is None else replace(goal, clock=settled)

    builder = Projector(
        database,
        EventStore(database),
        ids,
        model,
        clock=lambda _: clock,
        tables=tables,
        announce=False,
        tick=1,
        ahead=0,
    )
    for lap in range(_LAPS):
        with database.snapshot() as conn:
            goal, done = live_pair(conn), read_progress(conn, tables).position
        if goal.position - done < _LAST_LAP:
            break
        shared = lap == 0 and worth(database, engine)
        clock = LINKING if shared else goal.clock
        while done < goal.position and builder.run_once(until=goal.position):
            with database.snapshot() as conn:
                done = read_progress(conn, tables).position
            tell(*((done, 2 * goal.position) if shared else (done, goal.position)))
        if shared:
            for folded in fold_shares(database, model, tables, goal.clock, engine):
                tell(goal.position + min(folded, goal.position), 2 * goal.position)
    with database.transaction() as conn:
        database.lock(conn, LOCK)
        goal = live_pair(conn)
        builder.finish(conn, goal)
        outcome = switch(conn, tables, goal)
    tell(goal.position, goal.position)
    return outcome


def put_in_place(conn: Connection, tables: Derived, now: Progress) -> None:
    """Put the build in the live tables' place, at the same pair."""
    Partitions(live.touches).cover_rows(conn, tables.touches)
    for old, new in zip(live.all, tables.all, strict=True):
        conn.execute(delete(old))
        conn.execute(insert(old).from_select([column.name for column in old.columns], select(new)))
    analyze(conn, [live.touches])  # whose whole PostgreSQL never looks at by itself, but at its months
    conn.execute(update(live.projector).values(build=now.build + 1))
