"""Which lead an identity is now: the whole table by which readers of touchpoints and signals join."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from domain.people.walk import Walk
from projections.exports.columns import CellType, Chunks, ExportColumn
from projections.projecting.projector import read_progress
from projections.projecting.saved import load_cluster
from store.database import bulk
from store.database.derived import Derived
from store.database.errors import translated
from store.database.tables import live
from store.events.ids import Ids

CHUNK: Final = 500
"""Clusters in memory at a time."""

COLUMNS: Final = (
    ExportColumn("identity", CellType.ID, "the keyed hash of an identity, or the id that a lead had"),
    ExportColumn("kind", CellType.TEXT, "user_id, email, phone or anonymous_id"),
    ExportColumn("lead", CellType.ID, "the lead that owns it now; null: nobody does, as of one that is shared"),
    ExportColumn("resolves_to", CellType.ID, "the lead that a lead of this id is now; null: no lead ever was"),
)
PERSONAL: Final = (*COLUMNS, ExportColumn("value", CellType.TEXT, "the identity in the clear"))


class Holder(NamedTuple):
    """An identity, and whose it is."""

    identity: UUID
    kind: str
    lead: UUID | None
    resolves_to: UUID | None
    value: str


def holders(conn: Connection, ids: Ids, *, personal: bool = False, tables: Derived = live) -> Chunks:
    """Every identity that a lead owns or ever was named by, each once. Raises SavedByAnother."""
    clusters = tables.clusters.c
    clock = read_progress(conn, tables).clock
    after = -1
    while True:
        query = select(clusters.cluster, clusters.state).where(clusters.cluster > after)
        with translated():
            saved = conn.execute(query.order_by(clusters.cluster).limit(CHUNK)).all()
        if not saved:
            return
        after = saved[-1].cluster
        numbers = [row.cluster for row in saved]
        homes = dict(bulk.select_in(conn, tables.identities, ["id", "cluster"], "cluster", numbers))
        rows: list[Any] = []
        for number, state in saved:
            for holder in _of_walk(load_cluster(number, bytes(state), ids.hex).walk, ids, clock):
                if homes.get(holder.identity) == number:  # in a shared one's trail lie many clusters' touchpoints
                    rows.append(holder if personal else holder[:-1])
        yield rows


def _of_walk(walk: Walk, ids: Ids, clock: int) -> Iterator[Holder]:
    people = [person for person in walk.people.values() if person.heads]
    owned = {identity: ids.of(person.name()) for person in people for identity in walk.owned(person, clock)}
    named = {person.name(): ids.of(person.name()) for person in people}
    earliest = sorted((key, head, ids.of(person.name())) for person in people for head, key in person.heads.items())
    for _, head, lead in earliest:
        named.setdefault(head, lead)
    for identity in owned.keys() | named.keys():
        kind = identity.kind.removeprefix("shared ")
        yield Holder(ids.of(identity), kind, owned.get(identity), named.get(identity), identity.value)
