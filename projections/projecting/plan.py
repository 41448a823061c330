"""A plan: what is to be said of the leads of one cluster, and how what is open is stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.signals.deadlines import Deadline
from domain.signals.handing_over import TURN
from domain.signals.kinds import ASSIGNED, HOT, SignalKind
from domain.signals.signal import Change, Decision, Holding, Kept, Open, Opened
from projections.projecting.cluster import Cluster
from store.database.tables import open_signals

Holdings = tuple[Sequence[Holding], Cluster]
"""Leads of one cluster that were touched."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be said of leads of one cluster. `moved`: those whose open announcements changed hands."""

    cluster: Cluster
    changes: list[Change]
    moved: set[UUID]
    standings: Mapping[UUID, Mapping[str, Any]]
    """What signals of every kind but `lead.hot` say beside what was decided, by the lead that it is now."""
    deadlines: list[Deadline] = field(default_factory=list)
    """Those that are new or differ."""

    @property
    def decisions(self) -> list[Decision]:
        """The signals to write."""
        return [change for change in self.changes if isinstance(change, Decision)]

    def hot(self) -> set[UUID]:
        """The leads that become hot."""
        return {decision.lead_now for decision in self.decisions if decision.kind == HOT}

    def of_hot(self) -> set[UUID]:
        """The leads of which may differ whether, and by what, somebody was told that they are hot."""
        return self.moved | {holder for holder, kind, _ in (change.place for change in self.changes) if kind == HOT}

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


OPEN_COLUMNS = [column.name for column in open_signals.columns]


def open_of(row: Iterable[Any]) -> Open:
    """What is open, of its row."""
    holder, kind, *rest = row
    return Open(holder, SignalKind(kind), *rest)


def told_of(opened: Opened, holder: UUID, clock: int) -> tuple[Any, ...]:
    """The row of `hot_told` that says what a lead holds from now on."""
    hot = opened.get((HOT, ""))
    return holder, clock, None if hot is None else hot.signal


def row_of(open: Open) -> tuple[Any, ...]:
    """Its row."""
    return (
        open.holder, open.kind.value, open.subject, open.signal, open.lead, open.at, open.value, open.since,
        open.earned, open.waits,
    )  # fmt: skip


def of_each_other(decided: Sequence[tuple[Decision, Plan]], ids: Sequence[str], place: int) -> dict[str, str]:
    """A `lead.hot` and the `lead.assigned` that stands behind it because of it name each other."""
    decision, _ = decided[place]
    if decision.kind == HOT:
        behind = decided[place + 1][0] if place + 1 < len(decided) else None
        return {"assigned": ids[place + 1]} if behind is not None and _for_hot(behind, decision) else {}
    before = decided[place - 1][0] if place else None
    return {"hot": ids[place - 1]} if before is not None and _for_hot(decision, before) else {}


def _for_hot(assigned: Decision, hot: Decision) -> bool:
    same = assigned.lead_now == hot.lead_now and (assigned.kind, hot.kind) == (ASSIGNED, HOT)
    return same and assigned.data["reason"] == TURN
