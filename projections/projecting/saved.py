"""Saved state: a cluster's walk and each of its leads, apart, so that a step loads and writes those it touches."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import DecodeError, Struct, msgpack
from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    Integer,
    Uuid,
    bindparam,
    null,
    select,
    union_all,
    update,
)

from domain.errors import Retry
from domain.fold.lead import Lead
from domain.people.facts import Hashed
from domain.people.saved import dump_walk, load_walk
from domain.people.walk import Walk
from domain.touchpoints.touchpoint import NEVER
from projections.projecting.cluster import Cluster, Member
from projections.read_models.changes import Shown
from projections.read_models.registry import REMEMBERED
from store.database import bulk
from store.database.derived import Derived

FORMAT: Final = 14
"""Of the saved state: a release that saves other fields counts on, and asks for a rebuild.

It is stored with the progress, so that a projector knows before it reads any of it.
"""


class SavedByAnother(Retry):
    """The saved state is of another release: nothing of it is read or written until a rebuild, for which whoever works
    waits."""


class SavedCluster(Struct, array_like=True):
    """The form of a cluster's saved bytes."""

    format: int
    walk: bytes
    trails: set[UUID]
    waiting: int | None
    stale: bool


class SavedLead(Struct, array_like=True):
    """The form of a lead's saved bytes."""

    format: int
    lead: Lead
    shown: Shown


_ENCODER: Final = msgpack.Encoder(uuid_format="bytes")
_CLUSTER: Final = msgpack.Decoder(SavedCluster)
_LEAD: Final = msgpack.Decoder(SavedLead)


def dump_cluster(cluster: Cluster) -> bytes:
    """A cluster's saved bytes: all but its leads."""
    return _ENCODER.encode(
        SavedCluster(FORMAT, dump_walk(cluster.walk), cluster.trails, cluster.waiting, cluster.stale)
    )


def load_cluster(
    number: int,
    saved: bytes,
    hashed: Hashed,
    due: int | None = None,
    aside: str | None = None,
    activation: int | None = None,
) -> Cluster:
    """The cluster that was dumped, without its leads and the instant of the last. Raises SavedByAnother."""
    try:
        state = _CLUSTER.decode(saved)
        check_format(state.format)
        walk = load_walk(state.walk, hashed)
    except DecodeError as error:
        raise _another(f"cluster {number}: {error}") from error
    return Cluster(
        number,
        walk,
        trails=state.trails,
        waiting=state.waiting,
        stale=state.stale,
        due=due,
        aside=aside,
        activation=activation,
        changed=False,
    )


def dump_lead(member: Member) -> bytes:
    """A lead's saved bytes."""
    return _ENCODER.encode(SavedLead(FORMAT, member.lead, member.shown))


def load_lead(id: UUID, saved: bytes, fingerprint: int | None, last: int) -> Member:
    """The lead that was dumped. Raises SavedByAnother."""
    try:
        state = _LEAD.decode(saved)
    except DecodeError as error:
        raise _another(f"lead {id}: {error}") from error
    check_format(state.format)
    if len(state.shown) != len(REMEMBERED):
        raise _another(f"{len(state.shown)} read models of several rows, this one's has {len(REMEMBERED)}")
    return Member(state.lead, state.shown, fingerprint, last=last)


def check_format(format: int) -> None:
    """Raises SavedByAnother where a format is not this release's."""
    if format != FORMAT:
        raise _another(f"format {format}, this one's is {FORMAT}")


def _another(what: str) -> SavedByAnother:
    return SavedByAnother(f"the read models were saved by another release ({what}): run `leadline rebuild`")


# ---- tables ------------------------------------------------------------------------------------------------------


def due_query(tables: Derived) -> CompoundSelect[int, UUID | None]:
    """Clusters that are due by `clock` (without a lead), and leads that are: of each `limit` at most."""
    clusters, leads = tables.clusters.c, tables.lead_states.c
    clock, limit = bindparam("clock", type_=BigInteger), bindparam("limit", type_=Integer)
    aside = select(clusters.cluster).where(clusters.aside.is_not(None))
    nobody = null().cast(Uuid).label("lead")
    looked_at = select(clusters.cluster, nobody).where(clusters.due <= clock, clusters.aside.is_(None))
    changing = select(leads.cluster, leads.lead).where(leads.due <= clock, leads.cluster.not_in(aside))
    return union_all(*(select(each.limit(limit).subquery()) for each in (looked_at, changing)))


def due_in(conn: Connection, tables: Derived, low: int, high: int, clock: int) -> Sequence[int]:
    """Clusters behind a number and up to another that are due by a clock."""
    table = tables.clusters.c
    query = select(table.cluster).where(table.cluster > low, table.cluster <= high)
    return conn.execute(query.where(table.due <= clock, table.aside.is_(None))).scalars().all()


