"""The signal ledger: what is announced is compared with what holds, and the difference is written, once, for ever."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, func, select

from domain.fold.explain import explain
from domain.fold.fold import Fold
from domain.people.person import Person
from domain.people.walk import assign
from domain.signals.decide import decide
from domain.signals.kinds import HOT, MODEL, TRAITS, SignalKind
from domain.signals.message import hot_message, standing
from domain.signals.signal import Change, Decision, Holding, Kept, Open, hand_over, to_be_told
from domain.touchpoints.touchpoint import Touchpoint, rfc3339
from projections.projecting.cluster import Cluster
from store.database import bulk
from store.database.database import Database
from store.database.tables import ledger, live, open_signals
from store.events.ids import Ids
from store.ledger import Ask

Holdings = tuple[Sequence[Holding], Cluster]
Histories = Callable[[Sequence[Cluster]], Mapping[int, list[Touchpoint]]]


class Ledger:
    """Writes signals in the projector's transaction."""

    def __init__(self, database: Database, ids: Ids, fold: Fold) -> None:
        self._database = database
        self._ids = ids
        self._fold = fold

    def announce(
        self, conn: Connection, clusters: Sequence[Holdings], clock: int, histories: Histories, *, whole: bool = False
    ) -> None:
        """Write what must be said about leads of these clusters; `clock` is the decisions' instant.

        `whole`: these are all the leads of their clusters, and what is open of others there is nobody's any more.
        """
        if whole:
            self._read_whole(conn, clusters)
        else:
            self._read_opens(conn, clusters)
        plans = [plan for holdings, cluster in clusters if (plan := self._plan(holdings, cluster, clock)) is not None]
        explained = self._explained(plans, clock, histories)
        plans = [plan for plan in plans if plan.cluster.aside is None]
        signals = self._write(conn, plans, clock, explained)
        self._keep_opens(conn, plans, signals, clock)
        for _, cluster in clusters:
            if cluster.activation is not None and cluster.aside is None:
                cluster.activation = None

    def _plan(self, holdings: Sequence[Holding], cluster: Cluster, clock: int) -> "_Plan | None":
        """What is to be said of one cluster's leads; None: nothing."""
        by_model = cluster.activation is not None
        opens = cluster.opens
        changes: list[Change] = []
        try:
            successors = self._successors(cluster) if cluster.ceased else {}
            if successors:
                changes += self._hand_over(cluster, successors, holdings)
            for holding in holdings:
                changes += decide(holding, opens[holding.id], self._fold, clock, by_model=by_model)
            if cluster.activation is not None and cluster.activation < 0:
                changes = [to_be_told(change) for change in changes]
            standings = self._standings(cluster, holdings, changes, clock)
        except Exception as error:
            cluster.put_aside(error)
            return None
        if not changes and not successors:
            return None
        moved = {*successors, *(successor for successor in successors.values() if successor is not None)}
        return _Plan(cluster, changes, moved, standings)

    def _hand_over(
        self, cluster: Cluster, successors: Mapping[UUID, UUID | None], holdings: Sequence[Holding]
    ) -> list[Decision]:
        """Give what ceased leads hold to their successors; the ends of what came together."""
        holders = {*successors, *(successor for successor in successors.values() if successor is not None)}
        unclosed = [each for holder in holders for each in cluster.opens[holder].values()]
        held, closed = hand_over(unclosed, successors, {holding.id: holding.lead for holding in holdings})
        for holder in holders:
            cluster.opens[holder] = {}
        for each in held.values():
            cluster.opens[each.holder][each.kind, each.subject] = each
        return closed

    def _successors(self, cluster: Cluster) -> dict[UUID, UUID | None]:
        """Of what ceased leads of the cluster hold, who has it now."""
        return {id: self.successor(cluster, id) for id in cluster.ceased if cluster.opens.get(id)}

    def successor(self, cluster: Cluster, id: UUID) -> UUID | None:
        """The lead of the cluster that a former lead's id resolves to."""
        candidates = [
            (key, person)
            for person in cluster.walk.people.values()
            for head, key in person.heads.items()
            if self._ids.of(head) == id
        ]
        return self._ids.of(min(candidates, key=lambda each: each[0])[1].name()) if candidates else None

    # ---- reading ----

    def _read_opens(self, conn: Connection, clusters: Sequence[Holdings]) -> None:
        """What is open of these leads and of those that ceased, where a cluster does not know it yet."""
        cold: dict[UUID, Cluster] = {}
        for holdings, cluster in clusters:
            opens = cluster.opens
            for holding in holdings:
                if holding.id not in opens:
                    cold[holding.id] = cluster
            for id in cluster.ceased:
                if id not in opens:
                    cold[id] = cluster
        self._read(conn, cold)
        successors = {
            successor: cluster
            for _, cluster in clusters
            if cluster.ceased
            for successor in self._successors(cluster).values()
            if successor is not None and successor not in cluster.opens
        }
        self._read(conn, successors)

    def _read(self, conn: Connection, cold: Mapping[UUID, Cluster]) -> None:
        for holder, cluster in cold.items():
            cluster.opens[holder] = {}
        for row in bulk.select_in(conn, open_signals, _COLUMNS, "holder", list(cold)):
            each = _open(row)
            cold[each.holder].opens[each.holder][each.kind, each.subject] = each

    def _read_whole(self, conn: Connection, clusters: Sequence[Holdings]) -> None:
        """What is open in these clusters, whoever holds it."""
        numbers = {cluster.number: cluster for _, cluster in clusters}
        for holdings, cluster in clusters:
            cluster.opens = {holding.id: {} for holding in holdings}
        ids = bulk.select_in(conn, live.identities, ["cluster", "id"], "cluster", list(numbers))
        of_id = {id: numbers[number] for number, id in ids}
        for row in bulk.select_in(conn, open_signals, _COLUMNS, "holder", list(of_id)):
            each = _open(row)
            of_id[each.holder].opens.setdefault(each.holder, {})[each.kind, each.subject] = each
        for holdings, cluster in clusters:
            cluster.ceased = cluster.opens.keys() - {holding.id for holding in holdings}

    def _explained(self, plans: Sequence["_Plan"], clock: int, histories: Histories) -> dict[UUID, dict[str, Any]]:
        """The reasons of the leads that become hot. A cluster that cannot be explained is put aside."""
        hot = {plan.cluster.number: leads for plan in plans if (leads := plan.hot())}
        if not hot:
            return {}
        chosen = {plan.cluster.number: plan.cluster for plan in plans if plan.cluster.number in hot}
        explained: dict[UUID, dict[str, Any]] = {}
        for number, history in histories(list(chosen.values())).items():
            try:
                seen = self._seen(chosen[number])
                walk, mine = assign((t for t in history if t.instant <= clock), chosen[number].walk.facts)
                for person, touchpoints in mine.items():
                    id = self._ids.of(walk.people[person].name())
                    if id in hot[number]:
                        explanation = explain(self._fold, touchpoints, clock)
                        owned = chosen[number].walk.owned(seen[id], clock) if id in seen else ()
                        explained[id] = hot_message(self._fold, explanation, clock, owned)
            except Exception as error:
                chosen[number].put_aside(error)
        return explained

    def _standings(
        self, cluster: Cluster, holdings: Sequence[Holding], changes: Sequence[Change], clock: int
    ) -> dict[UUID, dict[str, Any]]:
        """What is said of the leads of one cluster of which something is to be written."""
        decided = {each.lead_now for each in changes if isinstance(each, Decision) and each.kind != HOT}
        leads = {holding.id: holding.lead for holding in holdings if holding.id in decided}
        seen = self._seen(cluster) if leads else {}
        return {
            id: standing(self._fold, lead, cluster.walk.owned(seen[id], clock) if id in seen else ())
            for id, lead in leads.items()
        }

    def _seen(self, cluster: Cluster) -> dict[UUID, Person]:
        """The people of a cluster that touched; some are only named, by hand."""
        return {self._ids.of(person.name()): person for person in cluster.walk.people.values() if person.heads}

    # ---- writing ----

    def _write(
        self, conn: Connection, plans: Sequence["_Plan"], clock: int, explained: Mapping[UUID, Mapping[str, Any]]
    ) -> Iterator[str]:
        """Write the rows; their signal ids."""
        decided = [(each, plan) for plan in plans for each in plan.changes if isinstance(each, Decision)]
        if not decided:
            return iter(())
        self._database.lock(conn, "ledger")
        position = int(conn.execute(select(func.max(ledger.c.position))).scalar_one() or 0)
        counters = self._counters(conn, list({decision.lead for decision, _ in decided}))
        rows, ids = [], []
        for number, (decision, plan) in enumerate(decided, position + 1):
            counted = counters[decision.lead, decision.kind] = counters.get((decision.lead, decision.kind), 0) + 1
            ids.append(f"{decision.lead}:{decision.kind}:{counted}")
            said = explained if decision.kind == HOT else plan.standings
            data = {**said.get(decision.lead_now, {}), **decision.data}
            for datum in TRAITS[decision.kind].data:
                if datum.type == "instant" and isinstance(data.get(datum.name), int):
                    data[datum.name] = rfc3339(data[datum.name])
            ask = self._ask(decision, ids[-1], plan.cluster, clock)
            rows.append((
                number, ids[-1], decision.kind.value, decision.lead, decision.lead_now, decision.subject, clock,
                decision.closes.signal if decision.closes else None, orjson.dumps(data).decode(),
                None if ask is None else orjson.dumps([*ask]).decode(), None,
            ))  # fmt: skip
        bulk.insert(conn, ledger, rows)
        return iter(ids)

    def _ask(self, decision: Decision, signal: str, cluster: Cluster, clock: int) -> Ask | None:
        """What a signal asks of its lead: the promotion of an announced episode, once, or its withdrawal."""
        match decision.kind:
            case SignalKind.HOT if decision.value and not decision.waits:
                id, properties = f"{signal}:promote", {"to": decision.value, "signal": signal}
            case SignalKind.PROMOTABLE:
                hot = decision.data["hot"]
                id, properties = f"{hot}:promote", {"to": decision.data["promote_to"], "signal": hot}
            case SignalKind.RETRACTED if decision.closes and decision.data["reason"] != MODEL:
                hot = decision.closes
                if not hot.value or hot.waits:
                    return None
                id, properties = f"{hot.signal}:withdraw", {"withdraws": f"{hot.signal}:promote"}
            case _:
                return None
        person = self._seen(cluster).get(decision.lead_now)
        if person is not None and (owned := cluster.walk.owned(person, clock)):
            return Ask(id, (owned[0].kind, owned[0].value), properties)
        return None

    def _counters(self, conn: Connection, leads: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
        counters: dict[tuple[UUID, str], int] = {}
        for lead, kind in bulk.select_in(conn, ledger, ["lead", "kind"], "lead", leads):
            counters[lead, kind] = counters.get((lead, kind), 0) + 1
        return counters

    def _keep_opens(self, conn: Connection, plans: Sequence["_Plan"], signals: Iterator[str], clock: int) -> None:
        """Bring the table of what is open, and the clusters' copies, in line with what was decided."""
        touched: set[UUID] = set()
        rows = []
        for plan in plans:
            mine = plan.moved | plan.keep(signals, clock)
            rows += [_row(each) for holder in mine for each in plan.cluster.opens[holder].values()]
            touched |= mine
        bulk.delete(conn, open_signals, "holder", list(touched))
        bulk.insert(conn, open_signals, rows)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be said of leads of one cluster. `moved`: those whose open announcements changed hands."""

    cluster: Cluster
    changes: list[Change]
    moved: set[UUID]
    standings: Mapping[UUID, Mapping[str, Any]]
    """What signals of every kind but `lead.hot` say beside what was decided, by the lead that it is now."""

    def hot(self) -> set[UUID]:
        """The leads that become hot."""
        return {each.lead_now for each in self.changes if isinstance(each, Decision) and each.kind == HOT}

    def keep(self, signals: Iterator[str], clock: int) -> set[UUID]:
        """Take the changes, whose signals have these ids, into what is open; the leads of which that differs now."""
        changed: set[UUID] = set()
        for change in self.changes:
            signal = next(signals) if isinstance(change, Decision) else None
            holder, kind, subject = change.place
            held = self.cluster.opens.get(holder)
            if held is None:  # what nobody holds any more has ended
                continue
            changed.add(holder)
            match change:
                case Kept(open=None):
                    held.pop((kind, subject), None)
                case Kept(open=Open() as open):
                    held[kind, subject] = open
                case Decision(closes=closes):
                    current = held.get((kind, subject))
                    if closes is not None and current is not None and current.signal == closes.signal:
                        del held[kind, subject]
                    if change.opens:
                        held[kind, subject] = Open(
                            *change.place, signal, change.lead, clock, change.value, change.since, waits=change.waits
                        )
        return changed


_COLUMNS = [column.name for column in open_signals.columns]


def _open(row: Iterable[Any]) -> Open:
    holder, kind, *rest = row
    return Open(holder, SignalKind(kind), *rest)


def _row(open: Open) -> tuple[Any, ...]:
    return (
        open.holder, open.kind.value, open.subject, open.signal, open.lead, open.at, open.value, open.since,
        open.earned, open.waits,
    )  # fmt: skip
