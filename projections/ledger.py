"""The signal ledger: what is announced is compared with what holds, and the difference is written, once, for ever."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, func, select

from domain.assign import assign
from domain.fold import Fold
from domain.signal import HOT, Decision, Held, Holding, Open, decide, hand_over
from domain.touchpoint import Touchpoint, rfc3339
from projections.cluster import Cluster
from projections.explain import explain, reasons
from store import bulk
from store.database import Database
from store.ids import Ids
from store.tables import ledger, open_signals

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
        decided: list[tuple[Cluster, Decision]] = []
        moved: set[UUID] = set()
        helds: list[tuple[Cluster, Held]] = []
        for holdings, cluster in clusters:
            opens = cluster.opens or []
            live = {holding.id for holding in holdings}
            gone = {each.holder for each in opens if each.holder not in live}
            if gone:
                moved |= gone
                held, decisions = hand_over(opens, {id: self.heir(cluster, id) for id in gone})
                moved |= {key[0] for key, each in held.items() if key[0] != each.holder}
            else:
                held, decisions = {(each.holder, each.topic, each.subject): each for each in opens}, []
            for holding in holdings:
                mine = {(topic, subject): each for (id, topic, subject), each in held.items() if id == holding.id}
                decisions += decide(holding, mine)
            if decisions or gone:
                helds.append((cluster, held))
                decided += [(cluster, decision) for decision in decisions]
        written = self._write(conn, decided, clock, self._explained(decided, clock, histories))
        self._keep_opens(conn, helds, decided, written, moved, clock)

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
        for row in bulk.select_in(conn, open_signals, columns, "holder", list(cold)):
            found = Open(*row)
            opens = cold[found.holder].opens
            assert opens is not None
            opens.append(found)

    def _explained(
        self, decided: Sequence[tuple[Cluster, Decision]], clock: int, histories: Histories
    ) -> dict[UUID, dict[str, Any]]:
        """The reasons of the leads that become hot."""
        hot = {decision.lead_now: cluster for cluster, decision in decided if decision.kind == HOT}
        if not hot or self._silent:
            return {}
        chosen = list({cluster.number: cluster for cluster in hot.values()}.values())
        found = {}
        for number, history in histories(chosen).items():
            cluster = next(each for each in chosen if each.number == number)
            walk, mine = assign((t for t in history if t.instant <= clock), cluster.walk.shared)
            for person, touchpoints in mine.items():
                id = self._ids.of(walk.people[person].name())
                if id in hot:
                    found[id] = self._hot_data(touchpoints, clock)
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
        decided: Sequence[tuple[Cluster, Decision]],
        clock: int,
        explained: Mapping[UUID, Mapping[str, Any]],
    ) -> list[str]:
        """Write the rows; their signal ids."""
        if not decided:
            return []
        self._database.lock(conn, "ledger")
        position = int(conn.execute(select(func.max(ledger.c.position))).scalar_one() or 0)
        counters = self._counters(conn, list({decision.lead for _, decision in decided}))
        rows, ids = [], []
        for number, (_, decision) in enumerate(decided, position + 1):
            counted = counters[decision.lead, decision.kind] = counters.get((decision.lead, decision.kind), 0) + 1
            ids.append(f"{decision.lead}:{decision.kind}:{counted}")
            data = {**decision.data, **(explained.get(decision.lead_now, {}) if decision.kind == HOT else {})}
            for instant in ("since", "ended"):
                if instant in data:
                    data[instant] = rfc3339(data[instant])
            rows.append((
                number, ids[-1], decision.kind, decision.lead, decision.lead_now, decision.subject, clock,
                decision.closes.signal if decision.closes else None, orjson.dumps(data).decode(), self._silent,
            ))  # fmt: skip
        bulk.insert(conn, ledger, rows)
        return ids

    def _counters(self, conn: Connection, leads: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
        found: dict[tuple[UUID, str], int] = {}
        for lead, kind in bulk.select_in(conn, ledger, ["lead", "kind"], "lead", leads):
            found[lead, kind] = found.get((lead, kind), 0) + 1
        return found

    def _keep_opens(
        self,
        conn: Connection,
        helds: Sequence[tuple[Cluster, Held]],
        decided: Sequence[tuple[Cluster, Decision]],
        signals: Sequence[str],
        moved: set[UUID],
        clock: int,
    ) -> None:
        """Bring the table of what is open, and the clusters' copies, in line with what was decided."""
        by_cluster = {cluster.number: held for cluster, held in helds}
        touched = set(moved)
        for (cluster, decision), signal in zip(decided, signals, strict=True):
            held = by_cluster[cluster.number]
            key = (decision.lead_now, str(decision.topic), decision.subject)
            if decision.closes is not None:
                touched |= {decision.closes.holder, decision.lead_now}
                if key in held and held[key].signal == decision.closes.signal:
                    del held[key]
            if decision.opens:
                touched.add(decision.lead_now)
                under = decision.closes.lead if decision.closes and decision.topic == "stage" else decision.lead
                held[key] = Open(*key, signal, under, clock, decision.value, decision.since)
        rows = []
        for cluster, held in helds:
            cluster.opens = [
                Open(holder, each.topic, each.subject, each.signal, each.lead, each.at, each.value, each.since)
                for (holder, _, _), each in held.items()
            ]
            rows += [
                (one.holder, one.topic, one.subject, one.signal, one.lead, one.at, one.value, one.since)
                for one in cluster.opens
                if one.holder in touched
            ]
        bulk.delete(conn, open_signals, "holder", list(touched))
        bulk.insert(conn, open_signals, rows)