class States:
    """Reads and writes saved state in the caller's transaction."""

    def __init__(self, tables: Derived, hashed: Hashed) -> None:
        self._hashed = hashed
        self._clusters = tables.clusters
        self._leads = tables.lead_states
        self._due = due_query(tables)

    def clusters(self, conn: Connection, numbers: Sequence[int]) -> dict[int, Cluster]:
        """The clusters of these numbers that are saved, without leads."""
        columns = ["cluster", "state", "due", "aside", "activation"]
        clusters = {
            number: load_cluster(number, bytes(state), self._hashed, due, aside, activation)
            for number, state, due, aside, activation in bulk.select_in(
                conn, self._clusters, columns, "cluster", numbers
            )
        }
        for number, last in bulk.select_in(conn, self._leads, ["cluster", "last"], "cluster", list(clusters)):
            cluster = clusters[number]
            cluster.last = max(cluster.last, last)
        return clusters

    def walks(self, conn: Connection, numbers: Sequence[int]) -> dict[int, Walk]:
        """The walks of these clusters, as far as they are saved."""
        rows = bulk.select_in(conn, self._clusters, ["cluster", "state"], "cluster", numbers)
        return {number: load_cluster(number, bytes(state), self._hashed).walk for number, state in rows}

    def members(self, conn: Connection, ids: Collection[UUID]) -> dict[UUID, Member]:
        """The leads of these ids."""
        columns = ["lead", "fingerprint", "last", "state"]
        rows = bulk.select_in(conn, self._leads, columns, "lead", list(ids))
        return {id: load_lead(id, bytes(state), fingerprint, last) for id, fingerprint, last, state in rows}

    def load_all(self, conn: Connection, clusters: Iterable[Cluster]) -> None:
        """Bring every lead of these clusters into memory."""
        by_number = {cluster.number: cluster for cluster in clusters}
        columns = ["cluster", "lead", "fingerprint", "last", "state"]
        rows = bulk.select_in(conn, self._leads, columns, "cluster", list(by_number))
        for number, id, fingerprint, last, state in rows:
            by_number[number].members[id] = load_lead(id, bytes(state), fingerprint, last)

    def fingerprints(self, conn: Connection, numbers: Collection[int]) -> dict[int, dict[UUID, int | None]]:
        """Of every lead of these clusters."""
        fingerprints: dict[int, dict[UUID, int | None]] = {number: {} for number in numbers}
        columns = ["cluster", "lead", "fingerprint"]
        for number, id, fingerprint in bulk.select_in(conn, self._leads, columns, "cluster", list(numbers)):
            fingerprints[number][id] = fingerprint
        return fingerprints

    def absorb(self, conn: Connection, absorbed: Mapping[int, int]) -> None:
        """Clusters became part of others: lost -> into."""
        if not absorbed:
            return
        leads = self._leads
        move = update(leads).where(leads.c.cluster == bindparam("lost")).values(cluster=bindparam("into"))
        conn.execute(move, [{"lost": lost, "into": into} for lost, into in absorbed.items()])
        bulk.delete(conn, self._clusters, "cluster", list(absorbed))

    def due(self, conn: Connection, clock: int, limit: int) -> dict[int, list[UUID]]:
        """Clusters that are due by a clock, and those leads of theirs that are."""
        due: dict[int, list[UUID]] = {}
        for number, id in conn.execute(self._due, {"clock": clock, "limit": limit}):
            leads = due.setdefault(number, [])
            if id is not None:
                leads.append(id)
        return due

    def anything_due(self, conn: Connection, clock: int) -> bool:
        """Whether anything is."""
        return bool(self.due(conn, clock, 1))

    def write(
        self, conn: Connection, clusters: Sequence[Cluster], rows: Sequence[tuple[Any, ...]], ceased: Sequence[UUID]
    ) -> None:
        """Write those clusters that changed, and the rows of leads (`lead_row`)."""
        written = [cluster for cluster in clusters if cluster.unsaved]
        bulk.delete(conn, self._leads, "lead", ceased)
        changed = [(each.number, dump_cluster(each), each.due, each.aside, each.activation) for each in written]
        bulk.upsert_each(conn, [(self._leads, rows), (self._clusters, changed)])
        for cluster in written:
            cluster.saved()


def lead_row(cluster: Cluster, id: UUID, member: Member, due: int) -> tuple[Any, ...]:
    """The row of a lead's saved state; `due`: when time alone next changes something of it."""
    at = None if due >= NEVER else due
    return id, cluster.number, member.last, member.fingerprint, at, dump_lead(member)
