"""What a touchpoint would do to leads if it were recorded next: the projector's own steps, written nowhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from domain.errors import Refused
from domain.fold.fold import Fold
from domain.people.facts import Facts
from domain.people.sharing import Limits
from domain.people.walk import Walk
from domain.signals.handing_over import LATE
from domain.signals.signal import Holding
from domain.touchpoints.touchpoint import Position, Touchpoint
from projections.projecting.cluster import Cluster
from projections.projecting.ledger import Ledger
from projections.projecting.link import Linked, Linker, mentioned
from projections.projecting.plan import Plan
from projections.projecting.projector import Progress
from projections.projecting.saved import States
from projections.projecting.todo import Todo, again, news_of
from store.database.database import Database
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore


class PutAside(Refused):
    """A cluster that a fault put aside: nobody can say what would come of it."""


class ForeseenCluster(NamedTuple):
    """A cluster as it would be, walked anew, and what would be said of its leads (None: nothing)."""

    todo: Todo
    history: list[Touchpoint]
    facts: Facts
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Foresight:
    """Of one installation."""

    database: Database
    events: EventStore
    ids: Ids
    limits: Limits

    def clusters(
        self, conn: Connection, fold: Fold, touchpoint: Touchpoint, progress: Progress, clock: int
    ) -> list[ForeseenCluster]:
        """What a touchpoint would do to clusters, if it were recorded behind the stored pair and seen at a clock.

        Raises SavedByAnother, PutAside, UnknownTopic.
        """
        progress.check_format()
        states = States(live, self.ids.hex)
        linker = Linker(self.ids, live, self.limits)

        def recorded(since: Mapping[int, int]) -> Iterable[Touchpoint]:
            saved = states.clusters(conn, list(since))
            late = [each for number, each in saved.items() if each.waiting is not None or each.last >= since[number]]
            return self._recorded(conn, late, progress.position)

        linked = linker.link(conn, [(Position(progress.position + 1), touchpoint)], recorded)
        clusters = self._linked(conn, states, linked)
        histories = linker.sort_home(
            conn,
            [*self._recorded(conn, clusters, progress.position), touchpoint],
            [cluster.number for cluster in clusters],
        )
        todos = [self._walked(conn, states, linker, linked, each, histories, fold, clock) for each in clusters]
        plans = self._plans(conn, fold, todos, histories, clock)
        return [
            ForeseenCluster(todo, histories[todo.cluster.number], todo.cluster.walk.facts, plans.get(place))
            for place, todo in enumerate(todos)
        ]

    def _linked(self, conn: Connection, states: States, linked: Linked) -> list[Cluster]:
        """The clusters that are concerned, those that they absorb in them."""
        lost = [number for numbers in linked.absorbed.values() for number in numbers]
        saved = states.clusters(conn, [*linked.members, *lost])
        if aside := [each.aside for each in saved.values() if each.aside is not None]:
            raise PutAside(f"a fold of these leads failed, and nobody knows what would come of them: {aside[0]}")
        clusters = []
        for number, touchpoints in linked.members.items():
            cluster = saved.get(number) or Cluster(number, Walk(Facts(self.ids.hex)))
            for each in linked.absorbed.get(number, ()):
                cluster.absorb(saved[each])
            cluster.record({self.ids.of(each.trail) for each in touchpoints} | linked.trails.get(number, set()))
            clusters.append(cluster)
        return clusters

    def _recorded(self, conn: Connection, clusters: Iterable[Cluster], until: Position) -> list[Touchpoint]:
        trails = {trail for cluster in clusters for trail in cluster.trails}
        return [touchpoint for _, touchpoint in self.events.of_trails(conn, list(trails), until)]

    def _walked(
        self,
        conn: Connection,
        states: States,
        linker: Linker,
        linked: Linked,
        cluster: Cluster,
        histories: Mapping[int, list[Touchpoint]],
        fold: Fold,
        clock: int,
    ) -> Todo:
        """A cluster walked again, and those of its leads folded that it touches."""
        numbers = [cluster.number, *linked.absorbed.get(cluster.number, ())]
        known = {id: each for saved in states.fingerprints(conn, numbers).values() for id, each in saved.items()}
        history = histories[cluster.number]
        todo = again(cluster, self.ids, history, linker.facts(mentioned(history)), clock, known)
        cluster.members.update(states.members(conn, [id for id in todo.loaded if id is not None]))
        todo.carry_out(self.ids, fold, clock)
        cluster.ceased = todo.ceased
        return todo

    def _plans(
        self,
        conn: Connection,
        fold: Fold,
        todos: Sequence[Todo],
        histories: Mapping[int, list[Touchpoint]],
        clock: int,
    ) -> dict[int, Plan]:
        """What would be said, by the place among `todos`; what would be open then is in their clusters."""
        held = []
        for todo in todos:
            members = {id: todo.cluster.members[id] for id in todo.touched.values() if id is not None}
            holdings = [Holding(id, each.lead, fold.at(each.lead, clock)) for id, each in members.items()]
            held.append((holdings, todo.cluster))

        def read(clusters: Sequence[Cluster], since: int | None = None) -> dict[int, list[Touchpoint]]:
            of_each = {each.number: histories[each.number] for each in clusters}
            return {
                number: [each for each in history if since is None or each.instant > since]
                for number, history in of_each.items()
            }

        ledger = Ledger(self.database, self.ids, fold)
        news = news_of(todos, ledger.hands.types, clock - LATE)
        plans, _ = ledger.plans(conn, held, clock, read, news=news)
        for plan in plans:
            plan.keep((f"foreseen {n}" for n in range(len(plan.changes))), clock)
        failed = [todo.cluster.aside for todo in todos if todo.cluster.aside is not None]
        if failed:
            raise PutAside(f"what would be said of these leads cannot be decided: {failed[0]}")
        by_number = {plan.cluster.number: plan for plan in plans}
        return {place: by_number[n] for place, todo in enumerate(todos) if (n := todo.cluster.number) in by_number}
