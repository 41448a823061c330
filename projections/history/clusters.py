"""Ranges of the clusters that the projector saved, and the people in them: what most work over the whole history reads.

A range goes by the clusters' numbers: behind the first, up to the second. All ranges together are all clusters.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from domain.fold.fold import Fold
from domain.people.findings import findings, parted_at
from domain.people.sharing import LIMITS, Limits
from domain.people.walk import Walk, assign
from domain.touchpoints.touchpoint import Touchpoint
from projections.projecting.link import Linker, mentioned
from projections.projecting.projector import Progress
from projections.projecting.saved import load_cluster
from projections.read_models.family import Subject
from store.database.database import Database
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore

Range = tuple[int, int]

_FIRST: Final = -1
_LAST: Final = 2**62
_FETCHED: Final = 10_000
"""Clusters fetched at a time."""


class WalkedPerson(NamedTuple):
    """One person of a cluster's walk, and what happened to them up to the clock, in the order of the fold."""

    walk: Walk
    number: int
    history: list[Touchpoint]

    def subject(self, fold: Fold, ids: Ids, clock: int) -> Subject:
        """The lead that a model's fold makes of them: what the rows of all read models are made of."""
        person, lead = self.walk.people[self.number], fold.fold(self.history, clock)
        owned, noticed, parted = (
            self.walk.owned(person, clock),
            findings(self.walk, person),
            parted_at(self.walk, person),
        )
        return Subject(ids.of(person.name()), lead, fold.at(lead, clock), owned, noticed, parted)


def people_of(walk: Walk, histories: dict[int, list[Touchpoint]]) -> list[WalkedPerson]:
    """Those whom `assign` found in a cluster."""
    return [WalkedPerson(walk, number, history) for number, history in histories.items()]


def ranges(conn: Connection, touchpoints: int) -> Iterator[Range]:
    """Ranges of about so many touchpoints each: one that is larger holds a cluster that is."""
    leads, states = live.leads, live.lead_states
    query = select(states.c.cluster, func.sum(leads.c.touches)).join(leads, leads.c.lead == states.c.lead)
    query = query.group_by(states.c.cluster).order_by(states.c.cluster).execution_options(yield_per=_FETCHED)
    low, size = _FIRST, 0
    for cluster, touches in conn.execute(query):
        size += touches
        if size >= touchpoints:
            yield low, cluster
            low, size = cluster, 0
    yield low, _LAST


def people_in(
    database: Database, conn: Connection, ids: Ids, within: Range, at: Progress, limits: Limits = LIMITS
) -> Iterator[list[WalkedPerson]]:
    """The people of each cluster of a range, by what is recorded up to the pair. Raises SavedByAnother, UnknownTopic.

    A cluster of which nothing happened by then has none; those that were put aside by a fault are left out.
    """
    table, (low, high) = live.clusters, within
    query = select(table.c.cluster, table.c.state).where(table.c.cluster > low, table.c.cluster <= high)
    query = query.where(table.c.aside.is_(None))
    saved = [(number, bytes(state)) for number, state in conn.execute(query.order_by(table.c.cluster))]
    trails = {trail for number, state in saved for trail in load_cluster(number, state, ids.hex).trails}
    recorded = EventStore(database).of_trails(conn, list(trails), at.position)
    linker = Linker(ids, live, limits)
    homes = linker.sort_home(conn, [each for _, each in recorded], [number for number, _ in saved])
    for touchpoints in homes.values():
        taken = [touchpoint for touchpoint in touchpoints if touchpoint.instant <= at.clock]
        yield people_of(*assign(taken, linker.facts(mentioned(taken))))
