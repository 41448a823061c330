"""The first lap of a build, shared among workers: everything is linked here, then folded range by range of clusters.

While it is linked the clock stands before everything, so that every touchpoint waits for its instant; then all
clusters are due, and whoever looks at one of them folds it whole. So each lead is written once, and by the same code
that takes what waited: the rows are those that the ordinary projector builds batch by batch.

A share is one transaction, which a task may repeat: what is folded is not due any more. It asks first whether the build
is still the one that it was given for: a worker that outlives its coordinator must write nothing into the next one's.
"""

from collections.abc import Iterator
from dataclasses import replace
from secrets import randbits
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select, update

from domain.errors import Fenced
from domain.fold.fold import Fold
from domain.model.definition import Model
from projections.history.engines import Engine
from projections.history.work import Work
from projections.projecting.batch import Batches
from projections.projecting.projector import Progress, move_progress, read_progress
from projections.projecting.saved import due_in
from store.database.database import Database
from store.database.derived import Derived, derived
from store.database.exported import Target
from store.database.tables import events
from store.events.ids import Ids
from store.events.store import EventStore

LINKING: Final = 0
"""The clock while it is linked."""
_TASK: Final = 10_000
"""Touchpoints of a share, about: one transaction."""
_LAST: Final = 2**62


class Lap(NamedTuple):
    """Clusters behind a number and up to another, and about how many touchpoints they have."""

    low: int
    high: int
    touchpoints: int


def worth(database: Database, engine: Engine) -> bool:
    """Whether a build shall be shared: where there are workers, and more than one can write at a time.

    One process that does it all is quicker batch by batch, since it reads everything once.
    """
    return engine.apart and database.many_writers


def fold_shares(database: Database, model: Model, tables: Derived, clock: int, engine: Engine) -> Iterator[int]:
    """Fold what was linked, to a clock; after each share how many touchpoints are folded, about."""
    with database.transaction() as conn:
        linked = read_progress(conn, tables)
        stamp = replace(linked, build=randbits(62))
        conn.execute(update(tables.projector).values(build=stamp.build))
    target, done = Target(database.address, database.given_id_key), 0
    with database.snapshot() as conn:
        shares = list(_shares(conn, tables))
    with Work(engine) as work:
        tasks = ((target, model, tables.prefix, stamp, clock, share) for share in shares)
        for touchpoints in work.each(fold_share, tasks):
            done += touchpoints
            yield done
    with database.transaction() as conn:
        move_progress(conn, stamp, replace(linked, clock=clock), tables)


def fold_share(target: Target, model: Model, prefix: str, stamp: Progress, clock: int, share: Lap) -> int:
    """The task. Raises Fenced where the build is another one."""
    tables = derived(prefix)
    with target.opened() as database:
        batches = Batches(EventStore(database), Ids(database.id_key()), Fold(model), tables, ledger=None)
        with database.transaction() as conn:
            if read_progress(conn, tables) != stamp:  # read in this transaction, the tables stay until its end
                raise Fenced("another build has begun")
            while due := due_in(conn, tables, share.low, share.high, clock):
                batches.look_at(conn, dict.fromkeys(due, ()), stamp.position, clock)
    return share.touchpoints


def _shares(conn: Connection, tables: Derived) -> Iterator[Lap]:
    """The linked clusters, by the touchpoints of their trails."""
    identities = tables.identities.c
    lengths = (
        select(events.c.trail, func.max(events.c.version).label("touchpoints")).group_by(events.c.trail).subquery()
    )
    query = select(identities.cluster, func.sum(lengths.c.touchpoints))
    query = query.join(lengths, lengths.c.trail == identities.id).where(identities.cluster.is_not(None))
    query = query.group_by(identities.cluster).order_by(identities.cluster).execution_options(yield_per=_TASK)
    low, size = -1, 0
    for cluster, touchpoints in conn.execute(query):
        size += int(touchpoints)
        if size >= _TASK:
            yield Lap(low, cluster, size)
            low, size = cluster, 0
    yield Lap(low, _LAST, size)
