"""Where a reader finds who is who: the cluster of an id, as it is saved and as it is walked anew."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import Connection, select

from domain.people.sharing import LIMITS, Limits
from domain.people.walk import Walk, assign
from domain.touchpoints.touchpoint import Position, Touchpoint
from projections.projecting.link import Linker, mentioned
from projections.projecting.projector import read_progress
from projections.projecting.saved import load_cluster
from store.database.derived import Derived
from store.events.ids import Ids
from store.events.store import EventStore


class WalkedCluster(NamedTuple):
    """A cluster walked from its touchpoints up to a pair."""

    walk: Walk
    histories: Mapping[int, list[Touchpoint]]
    """By each person's number, as the fold takes them."""
    recorded: Mapping[tuple[str, str], tuple[Position, Touchpoint]]
    """By its key, where each touchpoint is recorded, and as it was reported."""

    def history(self, ids: Ids, lead: UUID) -> list[tuple[Touchpoint, Touchpoint]]:
        """Each touchpoint of a lead of that id: as it was reported, and as the fold takes it."""
        number = self.number(ids, lead)
        if number is None:
            return []
        return [(self.recorded[folded.key][1], folded) for folded in self.histories[number]]

    def number(self, ids: Ids, lead: UUID) -> int | None:
        """The person who is the lead of that id."""
        people = self.walk.people
        return next((number for number in self.histories if ids.of(people[number].name()) == lead), None)


class Clusters(Protocol):
    """Reads clusters at one pair."""

    def clock(self, conn: Connection) -> int:
        """The instant of the pair."""
        ...

    def walk(self, conn: Connection, id: UUID) -> Walk | None:
        """Who is who in the cluster of an identity's hash or a lead's id; None: it is in none."""
        ...

    def walked(self, conn: Connection, id: UUID) -> WalkedCluster | None:
        """The same with everybody's history."""
        ...


class RememberedClusters:
    """Clusters of others, each read once: for a reader who asks several things about one lead on one snapshot."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters
        self._clock: int | None = None
        self._walks: dict[UUID, Walk | None] = {}
        self._walked: dict[UUID, WalkedCluster | None] = {}

    def clock(self, conn: Connection) -> int:
        """The instant of the pair."""
        if self._clock is None:
            self._clock = self._clusters.clock(conn)
        return self._clock

    def walk(self, conn: Connection, id: UUID) -> Walk | None:
        """Who is who in the cluster of an identity's hash or a lead's id."""
        if id not in self._walks:
            self._walks[id] = self._clusters.walk(conn, id)
        return self._walks[id]

    def walked(self, conn: Connection, id: UUID) -> WalkedCluster | None:
        """The same with everybody's history."""
        if id not in self._walked:
            self._walked[id] = self._clusters.walked(conn, id)
        return self._walked[id]


class SavedClusters:
    """Clusters as the projector, or a build, saved them: at the stored pair of its tables."""

    def __init__(self, events: EventStore, ids: Ids, tables: Derived, limits: Limits = LIMITS) -> None:
        self._events = events
        self._ids = ids
        self._tables = tables
        self._limits = limits

    def clock(self, conn: Connection) -> int:
        """The stored one."""
        return read_progress(conn, self._tables).clock

    def walk(self, conn: Connection, id: UUID) -> Walk | None:
        """As it is saved. Raises SavedByAnother."""
        saved = self._saved(conn, id)
        return None if saved is None else load_cluster(*saved, self._ids.hex).walk

    def walked(self, conn: Connection, id: UUID) -> WalkedCluster | None:
        """Of what is recorded up to the stored pair. Raises SavedByAnother, UnknownTopic."""
        saved = self._saved(conn, id)
        if saved is None:
            return None
        progress, linker = read_progress(conn, self._tables), Linker(self._ids, self._tables, self._limits)
        cluster = load_cluster(*saved, self._ids.hex)
        recorded = self._events.of_trails(conn, list(cluster.trails), progress.position)
        mine = linker.sort_home(conn, [touchpoint for _, touchpoint in recorded], [cluster.number])[cluster.number]
        taken = [touchpoint for touchpoint in mine if touchpoint.instant <= progress.clock]
        walk, histories = assign(taken, linker.facts(mentioned(taken)))
        return WalkedCluster(walk, histories, {each[1].key: each for each in recorded})

    def _saved(self, conn: Connection, id: UUID) -> tuple[int, bytes] | None:
        identities, clusters = self._tables.identities, self._tables.clusters
        query = select(clusters.c.cluster, clusters.c.state)
        query = query.join(identities, identities.c.cluster == clusters.c.cluster).where(identities.c.id == id)
        row = conn.execute(query).one_or_none()
        return None if row is None else (row.cluster, bytes(row.state))
