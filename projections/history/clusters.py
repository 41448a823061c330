"""Ranges of the clusters that the projector saved, and the people in them: what most work over the whole history reads.

A range goes by the clusters' numbers: behind the first, up to the second. All ranges together are all clusters.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Protocol, Self, TypeVar

from sqlalchemy import Connection, func, select

from domain.fold.fold import Fold
from domain.people.findings import findings, parted_at
from domain.people.sharing import LIMITS, Limits
from domain.people.walk import Walk, assign
from domain.touchpoints.touchpoint import Touchpoint
from projections.history.work import Work
from projections.projecting.link import Linker, mentioned
from projections.projecting.projector import Progress
from projections.projecting.saved import load_cluster
from projections.read_models.family import Subject
from store.database.database import Database
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore

Range = tuple[int, int]
Report = Callable[[int, int], None]
"""How many touchpoints are done, of how many. It raises where the work shall end."""

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
        return Subject(ids.of(person.name()), lead, fold.at(lead, clock), owned, noticed, parted, self.history)


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


class RangePart(Protocol):
    """What a task says of the clusters of a range: put together in any order it is what is said of all."""

    touchpoints: int
    failed: list[str]
    """Of clusters that cannot be folded, why: they are left out."""

    def add(self, other: Self) -> None:
        """Take what is said of others."""
        ...


Summed = TypeVar("Summed", bound=RangePart)


def sum_of(
    work: Work,
    conn: Connection,
    task: Callable[[Range], Summed],
    progress: Progress,
    report: Report | None,
    touchpoints: int,
) -> Summed:
    """What a task says of all clusters, with why some were put aside before; it is given so many touchpoints, about."""
    total: Summed | None = None
    for part in work.each(task, ((within,) for within in ranges(conn, touchpoints))):
        if total is None:
            total = part
        else:
            total.add(part)
        if report is not None:
            report(total.touchpoints, progress.position)
    assert total is not None, "there is a range, if of nothing"
    total.failed = sorted([*total.failed, *put_aside(conn)])
    return total


def put_aside(conn: Connection) -> list[str]:
    """Why clusters were put aside by a fault."""
    aside = live.clusters.c.aside
    return list(conn.execute(select(aside).where(aside.is_not(None))).scalars())
