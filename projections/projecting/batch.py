"""One batch of touchpoints through link, assign and fold to rows and signals: in one transaction, to one clock."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from domain.fold.fold import Fold
from domain.people.facts import Facts
from domain.people.findings import findings, parted_at
from domain.people.sharing import LIMITS, Limits
from domain.people.walk import Walk
from domain.signals.handing_over import LATE
from domain.signals.signal import TELL, Holding
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Position, Touchpoint
from projections.projecting.cluster import Cluster, Member
from projections.projecting.ledger import Ledger
from projections.projecting.link import Linked, Linker, mentioned
from projections.projecting.plan import Holdings
from projections.projecting.saved import States, lead_row
from projections.projecting.todo import Todo, again, news_of, onward
from projections.read_models.changes import Changes, Rendered, render
from projections.read_models.family import Subject
from store.database import bulk
from store.database.derived import Derived
from store.database.partitions import Partitions
from store.database.tables import open_signals
from store.events.ids import Ids
from store.events.store import EventStore, Recorded

_DUE = 2_000
"""Clusters and leads that are due, taken at a time."""
_TOLD = 200
"""Leads of whom `model activate --announce` tells in one transaction."""
_MEMBERS = 1_000
"""Leads of one cluster that are kept in memory at most."""
_Due = Mapping[int, Collection[UUID]]  # clusters, and of each the leads of which time alone changes something


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
        self._partitions = Partitions(tables.touches)
        self._ledger = ledger
        self._keep = keep
        self._linker = Linker(ids, tables, limits)
        self._nothing = Facts(ids.hex)
        self._states = States(tables, ids.hex)
        self._clusters: OrderedDict[int, Cluster] = OrderedDict()

    def take(self, conn: Connection, batch: Sequence[Recorded], position: Position, clock: int) -> None:
        """Take a batch up to a position, let time pass to the clock; the caller moves (position, clock) and commits."""
        linked = self._linker.link(conn, batch, lambda clusters: self._recorded(conn, clusters, batch[0][0] - 1))
        touched = self._touched(conn, linked)
        self._work(conn, touched, linked, position, clock)
        while due := self._states.due(conn, clock, _DUE):
            touched += self.look_at(conn, due, position, clock)
        if self._ledger is not None and (late := self._ledger.hands.due(conn, clock, _DUE)):
            touched += self.look_at(conn, late, position, clock)
        self._forget(touched)

    def look_at(self, conn: Connection, due: _Due, position: Position, clock: int) -> Sequence[Cluster]:
        """Do what time alone asks of clusters."""
        clusters = self._load(conn, due)
        self._work(conn, clusters, Linked(), position, clock, due)
        return clusters

    def retry_aside(self, conn: Connection, position: Position, clock: int) -> None:
        """Fold anew what was put aside: the mend may have come with this start."""
        table = self._tables.clusters
        numbers = conn.execute(select(table.c.cluster).where(table.c.aside.is_not(None))).scalars().all()
        clusters = self._load(conn, numbers)
        for cluster in clusters:
            cluster.aside, cluster.stale, cluster.anew = None, True, True
        self._work(conn, clusters, Linked(), position, clock, whole=True)

    def compare(
        self, conn: Connection, numbers: Sequence[int], position: Position, clock: int, activation: int | None = None
    ) -> None:
        """Bring what is announced of whole clusters in line with what holds; their rows stay as they are.

        `activation`: the last look was under another model than this one, which that activation made the active one.
        """
        assert self._ledger is not None
        clusters = [cluster for cluster in self._load(conn, numbers) if cluster.aside is None]
        self._states.load_all(conn, clusters)
        for cluster in clusters:
            cluster.activation = activation
        held = [(self._holdings(cluster, clock), cluster) for cluster in clusters]
        self._ledger.announce(conn, held, clock, partial(self.histories, conn, position), whole=True)
        self._states.write(conn, [cluster for cluster in clusters if cluster.aside], [], [])
        self._forget(clusters)

    def anything_due(self, conn: Connection, clock: int) -> bool:
        """Whether time alone changes anything by a clock."""
        if self._ledger is not None and self._ledger.hands.due(conn, clock, 1):
            return True
        return self._states.anything_due(conn, clock)

    def anyone_to_tell(self, conn: Connection) -> bool:
        """Whether an activation left leads to be told."""
        return (
            conn.execute(select(open_signals.c.holder).where(open_signals.c.earned == TELL).limit(1)).first()
            is not None
        )

    def tell(self, conn: Connection, after: UUID, position: Position, clock: int) -> UUID | None:
        """Announce the next of those whom an activation left to be told, behind a lead; None: that were all."""
        query = select(open_signals.c.holder).where(open_signals.c.earned == TELL, open_signals.c.holder > after)
        holders = conn.execute(query.order_by(open_signals.c.holder).limit(_TOLD)).scalars().all()
        rows = bulk.select_in(conn, self._tables.identities, ["cluster"], "id", list(holders))
        self.compare(conn, sorted({number for (number,) in rows if number is not None}), position, clock)
        return holders[-1] if holders else None

    def _holdings(self, cluster: Cluster, clock: int) -> list[Holding]:
        return [Holding(id, member.lead, self._fold.at(member.lead, clock)) for id, member in cluster.members.items()]

    # ---- loading ----

    def _load(self, conn: Connection, numbers: Iterable[int]) -> list[Cluster]:
        wanted = list(numbers)
        cold = [number for number in wanted if number not in self._clusters]
        self._clusters.update(self._states.clusters(conn, cold))
        for number in wanted:
            if number not in self._clusters:
                self._clusters[number] = Cluster(number, Walk(self._nothing))
            self._clusters.move_to_end(number)
        return [self._clusters[number] for number in wanted]

    def _recorded(self, conn: Connection, since: Mapping[int, int], until: int) -> list[Touchpoint]:
        """What is recorded up to a position in the trails of those clusters that have anything from an instant on."""
        trails = {
            trail
            for cluster in self._load(conn, since)
            if cluster.waiting is not None or cluster.last >= since[cluster.number]
            for trail in cluster.trails
        }
        return [touchpoint for _, touchpoint in self._events.of_trails(conn, list(trails), until)]

    def _touched(self, conn: Connection, linked: Linked) -> list[Cluster]:
        """The clusters of a batch, those that they absorbed in them."""
        clusters = self._load(conn, linked.members)
        absorbed = {lost: into for into, numbers in linked.absorbed.items() for lost in numbers}
        self._load(conn, absorbed)
        self._states.absorb(conn, absorbed)
        for cluster in clusters:
            for number in linked.absorbed.get(cluster.number, ()):
                cluster.absorb(self._clusters.pop(number))
            if cluster.number in linked.facts:
                cluster.learn(linked.facts[cluster.number])
            if cluster.number in linked.stale:
                cluster.stale = cluster.changed = True
            cluster.record({self._ids.of(touchpoint.trail) for touchpoint in linked.members[cluster.number]})
            if cluster.number in linked.trails:
                cluster.record(linked.trails[cluster.number])
        return clusters

    def _load_members(self, conn: Connection, todos: Sequence[Todo]) -> None:
        each = ((id, todo.cluster) for todo in todos for id in todo.loaded)
        cold = {id: cluster for id, cluster in each if id is not None and id not in cluster.members}
        for id, member in self._states.members(conn, cold.keys()).items():
            cold[id].members[id] = member

    def _forget(self, touched: Iterable[Cluster]) -> None:
        while len(self._clusters) > self._keep:
            self._clusters.popitem(last=False)
        for cluster in touched:
            if cluster.ceased:
                cluster.ceased = frozenset()
            if len(cluster.members) > _MEMBERS:
                cluster.members.clear()
                cluster.opens.clear()

    # ---- folding ----

    def _work(
        self,
        conn: Connection,
        clusters: Sequence[Cluster],
        linked: Linked,
        position: Position,
        clock: int,
        due: _Due | None = None,
        *,
        whole: bool = False,
    ) -> None:
        todos = self._folded(conn, clusters, linked, position, clock, due or {})
        changes = Changes(self._tables, self._partitions, counts=self._ledger is not None)
        rows: list[tuple[Any, ...]] = []
        held: list[Holdings] = []
        shown = [todo for todo in todos if self._show(todo, clock, changes, rows, held)]
        changes.write(conn)
        if self._ledger is not None:
            news = news_of(shown, self._ledger.hands.types, clock - LATE)
            self._ledger.announce(conn, held, clock, partial(self.histories, conn, position), news=news, whole=whole)
        self._linker.write(conn, linked)
        self._states.write(conn, clusters, rows, [id for todo in shown for id in todo.ceased])

    def _folded(
        self,
        conn: Connection,
        clusters: Sequence[Cluster],
        linked: Linked,
        position: Position,
        clock: int,
        due: _Due,
    ) -> list[Todo]:
        """Walk and fold; what could not be is put aside."""
        todos, again = [], []
        for cluster in clusters:
            if cluster.aside is None:
                touchpoints = linked.members.get(cluster.number, ())
                todo = self._onward(cluster, touchpoints, clock, due.get(cluster.number, ()))
                if todo is None:
                    again.append(cluster)
                else:
                    todos.append(todo)
        self._load_members(conn, todos)
        failures = self._carry_out(todos, clock)
        if failures:
            again += [todos[place].cluster for place in failures]
            todos = [todo for place, todo in enumerate(todos) if place not in failures]
        if again:
            anew = self._again(conn, again, position, clock)
            self._load_members(conn, anew)
            failures = self._carry_out(anew, clock)
            for place, error in failures.items():
                anew[place].cluster.put_aside(error)
            todos += [todo for place, todo in enumerate(anew) if place not in failures]
        return todos

    def _onward(
        self, cluster: Cluster, touchpoints: Sequence[Touchpoint], clock: int, due: Collection[UUID]
    ) -> Todo | None:
        try:
            return onward(cluster, self._ids, touchpoints, clock, due)
        except Exception:  # the walk of the whole history says whether it really fails, and why
            return None

    def _carry_out(self, todos: Sequence[Todo], clock: int) -> dict[int, Exception]:
        """Fold; of those that failed the place among `todos`, and why."""
        failures: dict[int, Exception] = {}
        ids, fold = self._ids, self._fold
        for place, todo in enumerate(todos):
            try:
                todo.carry_out(ids, fold, clock)
            except Exception as error:
                todo.cluster.members.clear()
                failures[place] = error
        return failures

    def _again(self, conn: Connection, clusters: Sequence[Cluster], position: Position, clock: int) -> list[Todo]:
        if not clusters:
            return []
        histories = self.histories(conn, position, clusters)
        saved = self._states.fingerprints(conn, histories.keys())
        self._unspoil(conn, clusters)
        todos = []
        for cluster in clusters:
            history = histories[cluster.number]
            try:
                facts = self._linker.facts(mentioned(history))
                todos.append(again(cluster, self._ids, history, facts, clock, saved[cluster.number]))
            except Exception as error:
                cluster.put_aside(error)
        return todos

    def _unspoil(self, conn: Connection, clusters: Sequence[Cluster]) -> None:
        """Take back what a walk did that has to be made again: with what is saved it is compared."""
        spoilt = [cluster for cluster in clusters if cluster.walk.changed]
        walks = self._states.walks(conn, [cluster.number for cluster in spoilt])
        for cluster in spoilt:
            cluster.walk = walks.get(cluster.number) or Walk(self._nothing)

    def histories(
        self, conn: Connection, position: Position, clusters: Sequence[Cluster], since: int | None = None
    ) -> dict[int, list[Touchpoint]]:
        """All touchpoints of the clusters up to a position (later than an instant), read with one query."""
        if not clusters:
            return {}
        trails = {trail for cluster in clusters for trail in cluster.trails}
        touchpoints = [touchpoint for _, touchpoint in self._events.of_trails(conn, list(trails), position, since)]
        return self._linker.sort_home(conn, touchpoints, [cluster.number for cluster in clusters])

    # ---- showing ----

    def _show(
        self, todo: Todo, clock: int, changes: Changes, rows: list[tuple[Any, ...]], held: list[Holdings]
    ) -> bool:
        """Put the leads that were touched into rows, and what holds of them. False: the cluster is put aside."""
        cluster = todo.cluster
        try:
            shows = [self._shown(cluster, number, id, clock) for number, id in todo.touched.items() if id is not None]
        except Exception as error:
            cluster.put_aside(error)
            return False
        for holding, member, rendered in shows:
            changes.show(member.shown, rendered, member.rows, member.former)
            member.note_shown(rendered, holding.now)
            rows.append(lead_row(cluster, holding.id, member, holding.now.due))
        for number in todo.renamed:
            if (id := todo.touched.get(number)) is not None:
                self._linker.name(id, cluster.number)
        changes.reach(todo.since)
        for id in todo.ceased:
            changes.gone(id)
        if todo.ceased or cluster.ceased:
            cluster.ceased = todo.ceased
        due = cluster.next_look(clock)
        if due != cluster.due:
            cluster.due, cluster.changed = due, True
        held.append(([holding for holding, *_ in shows], cluster))
        return True

    def _shown(self, cluster: Cluster, number: int, id: UUID, clock: int) -> tuple[Holding, Member, Rendered]:
        walk, member, person = cluster.walk, cluster.members[id], cluster.walk.people[number]
        lead, now, owned = member.lead, self._fold.at(member.lead, clock), self._owned(cluster, member, number, clock)
        subject = Subject(id, lead, now, owned, findings(walk, person), parted_at(walk, person), member.taken)
        return Holding(id, lead, now), member, render(self._fold, subject)

    def _owned(self, cluster: Cluster, member: Member, number: int, clock: int) -> tuple[Identity, ...]:
        """What counts as the lead's: remembered, as long as time alone changes nothing of that."""
        walk = cluster.walk
        if walk.facts.shared:
            return walk.owned(walk.people[number], clock)
        if member.owned is None:
            member.owned = walk.owned(walk.people[number], clock)
        return member.owned
