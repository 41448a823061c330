"""Rebuild: the read models of the active model built anew. It announces nothing, unless it sets the clock back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from domain.model.definition import Model
from projections.history.engines import INLINE, Engine
from projections.projecting.projector import AHEAD, Progress, read_progress
from projections.upkeep.beside import RebuildRefused, Report, build_beside, put_in_place
from projections.upkeep.settle import settle
from store.database import bulk
from store.database.database import Database
from store.database.derived import Derived
from store.database.tables import live
from store.events.ids import Ids
from store.models import active_model


class ModelChanged(RebuildRefused):
    """The active model is another one than the rebuild was started with: start again."""


def rebuild(
    database: Database,
    ids: Ids,
    model: Model,
    report: Report | None = None,
    *,
    clock_now: bool = False,
    engine: Engine = INLINE,
) -> None:
    """Build the read models of the active model anew. Raises RebuildRefused's kinds.

    `clock_now`: where the stored clock is ahead of the database's time (a machine's clock was wrong for a while), it is
    set back to that; what holds then and was withdrawn, or is announced and does not hold yet, is said in the ledger.
    """
    clock = _set_back(database) if clock_now else None

    def switch(conn: Connection, tables: Derived, now: Progress) -> None:
        active = active_model(conn)
        if active is not None and active.hash != model.hash:
            raise ModelChanged("another model was activated while this one was rebuilt: nothing was changed")
        aside = _put_aside(conn)
        put_in_place(conn, tables, now)
        _keep_aside(conn, aside)
        if clock is not None:
            settle(database, conn, ids, model, now)

    build_beside(database, ids, model, report, switch, clock, engine)


def _set_back(database: Database) -> int | None:
    """The database's time, if the stored clock is ahead of it by more than a receipt may push it; else None."""
    with database.snapshot() as conn:
        now = database.now(conn)
        return now if read_progress(conn).clock > now + AHEAD else None


def _put_aside(conn: Connection) -> Mapping[UUID, tuple[str, int | None]]:
    """Why the clusters of these identities were put aside, and the activation for which the ledger waits."""
    clusters, identities = live.clusters, live.identities
    query = select(identities.c.id, clusters.c.aside, clusters.c.activation)
    query = query.join(clusters, clusters.c.cluster == identities.c.cluster).where(clusters.c.aside.is_not(None))
    return {id: (aside, activation) for id, aside, activation in conn.execute(query)}


def _keep_aside(conn: Connection, aside: Mapping[UUID, tuple[str, int | None]]) -> None:
    """What was put aside stays so until a projector looks at it again: the ledger still says what held before."""
    rows: dict[int, dict[str, Any]] = {}
    for id, number in bulk.select_in(conn, live.identities, ["id", "cluster"], "id", list(aside)):
        if number is not None:
            reason, activation = aside[id]
            rows[number] = {"number": number, "reason": reason, "number_of": activation}
    if rows:
        here = live.clusters.c.cluster == bindparam("number")
        change = update(live.clusters).where(here)
        conn.execute(change.values(aside=bindparam("reason"), activation=bindparam("number_of")), [*rows.values()])
