"""Looking up leads: who owns an identity, what a former id resolves to, and a lead's history."""

from uuid import UUID

from sqlalchemy import Connection, select

from domain.fold.explain import Explanation, explain
from domain.fold.fold import Fold
from domain.fold.trace import NO_EFFECT, Effect, Journal
from domain.people.sharing import LIMITS, Limits
from domain.people.walk import assign
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint
from projections.projecting.cluster import Cluster
from projections.projecting.link import Linker, mentioned
from projections.projecting.projector import Progress, read_progress
from projections.projecting.saved import load_cluster
from store.database.derived import Derived
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore


class Lookup:
    """Reads saved state on the caller's connection; cheap to make."""

    def __init__(self, events: EventStore, ids: Ids, tables: Derived = live, limits: Limits = LIMITS) -> None:
        self._events = events
        self._ids = ids
        self._tables = tables
        self._limits = limits

    def holder(self, conn: Connection, identity: UUID) -> UUID | None:
        """The lead that now owns an identity, given as its hash H."""
        cluster = self._cluster(conn, identity)
        if cluster is None:
            return None
        clock = read_progress(conn, self._tables).clock
        for owned, person in cluster.walk.owner.items():
            if person.heads and self._ids.of(owned) == identity and owned in cluster.walk.owned(person, clock):
                return self._ids.of(person.name())
        return None

    def resolve(self, conn: Connection, lead: UUID) -> UUID | None:
        """The live lead of an id: itself, else the one with the earliest touchpoint that this id is made of."""
        cluster = self._cluster(conn, lead)
        if cluster is None:
            return None
        people = [person for person in cluster.walk.people.values() if person.heads]
        if any(self._ids.of(person.name()) == lead for person in people):
            return lead
        candidates = [
            (key, self._ids.of(person.name()))
            for person in people
            for head, key in person.heads.items()
            if self._ids.of(head) == lead
        ]
        return min(candidates)[1] if candidates else None

    def identities(self, conn: Connection, lead: UUID) -> tuple[Identity, ...]:
        """All identities that count as a live lead's at the stored clock, in canonical order."""
        cluster = self._cluster(conn, lead)
        people = () if cluster is None else cluster.walk.people.values()
        for person in people:
            if cluster is not None and person.heads and self._ids.of(person.name()) == lead:
                return cluster.walk.owned(person, read_progress(conn, self._tables).clock)
        return ()

    def history(self, conn: Connection, lead: UUID) -> tuple[Touchpoint, ...]:
        """A live lead's touchpoints as reported, in the order of the fold, up to the stored (position, clock)."""
        return tuple(reported for reported, _ in self._history(conn, lead, read_progress(conn, self._tables)))

    def journal(self, conn: Connection, fold: Fold, lead: UUID) -> list[tuple[Touchpoint, Effect]]:
        """The same history, each touchpoint with what it did by the model of a fold."""
        progress, journal = read_progress(conn, self._tables), Journal()
        history = self._history(conn, lead, progress)
        fold.fold([folded for _, folded in history], progress.clock, journal)
        return [(reported, journal.effects.get(reported.key, NO_EFFECT)) for reported, _ in history]

    def explain(self, conn: Connection, fold: Fold, lead: UUID) -> Explanation:
        """Every point of a live lead, at the stored clock."""
        progress = read_progress(conn, self._tables)
        return explain(fold, [folded for _, folded in self._history(conn, lead, progress)], progress.clock)

    def _history(self, conn: Connection, lead: UUID, progress: Progress) -> list[tuple[Touchpoint, Touchpoint]]:
        """Each touchpoint of a lead: as it was reported, and as the fold takes it."""
        cluster = self._cluster(conn, lead)
        if cluster is None:
            return []
        linker = Linker(self._ids, self._tables, self._limits)
        recorded = self._events.of_trails(conn, list(cluster.trails), progress.position)
        touchpoints = [touchpoint for _, touchpoint in recorded]
        mine = linker.sort_home(conn, touchpoints, [cluster.number])[cluster.number]
        taken = [touchpoint for touchpoint in mine if touchpoint.instant <= progress.clock]
        walk, histories = assign(taken, linker.facts(mentioned(taken)))
        for number, history in histories.items():
            if self._ids.of(walk.people[number].name()) == lead:
                reported = {touchpoint.key: touchpoint for touchpoint in taken}
                return [(reported[folded.key], folded) for folded in history]
        return []

    def _cluster(self, conn: Connection, id: UUID) -> Cluster | None:
        identities, clusters = self._tables.identities, self._tables.clusters
        row = conn.execute(
            select(clusters.c.cluster, clusters.c.state)
            .join(identities, identities.c.cluster == clusters.c.cluster)
            .where(identities.c.id == id)
        ).one_or_none()
        return None if row is None else load_cluster(row.cluster, bytes(row.state), self._ids.hex)
