"""Who was who at a past pair: clusters walked anew from what was recorded up to a position.

The saved clusters are of now. What was known of identities then may have linked others: an e-mail that is shared now
was not yet, a claim counted that trusted links contradict now. So it begins with the saved cluster, and takes in every
other that anything of it was linked with, or was named with, by what was known then.
"""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from sqlalchemy import Connection, select

from domain.people.facts import Facts
from domain.people.sharing import Limits
from domain.people.walk import Walk, assign
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Position
from projections.projecting.known import Known, facts_of, known_at
from projections.projecting.link import Linker, mentioned
from projections.projecting.saved import load_cluster
from projections.queries.walked import WalkedCluster
from store.database import bulk
from store.database.derived import Derived
from store.events.ids import Ids
from store.events.store import EventStore, Recorded


class ClustersThen:
    """Clusters at a past pair. It remembers what it read: one for each question."""

    def __init__(
        self, events: EventStore, ids: Ids, tables: Derived, limits: Limits, position: Position, clock: int
    ) -> None:
        self._events = events
        self._ids = ids
        self._tables = tables
        self._limits = limits
        self._position = position
        self._clock = clock
        self._remembered: dict[UUID, WalkedCluster | None] = {}

    def clock(self, conn: Connection) -> int:
        """The past one."""
        return self._clock

    def walk(self, conn: Connection, id: UUID) -> Walk | None:
        """Who was who. Raises SavedByAnother, UnknownTopic."""
        cluster = self.walked(conn, id)
        return None if cluster is None else cluster.walk

    def walked(self, conn: Connection, id: UUID) -> WalkedCluster | None:
        """With everybody's history. None: nothing was recorded by then of the cluster that now has the id."""
        if id not in self._remembered:
            self._remember(id, self._walked(conn, id))
        return self._remembered[id]

    def _remember(self, id: UUID, cluster: WalkedCluster | None) -> None:
        self._remembered[id] = cluster
        if cluster is not None:
            people = (cluster.walk.people[number] for number in cluster.histories)
            self._remembered.update({self._ids.of(person.name()): cluster for person in people})

    def _walked(self, conn: Connection, id: UUID) -> WalkedCluster | None:
        identities = self._tables.identities.c
        number = conn.execute(select(identities.cluster).where(identities.id == id)).scalar()
        if number is None:
            return None
        gathering = _Gathering(conn, self._events, self._ids, self._tables, self._limits, self._position)
        gathering.gather(number)
        taken = [touchpoint for _, touchpoint in gathering.taken if touchpoint.instant <= self._clock]
        if not taken:
            return None
        walk, histories = assign(taken, gathering.facts(mentioned(taken)))
        return WalkedCluster(walk, histories, {each[1].key: each for each in gathering.taken})


class _Gathering:
    """Gathers the touchpoints that were one cluster's by a position (perhaps of more than one, never of less)."""

    def __init__(
        self, conn: Connection, events: EventStore, ids: Ids, tables: Derived, limits: Limits, position: Position
    ) -> None:
        self._conn = conn
        self._events = events
        self._ids = ids
        self._tables = tables
        self._limits = limits
        self._position = position
        self._now = Linker(ids, tables, limits)
        self._then: dict[Identity, Known] = {}
        self._trails: set[UUID] = set()
        self._outside: list[Recorded] = []
        self._inside: set[Identity] = set()
        self.taken: list[Recorded] = []

    def gather(self, number: int) -> None:
        """Begin with a saved cluster, and end where nothing that was linked is left out."""
        wanted, seen = {number}, set[int]()
        while wanted:
            seen |= wanted
            fresh = self._read(wanted)
            if number in wanted:
                self._inside |= {identity for identity in fresh if self._now.cluster_of(identity) == number}
            grown = self._grow()
            wanted = self._clusters_of(grown) - seen

    def facts(self, identities: Iterable[Identity]) -> Facts:
        """What was known of identities that were read."""
        return facts_of(self._then, identities, self._limits, self._ids.hex) or Facts(self._ids.hex)

    def _read(self, clusters: Collection[int]) -> Collection[Identity]:
        """Read what lies in the trails of saved clusters; the identities that were not known here before."""
        rows = bulk.select_in(self._conn, self._tables.clusters, ["cluster", "state"], "cluster", list(clusters))
        trails = {trail for number, state in rows for trail in load_cluster(number, state, self._ids.hex).trails}
        recorded = self._events.of_trails(self._conn, list(trails - self._trails), self._position)
        self._trails |= trails
        self._outside += recorded
        fresh = [name for name in mentioned(touchpoint for _, touchpoint in recorded) if name not in self._then]
        self._now.load(self._conn, fresh)
        self._then |= known_at(self._conn, self._tables, self._ids, fresh, self._position, self._limits)
        return fresh

    def _grow(self) -> set[Identity]:
        """Take the touchpoints that linked anything that is inside, until none does; the identities of these."""
        grown = set(self._inside)
        while True:
            outside: list[Recorded] = []
            for position, touchpoint in self._outside:
                links = self.facts(mentioned([touchpoint])).links(touchpoint)
                if self._inside.isdisjoint(links):
                    outside.append((position, touchpoint))
                else:
                    self.taken.append((position, touchpoint))
                    self._inside.update(links)
                    grown.update(links)
            if len(outside) == len(self._outside):
                return grown
            self._outside = outside

    def _clusters_of(self, identities: Collection[Identity]) -> set[int]:
        """The saved clusters of identities, and of all that they were named with: these may be others now."""
        hashes = set(self._ids.all(identities))
        for identity in identities:
            known = self._then[identity]
            hashes.update(UUID(hex) for seen in known.kinds.values() for hex in seen)
            for kind, claimed in known.claimed.kinds.items() if known.claimed else ():
                hashes.update(self._ids.of(Identity(kind, value)) for value in claimed)
        hashes |= self._below(self._shared_since(identities))
        rows = bulk.select_in(self._conn, self._tables.identities, ["cluster"], "id", list(hashes))
        return {number for (number,) in rows if number is not None}

    def _shared_since(self, identities: Collection[Identity]) -> Sequence[Identity]:
        """Those that are shared now from another instant on than then: they linked what they link no longer."""
        now, then = self._now.facts(identities).shared, self.facts(identities).shared
        return [identity for identity, since in now.items() if then.get(identity) != since]

    def _below(self, identities: Sequence[Identity]) -> set[UUID]:
        """What was named with identities by then, and is of a lower kind."""
        highs = self._ids.all(identities)
        rows = bulk.select_in(
            self._conn, self._tables.sightings, ["low"], "high", highs, f"position <= {int(self._position)}"
        )
        return {low for (low,) in rows}
