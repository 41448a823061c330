"""Rebuild: the read models built anew beside the live ones, by the ordinary projector from zero, then switched.

The switch is one transaction that empties the live tables and fills them from the build: tables, indexes, grants and
the views that analysts made over them stay. Readers see the old rows until it commits.
"""

from collections.abc import Callable

import structlog
from sqlalchemy import Connection, delete, insert, select, update

from domain.fold.fold import Fold
from domain.model.definition import Model
from domain.signals.signal import Holding
from domain.touchpoints.touchpoint import Touchpoint
from projections.projecting.cluster import Cluster
from projections.projecting.ledger import Ledger
from projections.projecting.projector import LOCK, Projector, read_progress
from store.database.database import Database
from store.database.tables import Derived, derived, live
from store.events.ids import Ids
from store.events.store import EventStore
from store.models import active_model, record_activation

log = structlog.get_logger(__name__)

Report = Callable[[int, int], None]
"""Progress: how many touchpoints are done, of how many."""

_CLUSTERS = 2_000
_LAPS = 10
"""Laps beside the running projector at most."""
_LAST_LAP = 10_000
"""Touchpoints that are left to the lap under its lock (a second or two)."""


def rebuild(database: Database, ids: Ids, model: Model, report: Report | None = None) -> None:
    """Build the read models of the active model anew. Announces nothing, and never touches the ledger."""
    _build_and_switch(database, ids, model, report, activate=False)


def activate(database: Database, ids: Ids, model: Model, report: Report | None = None) -> None:
    """Make a model the active one: build its read models, then switch to them and to it in one transaction.

    The ledger is set silently: nobody is told that a rule changed.
    """
    _build_and_switch(database, ids, model, report, activate=True)


def _build_and_switch(database: Database, ids: Ids, model: Model, report: Report | None, *, activate: bool) -> None:
    lease = database.elect("rebuild")
    if lease is None:
        raise RebuildRuns("another rebuild or activation is running: wait until it has ended")
    tables = derived("next_")
    try:
        with database.transaction() as conn:
            tables.metadata.drop_all(conn)
            tables.metadata.create_all(conn)
        _build(database, ids, model, tables, report or (lambda done, of: None), activate=activate)
    finally:
        try:
            with database.transaction() as conn:
                tables.metadata.drop_all(conn)
        finally:
            lease.release()


def _build(database: Database, ids: Ids, model: Model, tables: Derived, tell: Report, *, activate: bool) -> None:
    """Lap after lap until little is left; that under the projector's lock, and the switch with it."""
    events = EventStore(database)
    clock = 0
    builder = Projector(
        database, events, ids, model, clock=lambda _: clock, tables=tables, announce=False, tick=1, ahead=0
    )
    for _ in range(_LAPS):
        with database.snapshot() as conn:
            goal, done = read_progress(conn), read_progress(conn, tables).position
        if goal.position - done < _LAST_LAP:
            break
        clock = goal.clock
        while done < goal.position and builder.run_once(until=goal.position):
            with database.snapshot() as conn:
                done = read_progress(conn, tables).position
            tell(done, goal.position)
    with database.transaction() as conn:
        database.lock(conn, LOCK)
        goal = read_progress(conn)
        builder.finish(conn, goal)
        _switch(database, conn, ids, model, tables, activate=activate)
    tell(goal.position, goal.position)


def _switch(database: Database, conn: Connection, ids: Ids, model: Model, tables: Derived, *, activate: bool) -> None:
    """Put the build in the live tables' place, at the same pair."""
    now = read_progress(conn)
    if not activate and (active := active_model(conn)) is not None and active.hash != model.hash:
        raise ModelChanged("another model was activated while this one was rebuilt: nothing was changed")
    for old, new in zip(live.all, tables.all, strict=True):
        conn.execute(delete(old))
        conn.execute(insert(old).from_select([column.name for column in old.columns], select(new)))
    conn.execute(update(live.projector).values(build=now.build + 1))
    if activate:
        record_activation(conn, model, max(database.now(conn), now.clock))
        _set_ledger(database, conn, ids, Fold(model), now.clock)


class RebuildRefused(RuntimeError):
    """Nothing was changed: try again."""


class ModelChanged(RebuildRefused):
    """The active model is another one than the rebuild was started with: start again."""


class RebuildRuns(RebuildRefused):
    """Another one is running: wait for it."""


def _set_ledger(database: Database, conn: Connection, ids: Ids, fold: Fold, clock: int) -> None:
    """Let what is open in the ledger be what holds under the new model, in silence."""
    ledger = Ledger(database, ids, fold, silent=True)
    table = live.clusters
    after = -1
    while True:
        rows = conn.execute(
            select(table.c.cluster, table.c.state)
            .where(table.c.cluster > after, table.c.aside.is_(None))
            .order_by(table.c.cluster)
            .limit(_CLUSTERS)
        ).all()
        if not rows:
            return
        after = rows[-1][0]
        clusters = [Cluster.load(number, bytes(state), ids.hex) for number, state in rows]
        held = [(_holdings(cluster, fold, ids, clock), cluster) for cluster in clusters]
        ledger.announce(conn, held, clock, _no_histories)


def _holdings(cluster: Cluster, fold: Fold, ids: Ids, clock: int) -> list[Holding]:
    return [
        Holding(ids.of(cluster.walk.people[number].name()), lead, fold.at(lead, clock))
        for number, lead in cluster.leads.items()
    ]


def _no_histories(clusters: object) -> dict[int, list[Touchpoint]]:
    return {}
