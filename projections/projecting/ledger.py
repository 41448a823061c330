"""The signal ledger: what is announced is compared with what holds, and the difference is written, once, for ever."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, func, select

from domain.fold.explain import explain, reasons
from domain.fold.fold import Fold
from domain.people.walk import assign
from domain.signals.kinds import HOT, TRAITS, SignalKind
from domain.signals.signal import Decision, Held, Holding, Open, decide, hand_over
from domain.touchpoints.touchpoint import Touchpoint, rfc3339
from projections.projecting.cluster import Cluster
from store.database import bulk
from store.database.database import Database
from store.database.tables import ledger, open_signals
from store.events.ids import Ids

Holdings = tuple[Sequence[Holding], Cluster]
Histories = Callable[[Sequence[Cluster]], Mapping[int, list[Touchpoint]]]


class Ledger:
    """Writes signals in the projector's transaction. `silent`: a model's activation sets it without announcing."""

    def __init__(self, database: Database, ids: Ids, fold: Fold, silent: bool = False) -> None:
        self._database = database
        self._ids = ids
        self._fold = fold
        self._silent = silent

    def announce(self, conn: Connection, clusters: Sequence[Holdings], clock: int, histories: Histories) -> None:
        """Write what must be said about the leads of these clusters; `clock` is the decisions' instant."""
        self._read_opens(conn, clusters)
        plans = [plan for holdings, cluster in clusters if (plan := self._plan(holdings, cluster)) is not None]
        explained = self._explained(plans, clock, histories)
        plans = [plan for plan in plans if plan.cluster.aside is None]
        written = self._write(conn, [each for plan in plans for each in plan.decisions], clock, explained)
        self._keep_opens(conn, plans, iter(written), clock)

    def _plan(self, holdings: Sequence[Holding], cluster: Cluster) -> "_Plan | None":
        """What is to be said of one cluster's leads; None: nothing."""
        opens = cluster.opens or []
        if not opens and not any(holding.lead.identified for holding in holdings):
            return None
        try:
            live = {holding.id: holding.lead for holding in holdings}
            gone = {each.holder for each in opens if each.holder not in live}
            held, decisions = hand_over(opens, {id: self.heir(cluster, id) for id in gone}, live)
            moved = gone | {key[0] for key, each in held.items() if key[0] != each.holder}
            of_lead: dict[UUID, dict[tuple[SignalKind, str], Open]] = {}
            for (id, kind, subject), each in held.items():
                of_lead.setdefault(id, {})[kind, subject] = each
            for holding in holdings:
                decisions += decide(holding, of_lead.get(holding.id, {}))
        except Exception as error:
            cluster.put_aside(error)
            return None
        return _Plan(cluster, held, decisions, moved) if decisions or gone else None

    def heir(self, cluster: Cluster, id: UUID) -> UUID | None:
        """The lead of the cluster that a former lead's id resolves to."""
        found = [
            (key, person)
            for person in cluster.walk.people.values()
            for head, key in person.heads.items()
            if self._ids.of(head) == id
        ]
        return self._ids.of(min(found, key=lambda each: each[0])[1].name()) if found else None

    # ---- reading ----

    def _read_opens(self, conn: Connection, clusters: Sequence[Holdings]) -> None:
        cold: dict[UUID, Cluster] = {}
        for holdings, cluster in clusters:
            if cluster.opens is None:
                cluster.opens = []
                cold.update(dict.fromkeys({*(holding.id for holding in holdings), *cluster.ceased}, cluster))
        columns = [column.name for column in open_signals.columns]
        for holder, kind, *rest in bulk.select_in(conn, open_signals, columns, "holder", list(cold)):
            opens = cold[holder].opens
            assert opens is not None
            opens.append(Open(holder, SignalKind(kind), *rest))

    def _explained(self, plans: Sequence["_Plan"], clock: int, histories: Histories) -> dict[UUID, dict[str, Any]]:
        """The reasons of the leads that become hot. A cluster that cannot be explained is put aside."""
        hot = {plan.cluster.number: leads for plan in plans if (leads := plan.hot())}
        if not hot or self._silent:
            return {}
        chosen = {plan.cluster.number: plan.cluster for plan in plans if plan.cluster.number in hot}
        found: dict[UUID, dict[str, Any]] = {}
        for number, history in histories(list(chosen.values())).items():
            try:
                walk, mine = assign((t for t in history if t.instant <= clock), chosen[number].walk.facts)
                for person, touchpoints in mine.items():
                    id = self._ids.of(walk.people[person].name())
                    if id in hot[number]:
                        found[id] = self._hot_data(touchpoints, clock)
            except Exception as error:
                chosen[number].put_aside(error)
        return found

    def _hot_data(self, history: Sequence[Touchpoint], clock: int) -> dict[str, Any]:
        explanation = explain(self._fold, history, clock)
        lead = explanation.lead
        why = [{**reason, "last": rfc3339(reason["last"])} for reason in reasons(explanation)]
        data = {
            "heat": explanation.heat,
            "hot_at": self._fold.threshold(lead.grade),
            "grade": lead.grade,
            "stage": lead.stage,
            "reasons": why,
        }
        promote_to = self._fold.model.score.promote_to
        return {**data, "promote_to": promote_to} if promote_to else data

    # ---- writing ----

    def _write(
        self,
        conn: Connection,
        decided: Sequence[Decision],
        clock: int,
        explained: Mapping[UUID, Mapping[str, Any]],
    ) -> list[str]:
        """Write the rows; their signal ids."""
        if not decided:
            return []
        self._database.lock(conn, "ledger")
        position = int(conn.execute(select(func.max(ledger.c.position))).scalar_one() or 0)
        counters = self._counters(conn, list({decision.lead for decision in decided}))
        rows, ids = [], []
        for number, decision in enumerate(decided, position + 1):
            counted = counters[decision.lead, decision.kind] = counters.get((decision.lead, decision.kind), 0) + 1
            ids.append(f"{decision.lead}:{decision.kind}:{counted}")
            data = {**decision.data, **(explained.get(decision.lead_now, {}) if decision.kind == HOT else {})}
            for datum in TRAITS[decision.kind].data:
                if datum.type == "instant" and datum.name in data:
                    data[datum.name] = rfc3339(data[datum.name])
            rows.append((
                number, ids[-1], decision.kind.value, decision.lead, decision.lead_now, decision.subject, clock,
                decision.closes.signal if decision.closes else None, orjson.dumps(data).decode(), self._silent,
            ))  # fmt: skip
        bulk.insert(conn, ledger, rows)
        return ids

    def _counters(self, conn: Connection, leads: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
        found: dict[tuple[UUID, str], int] = {}
        for lead, kind in bulk.select_in(conn, ledger, ["lead", "kind"], "lead", leads):
            found[lead, kind] = found.get((lead, kind), 0) + 1
        return found

    def _keep_opens(self, conn: Connection, plans: Sequence["_Plan"], signals: Iterator[str], clock: int) -> None:
        """Bring the table of what is open, and the clusters' copies, in line with what was decided."""
        touched: set[UUID] = set()
        rows = []
        for plan in plans:
            mine, held = set(plan.moved), plan.held
            for decision, signal in zip(plan.decisions, islice(signals, len(plan.decisions)), strict=True):
                key = decision.place
                mine.add(decision.lead_now)
                if decision.closes is not None:
                    mine.add(decision.closes.holder)
                    if key in held and held[key].signal == decision.closes.signal:
                        del held[key]
                if decision.opens:
                    held[key] = Open(*key, signal, decision.lead, clock, decision.value, decision.since)
            plan.cluster.opens = [replace(each, holder=holder) for (holder, _, _), each in held.items()]
            rows += [
                (each.holder, each.kind.value, each.subject, each.signal, each.lead, each.at, each.value, each.since)
                for each in plan.cluster.opens
                if each.holder in mine
            ]
            touched |= mine
        bulk.delete(conn, open_signals, "holder", list(touched))
        bulk.insert(conn, open_signals, rows)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be said of one cluster's leads. `moved`: leads whose open announcements changed hands."""

    cluster: Cluster
    held: Held
    decisions: list[Decision]
    moved: set[UUID]

    def hot(self) -> set[UUID]:
        """The leads that become hot."""
        return {decision.lead_now for decision in self.decisions if decision.kind == HOT}
