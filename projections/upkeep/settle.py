"""The ledger brought in line with read models that were put in place: what holds now is what is announced."""

from typing import Final

from sqlalchemy import Connection

from domain.fold.fold import Fold
from domain.model.definition import Model
from projections.projecting.batch import Batches
from projections.projecting.ledger import Ledger
from projections.projecting.projector import Progress
from projections.upkeep.differing import differing
from store.database.database import Database
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore

_CLUSTERS: Final = 500
"""Clusters that are compared with the ledger at a time."""


def settle(
    database: Database, conn: Connection, ids: Ids, model: Model, now: Progress, activation: int | None = None
) -> None:
    """Announce and withdraw what the rows say otherwise than the ledger; `activation`: because of another model."""
    fold = Fold(model)
    ledger = Ledger(database, ids, fold)
    batches = Batches(EventStore(database), ids, fold, live, ledger=ledger, keep=_CLUSTERS)
    numbers = differing(conn)
    for start in range(0, len(numbers), _CLUSTERS):
        chosen = numbers[start : start + _CLUSTERS]
        batches.compare(conn, chosen, now.position, now.clock, activation)
