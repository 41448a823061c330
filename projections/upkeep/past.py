"""Past views: the derived tables at another pair, built beside the live ones by the ordinary projector from zero.

The first lap is shared among workers as that of a rebuild is; there is no other, since nothing is recorded meanwhile
that belongs to it. An activation and a rebuild leave past views as they are: each is of its pair, by the model that was
active at its clock.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from eventsourcing.persistence import PersistenceError

from domain.errors import Refused
from domain.model.definition import Model
from domain.touchpoints.touchpoint import Position, rfc3339
from projections.history.engines import INLINE, Engine
from projections.projecting.projector import Progress, Projector, read_progress
from projections.projecting.saved import FORMAT
from projections.upkeep.beside import Report
from projections.upkeep.shares import LINKING, fold_shares, worth
from store.database.database import Database
from store.database.lease import Lease
from store.events.ids import Ids
from store.events.store import EventStore
from store.past_views import (
    Keeping,
    PastView,
    PastViewGone,
    all_past_views,
    begin,
    built,
    drop_unfinished,
    is_there,
    past_view_of,
)

SHARED: Final = 10_000
"""Touchpoints from which on it is shared."""
_GLANCE: Final = 0.5
"""Seconds between two looks whether it is our turn."""


class PastViewRuns(Refused):
    """Another past view is being built: wait for it."""


def build_past_view(
    database: Database,
    ids: Ids,
    asked: PastView,
    model: Model,
    keeping: Keeping,
    report: Report | None = None,
    *,
    engine: Engine = INLINE,
    waits: bool = False,
) -> PastView:
    """Build a past view by the model that was active at its clock.

    `waits`: until another that is built is done; where one of the pair is there then, that is the one. What `report`
    raises ends it, and nothing is left of it. Raises PastViewRuns, NameTaken, PastViewGone.
    """
    tell = report or (lambda done, of: None)
    lease = _lease(database, tell, waits=waits)
    try:
        with database.transaction() as conn:
            there = past_view_of(conn, asked.clock, asked.knowing, asked.position, FORMAT) if waits else None
            if there is not None:
                return there  # dropping it for another of its kind would take it from those who read it
            view = begin(conn, asked, keeping, database.now(conn))
        try:
            _fill(database, ids, view, model, tell, engine)
            with database.transaction() as conn:
                return built(conn, view, database.now(conn))
        except BaseException as error:
            with database.transaction() as conn:
                dropped = not is_there(conn, view)
                drop_unfinished(conn, view)
            if dropped and isinstance(error, PersistenceError):
                raise PastViewGone(f"the past view {view.name} was dropped while it was built") from error
            raise
    finally:
        lease.release()


def drop_abandoned(database: Database) -> None:
    """Drop what a killed process left of one that it built: where nobody builds, what is unfinished is nobody's."""
    with database.snapshot() as conn:
        if all(view.built_at is not None for view in all_past_views(conn)):
            return
    lease = database.elect("past view")
    if lease is None:
        return
    try:
        with database.transaction() as conn:
            for view in all_past_views(conn):
                if view.built_at is None:
                    drop_unfinished(conn, view)
    finally:
        lease.release()


def _lease(database: Database, tell: Report, *, waits: bool) -> Lease:
    while (lease := database.elect("past view")) is None:
        if not waits:
            raise PastViewRuns("another past view is being built: wait until it is there")
        tell(0, 0)
        time.sleep(_GLANCE)
    return lease


def _fill(database: Database, ids: Ids, view: PastView, model: Model, tell: Report, engine: Engine) -> None:
    until = view.position
    shared = until >= SHARED and worth(database, engine)
    clock = LINKING if shared else view.clock
    laps, done = 2 if shared else 1, 0
    builder = _builder(database, ids, model, view, lambda: clock)
    while done < until and builder.run_once(until=until):
        with database.snapshot() as conn:
            done = read_progress(conn, view.tables).position
        tell(done, laps * until)
    if shared:
        for folded in fold_shares(database, model, view.tables, view.clock, engine):
            tell(until + min(folded, until), laps * until)
        clock = view.clock
    with database.transaction() as conn:
        builder.finish(conn, Progress(Position(until), view.clock, model.hash))


def _builder(database: Database, ids: Ids, model: Model, view: PastView, clock: Callable[[], int]) -> Projector:
    events = EventStore(database)
    return Projector(
        database, events, ids, model, clock=lambda _: clock(), tables=view.tables, announce=False, tick=1, ahead=0
    )


def asked_for(name: str, position: int, clock: int, knowing: str, model: Model) -> PastView:
    """A past view that is to be built; it has no number yet."""
    return PastView(name, 0, position, clock, knowing, model.hash, FORMAT, None, clock)


def described(view: PastView) -> dict[str, Any]:
    """A past view, for programs."""
    return {
        "name": view.name,
        "as_of": rfc3339(view.clock),
        "knowing": view.knowing,
        "position": view.position,
        "model": view.model,
        "built_at": None if view.built_at is None else rfc3339(view.built_at),
        "used_at": rfc3339(view.used_at),
        "size": view.size,
    }
