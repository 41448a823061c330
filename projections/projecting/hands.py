"""Hands: what handing over needs of the database, read and written in the ledger's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Connection, Integer, Select, bindparam, func, select, text

from domain.files.values import MANY
from domain.fold.fold import Fold
from domain.model.definition import Model
from domain.model.sales import Sales
from domain.signals.activity import Told, active, asks
from domain.signals.deadlines import Deadline, DeadlineKind, DeadlineState
from domain.signals.handing_over import LATE, REMINDER, HandingOver
from domain.signals.kinds import ACTIVE, ASSIGNED
from domain.signals.look import OWNER, concerns
from domain.signals.rules import SalesRules
from domain.signals.signal import Change, Holding, Opened
from domain.signals.turns import Turns
from domain.touchpoints.claims import STAFF
from domain.touchpoints.touchpoint import Instant, Touchpoint, microseconds
from projections.projecting.plan import Holdings
from store.database import bulk
from store.database.tables import deadlines, ledger, live, open_signals, owner_turns

News = Mapping[UUID, Sequence[Touchpoint]]
"""Touchpoints of a batch that may ask for something, or by which staff was in touch, by lead."""

_TOLD: Final = ["kind", "lead", "subject", "data"]
_COLUMNS: Final = [column.name for column in deadlines.columns]


def _due_query() -> Select[int, UUID]:
    clusters, identities = live.clusters.c, live.identities.c
    clock, limit = bindparam("clock", type_=BigInteger), bindparam("limit", type_=Integer)
    query = select(clusters.cluster, deadlines.c.lead).distinct()
    query = query.join_from(deadlines, live.identities, identities.id == deadlines.c.lead)
    query = query.join(live.clusters, clusters.cluster == identities.cluster)
    query = query.where(deadlines.c.state == text("'open'"), deadlines.c.due <= clock, clusters.aside.is_(None))
    return query.limit(limit)


_DUE: Final = _due_query()


class Hands:
    """Of one model. Its `[sales]` may be replaced while the fold stays: it is no part of that."""

    def __init__(self, fold: Fold, model: Model) -> None:
        self._fold = fold
        self.use(model)

    def use(self, model: Model) -> None:
        """Decide by the `[sales]` of a model from now on."""
        self.sales, self._zone = model.sales, model.timezone
        self._rules = SalesRules(model.sales)
        answers = {answer.on for answer in self.sales.answer}
        self.types = frozenset({REMINDER, *STAFF, *answers, *(activity.on for activity in self.sales.activity)})
        """Types of touchpoints that may ask for something, or by which staff is in touch."""
        self._in_use = True if self.sales != Sales() else None

    def in_use(self, conn: Connection) -> bool:
        """Whether anybody hands anything over: the model has `[sales]`, or something is or was waited for."""
        if self._in_use is None:
            self._in_use = conn.execute(select(deadlines.c.lead).limit(1)).first() is not None
        return self._in_use

    def at(self, conn: Connection, clusters: Sequence[Holdings], news: News, clock: int) -> "Desk | None":
        """What is needed to look at leads of these clusters; None: nobody hands anything over here."""
        if any(touchpoint.type not in STAFF for touchpoints in news.values() for touchpoint in touchpoints):
            self._in_use = True
        elif not self.in_use(conn):
            return None
        leads = [holding.id for holdings, _ in clusters for holding in holdings]
        leads += [id for _, cluster in clusters for id in cluster.ceased]
        known: dict[UUID, list[Deadline]] = {}
        for row in bulk.select_in(conn, deadlines, _COLUMNS, "lead", leads, _matters(clock)):
            deadline = _deadline(row)
            known.setdefault(deadline.lead, []).append(deadline)
        return Desk(conn, self._fold, self._rules, self._zone, news, known, Instant(clock))

    def looks_back(self, clock: int) -> int:
        """Since when what happened matters to an activity."""
        return clock - LATE - max((activity.within for activity in self.sales.activity), default=0)

    def due(self, conn: Connection, clock: int, limit: int) -> dict[int, list[UUID]]:
        """The leads of which something is due by a clock, by cluster; those of clusters put aside are left out."""
        leads: dict[int, list[UUID]] = {}
        if self.in_use(conn):
            for number, lead in conn.execute(_DUE, {"clock": clock, "limit": limit}):
                leads.setdefault(number, []).append(lead)
        return leads


class Desk:
    """One transaction's: looks at its leads one after another, then writes."""

    def __init__(
        self,
        conn: Connection,
        fold: Fold,
        rules: SalesRules,
        zone: str,
        news: News,
        known: dict[UUID, list[Deadline]],
        clock: Instant,
    ) -> None:
        self._conn = conn
        self._rules, self._sales = rules, rules.sales
        self._zone = zone
        self._news = news
        self._known = known
        self._turns: Turns | None = None
        self._looked_at = STAFF | frozenset({REMINDER, *(answer.on for answer in rules.sales.answer)})
        """Types of touchpoints after which something is waited for, or by which staff is in touch."""
        self._handing_over = HandingOver(fold, rules, zone, self.turns, clock)
        self.histories: Mapping[UUID, Sequence[Touchpoint]] = {}
        """Of the leads that `asking` names."""
        self._told: dict[UUID, list[Told]] = {}

    def turns(self) -> Turns:
        """Whose turn it was so far, read when the first lead is given to somebody."""
        if self._turns is None:
            credits = {row.owner: row.credit for row in self._conn.execute(select(owner_turns))}
            open: dict[str, int] = {}
            if any(owner.capacity < MANY for owner in self._sales.owners):
                owned = open_signals.c
                query = select(owned.value, func.count()).where(owned.kind == ASSIGNED.value, owned.waits)
                open = {row[0]: row[1] for row in self._conn.execute(query.group_by(owned.value))}
            self._turns = Turns(self._rules, self._zone, credits, open)
        return self._turns

    # ---- activity ----

    def asking(self, clusters: Sequence[Holdings]) -> dict[int, set[UUID]]:
        """The leads whose histories an activity asks for, by cluster."""
        wanted: dict[int, set[UUID]] = {}
        if self._news and self._sales.activity:
            for holdings, cluster in clusters:
                for holding in holdings:
                    opened = cluster.opens[holding.id]
                    news = self._news.get(holding.id, ())
                    if any(asks(self._rules, touchpoint, holding, opened) for touchpoint in news):
                        wanted.setdefault(cluster.number, set()).add(holding.id)
        return wanted

    def read_told(self, clusters: Sequence[Holdings]) -> None:
        """What was told before of the activity of those leads."""
        under = {
            _under(holding.id, cluster.opens[holding.id])
            for holdings, cluster in clusters
            for holding in holdings
            if holding.id in self.histories
        }
        for kind, lead, subject, data in bulk.select_in(self._conn, ledger, _TOLD, "lead", list(under)):
            if kind == ACTIVE.value:
                said = orjson.loads(data)
                at = microseconds(datetime.fromisoformat(said["happened"]))
                self._told.setdefault(lead, []).append((subject, at, said["touchpoint"]))

    # ---- looking ----

    def move(self, before: UUID, after: UUID | None, cause: str | None = None) -> list[Deadline]:
        """What is waited for of one lead is waited for of another one (None: of nobody); with `cause` only that."""
        chosen = [each for each in self._known.get(before, ()) if cause is None or each.cause == cause]
        self._known[before] = [each for each in self._known.get(before, ()) if each not in chosen]
        if after is None:
            return [replace(each, state=DeadlineState.DROPPED) for each in chosen if each.open]
        came = [replace(each, lead=after) for each in chosen]
        self._known.setdefault(after, []).extend(came)
        return came

    def look(self, holding: Holding, opened: Opened, decided: list[Change]) -> tuple[list[Change], list[Deadline]]:
        """What is decided of a lead with what handing over adds, and the deadlines that differ now."""
        known, news = self._known.get(holding.id, ()), self._news.get(holding.id, ())
        looked_at = [touchpoint for touchpoint in news if touchpoint.type in self._looked_at] if news else news
        if concerns(holding, opened, known, looked_at, decided):
            look = self._handing_over.look(holding, opened, known, looked_at, decided)
            decided, changed = look.changes, look.changed
        else:  # nearly always
            changed = []
        if holding.id in self.histories:
            told = self._told.get(_under(holding.id, opened), ())
            decided += active(self._rules, holding, opened, news, self.histories[holding.id], told)
        return decided, changed

    # ---- writing ----

    def write(self, conn: Connection, changed: Sequence[Deadline]) -> None:
        """Write deadlines, of several of one key the last, and whose turn it was."""
        bulk.upsert(conn, deadlines, [_row(deadline) for deadline in {each.key: each for each in changed}.values()])
        if self._turns is not None:
            bulk.upsert(conn, owner_turns, [(owner, self._turns.credits[owner]) for owner in sorted(self._turns.moved)])


def _matters(clock: int) -> str:
    """Which deadlines a look must know: those that are waited for, answers that were missed and not given yet, who was
    asked to accept, and what was asked lately.

    However long staff answers a lead, what was answered long ago is not read.
    """
    late = int(clock - LATE)
    undone = "(state = 'missed' AND settled IS NULL)"
    return f"state = 'open' OR kind IN ('accept', 'work') OR asked > {late} OR due > {late} OR {undone}"


def _under(id: UUID, opened: Opened) -> UUID:
    """Under which id things are told of a lead that has an owner."""
    owned = opened.get(OWNER)
    return id if owned is None else owned.lead


def _deadline(row: Sequence[Any]) -> Deadline:
    kind, cause, lead, owner, signal, asked, due, state, *rest = row
    return Deadline(DeadlineKind(kind), cause, lead, owner, signal, asked, due, DeadlineState(state), *rest)


def _row(deadline: Deadline) -> tuple[Any, ...]:
    return (
        deadline.kind.value, deadline.cause, deadline.lead, deadline.owner, deadline.signal, deadline.asked,
        deadline.due, deadline.state.value, deadline.settled, deadline.by, deadline.note,
    )  # fmt: skip
