"""The signal ledger: what is announced is compared with what holds, and the difference is written, once, for ever."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol
from uuid import UUID

import orjson
from sqlalchemy import Connection, func, select

from domain.fold.explain import explain
from domain.fold.fold import Fold
from domain.people.person import Person
from domain.people.walk import assign
from domain.signals.asking import ask_of, to_accept
from domain.signals.deadlines import Deadline
from domain.signals.decide import decide
from domain.signals.kinds import ASSIGNED, HOT, MERGED, TRAITS
from domain.signals.look import follow
from domain.signals.message import hot_message, standing
from domain.signals.signal import Change, Decision, Holding, end, hand_over, to_be_told
from domain.touchpoints.touchpoint import Touchpoint, rfc3339
from projections.projecting.cluster import Cluster
from projections.projecting.hands import Desk, Hands, News
from projections.projecting.plan import OPEN_COLUMNS, Holdings, Plan, of_each_other, open_of, row_of, told_of
from store.database import bulk
from store.database.database import Database
from store.database.tables import hot_told, ledger, live, open_signals
from store.events.ids import Ids
from store.ledger import as_text

_NO_NEWS: Final[News] = {}


class Histories(Protocol):
    """Reads the touchpoints of clusters, by their numbers."""

    def __call__(self, clusters: Sequence[Cluster], since: int | None = None, /) -> Mapping[int, list[Touchpoint]]:
        """All, or those that happened later than an instant."""
        ...


class Ledger:
    """Writes signals in the projector's transaction."""

    def __init__(self, database: Database, ids: Ids, fold: Fold) -> None:
        self._database = database
        self._ids = ids
        self._fold = fold
        self.hands = Hands(fold, fold.model)

    def announce(
        self,
        conn: Connection,
        clusters: Sequence[Holdings],
        clock: int,
        histories: Histories,
        *,
        news: News = _NO_NEWS,
        whole: bool = False,
    ) -> None:
        """Write what must be said about leads of these clusters; `clock` is the decisions' instant.

        `news` are touchpoints that may ask for something. `whole`: these are all the leads of their clusters, and what
        is open of others there is nobody's any more.
        """
        plans, desk = self.plans(conn, clusters, clock, histories, news=news, whole=whole)
        explained = self._explained(plans, clock, histories)
        plans = [plan for plan in plans if plan.cluster.aside is None]
        self._keep_opens(conn, plans, self._write(conn, plans, clock, explained), clock)
        if desk is not None:
            desk.write(conn, [deadline for plan in plans for deadline in plan.deadlines])
        for _, cluster in clusters:
            if cluster.activation is not None and cluster.aside is None:
                cluster.activation = None

    def plans(
        self,
        conn: Connection,
        clusters: Sequence[Holdings],
        clock: int,
        histories: Histories,
        *,
        news: News,
        whole: bool = False,
    ) -> tuple[list[Plan], Desk | None]:
        """What must be said, as of `announce`; nothing is written."""
        if whole:
            self._read_whole(conn, clusters)
        else:
            self._read_opens(conn, clusters)
        desk = self._desk(conn, clusters, news, clock, histories)
        plans = [plan for each in clusters if each[1].aside is None and (plan := self._plan(*each, clock, desk))]
        return plans, desk

    def _desk(
        self, conn: Connection, clusters: Sequence[Holdings], news: News, clock: int, histories: Histories
    ) -> Desk | None:
        """What handing over needs of these leads; None: nobody hands anything over."""
        desk = self.hands.at(conn, clusters, news, clock)
        if desk is not None and (asking := desk.asking(clusters)):
            chosen = [cluster for _, cluster in clusters if cluster.number in asking]
            desk.histories = self._lately(chosen, asking, clock, histories)
            desk.read_told(clusters)
        return desk

    def _lately(
        self, clusters: Sequence[Cluster], leads: Mapping[int, Collection[UUID]], clock: int, histories: Histories
    ) -> dict[UUID, list[Touchpoint]]:
        """What activities look at: of a person who is alone in a cluster, however long the history, the last of it."""
        alone = [cluster for cluster in clusters if len(cluster.walk.people) == 1]
        several = [cluster for cluster in clusters if len(cluster.walk.people) > 1]
        last = {
            id: [touchpoint for touchpoint in history if touchpoint.instant <= clock]
            for number, history in histories(alone, self.hands.looks_back(clock)).items()
            for id in leads[number]
        }
        return last | {id: history for id, _, history in self._histories(several, leads, clock, histories)}

    def _plan(self, holdings: Sequence[Holding], cluster: Cluster, clock: int, desk: Desk | None) -> Plan | None:
        """What is to be said of one cluster's leads; None: nothing."""
        by_model = cluster.activation is not None
        opens = cluster.opens
        changes: list[Change] = []
        deadlines: list[Deadline] = []
        moved: set[UUID] = set()
        try:
            successors = self._successors(cluster) if cluster.ceased else {}
            if successors:
                changes += self._hand_over(cluster, successors, holdings)
                moved = {*successors, *(successor for successor in successors.values() if successor is not None)}
            if desk is not None:
                for id in cluster.ceased:
                    deadlines += desk.move(id, self.successor(cluster, id))
                for announced, holder in follow(opens, holdings):
                    deadlines += desk.move(announced.holder, holder, announced.signal)
                    if holder is None:
                        changes.append(end(announced, None, announced.holder, MERGED))
                    else:
                        moved |= {announced.holder, holder}
            for holding in holdings:
                decided = decide(holding, opens[holding.id], self._fold, clock, by_model=by_model)
                if desk is not None:
                    decided, differing = desk.look(holding, opens[holding.id], decided)
                    deadlines += differing
                changes += decided
            if cluster.activation is not None and cluster.activation < 0:
                changes = [to_be_told(change) for change in changes]
            standings = self._standings(cluster, holdings, changes, clock)
        except Exception as error:
            cluster.put_aside(error)
            return None
        if not changes and not moved and not deadlines:
            return None
        return Plan(cluster, changes, moved, standings, deadlines)

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
        for row in bulk.select_in(conn, open_signals, OPEN_COLUMNS, "holder", list(cold)):
            each = open_of(row)
            cold[each.holder].opens[each.holder][each.kind, each.subject] = each

    def _read_whole(self, conn: Connection, clusters: Sequence[Holdings]) -> None:
        """What is open in these clusters, whoever holds it."""
        numbers = {cluster.number: cluster for _, cluster in clusters}
        for holdings, cluster in clusters:
            cluster.opens = {holding.id: {} for holding in holdings}
        ids = bulk.select_in(conn, live.identities, ["cluster", "id"], "cluster", list(numbers))
        of_id = {id: numbers[number] for number, id in ids}
        for row in bulk.select_in(conn, open_signals, OPEN_COLUMNS, "holder", list(of_id)):
            each = open_of(row)
            of_id[each.holder].opens.setdefault(each.holder, {})[each.kind, each.subject] = each
        for holdings, cluster in clusters:
            cluster.ceased = cluster.opens.keys() - {holding.id for holding in holdings}

    def _explained(self, plans: Sequence[Plan], clock: int, histories: Histories) -> dict[UUID, dict[str, Any]]:
        """The reasons of the leads that become hot. A cluster that cannot be explained is put aside."""
        hot = {plan.cluster.number: leads for plan in plans if (leads := plan.hot())}
        if not hot:
            return {}
        chosen = [plan.cluster for plan in plans if plan.cluster.number in hot]
        explained: dict[UUID, dict[str, Any]] = {}
        for id, cluster, history in self._histories(chosen, hot, clock, histories):
            try:
                seen = self._seen(cluster)
                owned = cluster.walk.owned(seen[id], clock) if id in seen else ()
                explained[id] = hot_message(self._fold, explain(self._fold, history, clock), clock, owned)
            except Exception as error:
                cluster.put_aside(error)
        return explained

    def _histories(
        self, clusters: Sequence[Cluster], leads: Mapping[int, Collection[UUID]], clock: int, histories: Histories
    ) -> Iterator[tuple[UUID, Cluster, list[Touchpoint]]]:
        """The histories of chosen leads, by the numbers of their clusters. One that cannot be walked is put aside."""
        by_number = {cluster.number: cluster for cluster in clusters}
        for number, history in histories(clusters).items():
            cluster = by_number[number]
            try:
                walk, mine = assign((t for t in history if t.instant <= clock), cluster.walk.facts)
                of_lead = {self._ids.of(walk.people[person].name()): each for person, each in mine.items()}
            except Exception as error:
                cluster.put_aside(error)
                continue
            yield from ((id, cluster, of_lead[id]) for id in leads[number] if id in of_lead)

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
        self, conn: Connection, plans: Sequence[Plan], clock: int, explained: Mapping[UUID, Mapping[str, Any]]
    ) -> Iterator[str]:
        """Write the rows; their signal ids."""
        decided = [(decision, plan) for plan in plans for decision in plan.decisions]
        if not decided:
            return iter(())
        self._database.lock(conn, "ledger")
        position = int(conn.execute(select(func.max(ledger.c.position))).scalar_one() or 0)
        ids = self._numbered(conn, [decision for decision, _ in decided])
        rows = []
        for place, (decision, plan) in enumerate(decided):
            said = explained if decision.kind == HOT else plan.standings
            data = {**said.get(decision.lead_now, {}), **decision.data}
            if decision.kind in (HOT, ASSIGNED):
                data |= of_each_other(decided, ids, place)
                plan.deadlines.extend(to_accept(decision, data, ids[place], clock))
            asked = ask_of(decision, ids[place], data, self.hands.sales)
            named = decision.kind in (HOT, ASSIGNED)
            identity = self._identity(decision, plan.cluster, clock) if named or asked is not None else None
            rows.append((
                position + place + 1, ids[place], decision.kind.value, decision.lead, decision.lead_now,
                decision.subject, clock, decision.closes.signal if decision.closes else None, _as_json(decision, data),
                None if asked is None or identity is None else as_text(asked, identity),
                orjson.dumps(identity).decode() if named and identity is not None else None,
            ))  # fmt: skip
        bulk.insert(conn, ledger, rows)
        return iter(ids)

    def _numbered(self, conn: Connection, decisions: Sequence[Decision]) -> list[str]:
        """The ids of these signals: of each lead and kind the next ones."""
        counters = self._counters(conn, list({decision.lead for decision in decisions}))
        ids = []
        for decision in decisions:
            counted = counters[decision.lead, decision.kind] = counters.get((decision.lead, decision.kind), 0) + 1
            ids.append(f"{decision.lead}:{decision.kind}:{counted}")
        return ids

    def _identity(self, decision: Decision, cluster: Cluster, clock: int) -> tuple[str, str] | None:
        """By which a touchpoint about the lead finds it: one of its highest kind, which never moves away."""
        person = self._seen(cluster).get(decision.lead_now)
        owned = cluster.walk.owned(person, clock) if person is not None else ()
        if person is None or not owned:
            return None
        name = person.name()  # after an unmerge it is on the side that keeps the lead's id
        chosen = name if name.kind == owned[0].kind and name in owned else owned[0]
        return chosen.kind, chosen.value

    def _counters(self, conn: Connection, leads: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
        counters: dict[tuple[UUID, str], int] = {}
        for lead, kind in bulk.select_in(conn, ledger, ["lead", "kind"], "lead", leads):
            counters[lead, kind] = counters.get((lead, kind), 0) + 1
        return counters

    def _keep_opens(self, conn: Connection, plans: Sequence[Plan], signals: Iterator[str], clock: int) -> None:
        """Bring the table of what is open, and the clusters' copies, in line with what was decided."""
        touched: set[UUID] = set()
        rows, told = [], []
        for plan in plans:
            mine = plan.moved | plan.keep(signals, clock)
            rows += [row_of(each) for holder in mine for each in plan.cluster.opens[holder].values()]
            told += [told_of(plan.cluster.opens[holder], holder, clock) for holder in mine & plan.of_hot()]
            touched |= mine
        bulk.delete(conn, open_signals, "holder", list(touched))
        bulk.insert(conn, open_signals, rows)
        bulk.upsert(conn, hot_told, told)


def _as_json(decision: Decision, data: dict[str, Any]) -> str:
    """The data, its instants as RFC 3339."""
    for datum in TRAITS[decision.kind].data:
        if datum.type == "instant" and isinstance(data.get(datum.name), int):
            data[datum.name] = rfc3339(data[datum.name])
    return orjson.dumps(data).decode()
