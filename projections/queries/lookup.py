"""Looking up leads: who owns an identity, what a former id resolves to, and a lead's history."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from domain.fold.explain import Explanation, explain
from domain.fold.fold import Fold
from domain.fold.trace import NO_EFFECT, Effect, Journal
from domain.people.order import WalkKey
from domain.people.sharing import LIMITS, Limits
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.walked import Clusters, RememberedClusters, SavedClusters
from store.database.derived import Derived
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore


def saved_lookup(events: EventStore, ids: Ids, tables: Derived = live, limits: Limits = LIMITS) -> "Lookup":
    """Of what is saved, at the stored pair."""
    return Lookup(ids, SavedClusters(events, ids, tables, limits), events)


class Lookup:
    """Reads clusters on the caller's connection; cheap to make. `events` None: single touchpoints are not found."""

    def __init__(self, ids: Ids, clusters: Clusters, events: EventStore | None = None) -> None:
        self._ids = ids
        self._clusters = clusters
        self._events = events

    def remembering(self) -> "Lookup":
        """The same, which reads each cluster once: for one snapshot alone."""
        return Lookup(self._ids, RememberedClusters(self._clusters), self._events)

    def holder(self, conn: Connection, identity: UUID) -> UUID | None:
        """The lead that owns an identity, given as its hash H."""
        walk = self._clusters.walk(conn, identity)
        if walk is None:
            return None
        clock = self._clusters.clock(conn)
        for owned, person in walk.owner.items():
            if person.heads and self._ids.of(owned) == identity and owned in walk.owned(person, clock):
                return self._ids.of(person.name())
        return None

    def resolve(self, conn: Connection, lead: UUID) -> UUID | None:
        """The live lead of an id: itself, else the one with the earliest touchpoint that this id is made of."""
        walk = self._clusters.walk(conn, lead)
        if walk is None:
            return None
        people = [person for person in walk.people.values() if person.heads]
        if any(self._ids.of(person.name()) == lead for person in people):
            return lead
        candidates = [
            (key, self._ids.of(person.name()))
            for person in people
            for head, key in person.heads.items()
            if self._ids.of(head) == lead
        ]
        return min(candidates)[1] if candidates else None

    def ids_of(self, conn: Connection, lead: UUID) -> list[UUID]:
        """All ids that resolve to a live lead, its own first: under any of them something may have been announced."""
        walk = self._clusters.walk(conn, lead)
        people = [] if walk is None else [person for person in walk.people.values() if person.heads]
        live_ids = {self._ids.of(person.name()) for person in people}
        earliest: dict[UUID, tuple[WalkKey, UUID]] = {}
        for person in people:
            for head, key in person.heads.items():
                id = self._ids.of(head)
                place = key, self._ids.of(person.name())
                earliest[id] = min(place, earliest.get(id, place))
        former = (id for id, (_, holder) in earliest.items() if holder == lead and id not in live_ids)
        return [lead, *sorted(former)]

    def holder_of(self, conn: Connection, lead: UUID, touchpoint: Touchpoint) -> UUID | None:
        """Whose a touchpoint is: looked for in the cluster of an id, then in those of its own identities."""
        for id in (lead, *self._ids.all(touchpoint.identities)):
            cluster = self._clusters.walked(conn, id)
            for number, history in () if cluster is None else cluster.histories.items():
                if cluster is not None and any(each.key == touchpoint.key for each in history):
                    return self._ids.of(cluster.walk.people[number].name())
        return None

    def shared(self, conn: Connection, id: UUID) -> list[Identity]:
        """Those identities in the cluster of an identity's hash that too many people use at the clock."""
        walk = self._clusters.walk(conn, id)
        if walk is None or not walk.facts.shared:
            return []
        clock = self._clusters.clock(conn)
        return sorted(each for each, since in walk.facts.shared.items() if since <= clock)

    def identities(self, conn: Connection, lead: UUID) -> tuple[Identity, ...]:
        """All identities that count as a live lead's at the clock, in canonical order."""
        walk = self._clusters.walk(conn, lead)
        for person in () if walk is None else walk.people.values():
            if walk is not None and person.heads and self._ids.of(person.name()) == lead:
                return walk.owned(person, self._clusters.clock(conn))
        return ()

    def history(self, conn: Connection, lead: UUID) -> tuple[Touchpoint, ...]:
        """A live lead's touchpoints as reported, in the order of the fold, up to the pair."""
        return tuple(reported for reported, _ in self._history(conn, lead))

    def journal(self, conn: Connection, fold: Fold, lead: UUID) -> list[tuple[Touchpoint, Effect]]:
        """The same history, each touchpoint with what it did by the model of a fold."""
        journal, history = Journal(), self._history(conn, lead)
        fold.fold([folded for _, folded in history], self._clusters.clock(conn), journal)
        return [(reported, journal.effects.get(reported.key, NO_EFFECT)) for reported, _ in history]

    def explain(self, conn: Connection, fold: Fold, lead: UUID) -> Explanation:
        """Every point of a live lead, at the clock."""
        return explain(fold, [folded for _, folded in self._history(conn, lead)], self._clusters.clock(conn))

    def recorded(self, conn: Connection, dedupes: Sequence[bytes], until: int) -> list[Touchpoint]:
        """Touchpoints as reported, by their dedupe keys, as far as they are recorded up to a position."""
        return [] if self._events is None else [each for _, each in self._events.of_keys(conn, dedupes, until)]

    def _history(self, conn: Connection, lead: UUID) -> list[tuple[Touchpoint, Touchpoint]]:
        cluster = self._clusters.walked(conn, lead)
        return [] if cluster is None else cluster.history(self._ids, lead)
