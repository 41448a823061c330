"""One batch of touchpoints through link, assign and fold to rows and signals: in one transaction, to one clock."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, select

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.people.facts import Facts
from domain.people.sharing import LIMITS, Limits
from domain.people.walk import Walk
from domain.signals.signal import TELL, Holding
from domain.touchpoints.touchpoint import NEVER, Touchpoint
from projections.projecting.cluster import Cluster
from projections.projecting.ledger import Holdings, Ledger
from projections.projecting.link import Linked, Linker, mentioned
from projections.read_models.changes import NOTHING, Changes, Rendered, render
from projections.read_models.family import Subject
from store.database import bulk
from store.database.tables import Derived, open_signals
from store.events.ids import Ids
from store.events.store import EventStore

_DUE = 2_000
"""Clusters that are due, taken at a time."""
_TOLD = 200
"""Leads of whom `model activate --announce` tells in one transaction."""


class Batches:
    """Folds batches, keeping clusters in a bounded memory. After any error: a new one, from the stored position."""

    def __init__(
        self,
        events: EventStore,
        ids: Ids,
        fold: Fold,
        tables: Derived,
        *,
        ledger: Ledger | None,
        keep: int = 50_000,
        limits: Limits = LIMITS,
    ) -> None:
        self._events = events
        self._ids = ids
        self._fold = fold
        self._tables = tables
        self._ledger = ledger
        self._keep = keep
        self._linker = Linker(ids, tables, limits)
        self._clusters: OrderedDict[int, Cluster] = OrderedDict()

    def take(self, conn: Connection, batch: Sequence[tuple[int, Touchpoint]], position: int, clock: int) -> None:
        """Take a batch up to a position, let time pass to the clock; the caller moves (position, clock) and commits."""
        linked = self._linker.link(conn, batch, lambda clusters: self._recorded(conn, clusters, batch[0][0] - 1))
        touched = self._touched(conn, linked)
        self._work(conn, touched, linked, position, clock)
        while due := self._due(conn, clock):
            self._work(conn, due, Linked(), position, clock)
        self._forget()

    def retry_aside(self, conn: Connection, position: int, clock: int) -> None:
        """Fold anew what was put aside: the mend may have come with this start."""
        table = self._tables.clusters
        numbers = conn.execute(select(table.c.cluster).where(table.c.aside.is_not(None))).scalars().all()
        clusters = self._load(conn, numbers)
        for cluster in clusters:
            cluster.aside, cluster.stale = None, True
        self._work(conn, clusters, Linked(), position, clock, whole=True)

    def compare(
        self, conn: Connection, numbers: Sequence[int], position: int, clock: int, activation: int | None = None
    ) -> None:
        """Bring what is announced of whole clusters in line with what holds; their rows stay as they are.

        `activation`: the last look was under another model than this one, which that activation made the active one.
        """
        assert self._ledger is not None
        clusters = [cluster for cluster in self._load(conn, numbers) if cluster.aside is None]
        for cluster in clusters:
            cluster.activation = activation
        held = [(self._holdings(cluster, clock), cluster) for cluster in clusters]
        self._ledger.announce(conn, held, clock, lambda chosen: self.histories(conn, chosen, position), whole=True)
        failed = [(each.number, each.dump(), None, each.aside, each.activation) for each in clusters if each.aside]
        bulk.upsert(conn, self._tables.clusters, failed)
        self._forget()

    def anyone_to_tell(self, conn: Connection) -> bool:
        """Whether an activation left leads to be told."""
        return (
            conn.execute(select(open_signals.c.holder).where(open_signals.c.earned == TELL).limit(1)).first()
            is not None
        )

    def tell(self, conn: Connection, after: UUID, position: int, clock: int) -> UUID | None:
        """Announce the next of those whom an activation left to be told, behind a lead; None: that were all."""
        query = select(open_signals.c.holder).where(open_signals.c.earned == TELL, open_signals.c.holder > after)
        holders = conn.execute(query.order_by(open_signals.c.holder).limit(_TOLD)).scalars().all()
        found = bulk.select_in(conn, self._tables.identities, ["cluster"], "id", list(holders))
        self.compare(conn, sorted({number for (number,) in found if number is not None}), position, clock)
        return holders[-1] if holders else None

    def _holdings(self, cluster: Cluster, clock: int) -> list[Holding]:
        return [
            Holding(self._ids.of(cluster.walk.people[number].name()), lead, self._fold.at(lead, clock))
            for number, lead in cluster.leads.items()
        ]

    # ---- loading ----

    def _load(self, conn: Connection, numbers: Iterable[int]) -> list[Cluster]:
        wanted = list(numbers)
        cold = [number for number in wanted if number not in self._clusters]
        columns = ["cluster", "state", "aside", "activation"]
        for number, state, aside, activation in bulk.select_in(conn, self._tables.clusters, columns, "cluster", cold):
            self._clusters[number] = Cluster.load(number, bytes(state), self._ids.hex, aside, activation)
        found = []
        for number in wanted:
            if number not in self._clusters:
                self._clusters[number] = Cluster(number, Walk(Facts(self._ids.hex)))
            self._clusters.move_to_end(number)
            found.append(self._clusters[number])
        return found

    def _recorded(self, conn: Connection, since: Mapping[int, int], position: int) -> list[Touchpoint]:
        """What lies up to a position in the trails of some clusters: of those that have anything from an instant on."""
        trails = {
            trail
            for cluster in self._load(conn, since)
            if cluster.waiting is not None or cluster.last >= since[cluster.number]
            for trail in cluster.trails
        }
        return [touchpoint for _, touchpoint in self._events.of_trails(conn, list(trails), position)]

    def _touched(self, conn: Connection, linked: Linked) -> list[Cluster]:
        """The clusters of a batch, those that they absorbed in them."""
        clusters = self._load(conn, linked.members)
        lost = [number for numbers in linked.absorbed.values() for number in numbers]
        self._load(conn, lost)
        for cluster in clusters:
            for number in linked.absorbed.get(cluster.number, ()):
                cluster.absorb(self._clusters.pop(number))
            if cluster.number in linked.facts:
                cluster.learn(linked.facts[cluster.number])
            cluster.stale |= cluster.number in linked.stale
            cluster.trails.update(map(self._ids.of, {t.trail for t in linked.members[cluster.number]}))
            cluster.trails |= linked.trails.get(cluster.number, set())
        bulk.delete(conn, self._tables.clusters, "cluster", lost)
        return clusters

    def _due(self, conn: Connection, clock: int) -> list[Cluster]:
        table = self._tables.clusters
        query = select(table.c.cluster).where(table.c.due <= clock, table.c.aside.is_(None)).limit(_DUE)
        return self._load(conn, conn.execute(query).scalars().all())

    def _forget(self) -> None:
        while len(self._clusters) > self._keep:
            self._clusters.popitem(last=False)

    # ---- folding ----

    def _work(
        self,
        conn: Connection,
        clusters: Sequence[Cluster],
        linked: Linked,
        position: int,
        clock: int,
        *,
        whole: bool = False,
    ) -> None:
        again = []
        for cluster in clusters:
            if cluster.aside is None and not self._step(cluster, linked.members.get(cluster.number, ()), clock):
                again.append(cluster)
        self._walk_again(conn, again, position, clock)
        changes = Changes(self._tables)
        dues: dict[int, int | None] = {}
        held: list[Holdings] = []
        for cluster in clusters:
            if cluster.aside is None:
                dues[cluster.number] = self._show(cluster, clock, changes, held)
        changes.write(conn)
        if self._ledger is not None:
            self._ledger.announce(conn, held, clock, lambda chosen: self.histories(conn, chosen, position), whole=whole)
        self._linker.write(conn, linked)
        rows = [
            (cluster.number, cluster.dump(), dues.get(cluster.number), cluster.aside, cluster.activation)
            for cluster in clusters
        ]
        bulk.upsert(conn, self._tables.clusters, rows)

    def _step(self, cluster: Cluster, touchpoints: Sequence[Touchpoint], clock: int) -> bool:
        try:
            return cluster.take(self._fold, touchpoints, clock)
        except Exception:  # the walk of the whole history says whether it really fails, and why
            return False

    def _walk_again(self, conn: Connection, clusters: Sequence[Cluster], position: int, clock: int) -> None:
        histories = self.histories(conn, clusters, position)
        for cluster in clusters:
            history = histories[cluster.number]
            try:
                cluster.walk_again(self._fold, history, self._linker.facts(mentioned(history)), clock)
            except Exception as error:
                cluster.put_aside(error)

    def histories(self, conn: Connection, clusters: Sequence[Cluster], position: int) -> dict[int, list[Touchpoint]]:
        """All touchpoints of the clusters up to a position, read with one query."""
        if not clusters:
            return {}
        trails = {trail for cluster in clusters for trail in cluster.trails}
        touchpoints = [touchpoint for _, touchpoint in self._events.of_trails(conn, list(trails), position)]
        return self._linker.sort_home(conn, touchpoints, [cluster.number for cluster in clusters])

    # ---- showing ----

    def _show(self, cluster: Cluster, clock: int, changes: Changes, held: list[Holdings]) -> int | None:
        """Put the cluster's leads into rows, and what holds of them; when time alone next changes something."""
        try:
            shows = [self._shown(cluster, number, lead, clock) for number, lead in cluster.leads.items()]
        except Exception as error:
            cluster.put_aside(error)
            return None
        due = cluster.due(clock)
        before, cluster.shown = cluster.shown, {}
        for holding, rendered in shows:
            id = holding.id
            cluster.shown[id] = rendered.shown
            changes.show(before.pop(id, NOTHING), rendered)
            self._linker.name(id, cluster.number)
            due = min(due, holding.now.due)
        for id in before:
            changes.gone(id)
        cluster.ceased = set(before)
        held.append(([holding for holding, _ in shows], cluster))
        return None if due >= NEVER else due

    def _shown(self, cluster: Cluster, number: int, lead: Lead, clock: int) -> tuple[Holding, Rendered]:
        walk, now = cluster.walk, self._fold.at(lead, clock)
        person = walk.people[number]
        id = self._ids.of(person.name())
        subject = Subject(id, lead, now, walk.owned(person, clock), walk.findings(person))
        return Holding(id, lead, now), render(self._fold, subject)
