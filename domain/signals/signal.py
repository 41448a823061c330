"""Signals: what is open of a lead, what is decided about it, and what becomes of it where leads become one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from domain.fold.lead import Lead, Now
from domain.model.definition import VISITOR
from domain.signals.kinds import ASSIGNED, COOLED, GONE, LEFT, MERGED, STAGE, SignalKind, announces, opens

TELL: Final = -1
"""`earned` of what is quiet and shall be announced at the next look: whatever was earned is later."""

Place = tuple[UUID, SignalKind, str]
"""The lead that holds an announcement, its kind, its subject: one is open at a time."""


@dataclass(frozen=True, slots=True)
class Open:
    """An announcement that nothing has closed yet. `holder` has it now, `lead` is whom it was announced under.

    One without a signal is *quiet*: it holds since a change of the model, and nobody was told. `value` is the stage
    that was announced; of a hot lead the one that it is asked into ("": none), which `waits` says it is not yet.
    """

    holder: UUID
    kind: SignalKind
    subject: str
    signal: str | None
    lead: UUID
    at: int
    value: str
    since: int
    earned: int | None = None
    """Of a quiet one: when the lead had last earned points."""
    waits: bool = False

    @property
    def place(self) -> Place:
        """Where it is open."""
        return self.holder, self.kind, self.subject


@dataclass(frozen=True, slots=True)
class Decision:
    """One signal to write. `closes` is what it ends; `value` and `waits` are of what stays open."""

    kind: SignalKind
    lead: UUID
    lead_now: UUID
    subject: str
    closes: Open | None
    data: Mapping[str, Any]
    value: str = ""
    since: int = 0
    waits: bool = False

    @property
    def opens(self) -> bool:
        """Whether it stays open itself."""
        return opens(self.kind, self.data)

    @property
    def place(self) -> Place:
        """What is open there is what this one opens or closes."""
        return self.lead_now, announces(self.kind), self.subject


@dataclass(frozen=True, slots=True)
class Kept:
    """What is open at a place from now on (None: nothing), without a word to anybody."""

    place: Place
    open: Open | None


Change = Decision | Kept


def to_be_told(change: Change) -> Change:
    """The change; where it keeps something quiet, that is announced at the next look."""
    if isinstance(change, Kept) and change.open is not None and change.open.signal is None:
        return Kept(change.place, replace(change.open, earned=TELL))
    return change


class Holding(NamedTuple):
    """A live lead, and what holds of it at the clock."""

    id: UUID
    lead: Lead
    now: Now


Held = dict[Place, Open]
"""What is open."""
Opened = Mapping[tuple[SignalKind, str], Open]
"""What is open of one lead, by kind and subject."""


def hand_over(
    unclosed: Iterable[Open], successors: Mapping[UUID, UUID | None], leads: Mapping[UUID, Lead]
) -> tuple[Held, list[Decision]]:
    """Give what ceased leads hold to the live `leads` that they resolve to (`successors`; None: nobody is left).

    A second announcement of a kind that comes together there is closed. Where one that was told meets a quiet one, the
    told one stays; a quiet one that is not needed any more ends without a word.
    """
    held: Held = {}
    closed: list[Decision] = []
    in_order = sorted(
        unclosed, key=lambda each: (each.signal is None, each.holder in successors, each.at, each.signal or "")
    )
    for announced in in_order:
        successor = successors.get(announced.holder, announced.holder)
        if successor is None:
            closed += _ended(announced, None, announced.lead, GONE)
            continue
        place = (successor, announced.kind, announced.subject)
        if place in held:
            held[place] = _joined(held[place], announced)
            closed += _ended(announced, leads.get(successor), successor, MERGED)
        else:
            held[place] = announced if announced.holder == successor else replace(announced, holder=successor)
    return held, closed


def _joined(stays: Open, ends: Open) -> Open:
    """What stays, so that it stands for both: an episode that either is about is not announced again."""
    at = max(stays.at, ends.at)
    if stays.earned is None or ends.earned is None:
        return replace(stays, at=at)
    earned = TELL if TELL in (stays.earned, ends.earned) else max(stays.earned, ends.earned)
    return replace(stays, at=at, earned=earned)


def _ended(announced: Open, lead: Lead | None, lead_now: UUID, reason: str) -> list[Decision]:
    """The end of an announcement that no lead of its own is left for."""
    return [] if announced.signal is None else [end(announced, lead, lead_now, reason)]


def end(announced: Open, lead: Lead | None, lead_now: UUID, reason: str) -> Decision:
    """Close an announcement, for no reason of its own. `lead`: whom it is about now, if anybody."""
    match announced.kind:
        case SignalKind.STAGE if lead is not None:
            data = {"from": announced.value, "to": lead.stage, "since": stage_since(lead), "reason": reason}
            return closing(announced, lead_now, STAGE, data)
        case SignalKind.STAGE:
            return closing(announced, lead_now, STAGE, {"from": announced.value, "to": VISITOR, "reason": reason})
        case SignalKind.ASSIGNED:
            data = {"owner": None, "due": None, "before": announced.value, "reason": reason}
            return closing(announced, lead_now, ASSIGNED, data)
        case SignalKind.ENTERED:
            return closing(announced, lead_now, LEFT, {"segment": announced.subject, "reason": reason})
        case _:
            return closing(announced, lead_now, COOLED, {"reason": reason})


def closing(announced: Open, lead_now: UUID, kind: SignalKind, data: Mapping[str, Any]) -> Decision:
    """The signal of a kind that closes an announcement."""
    return Decision(kind, announced.lead, lead_now, announced.subject, announced, data)


def stage_since(lead: Lead) -> int:
    """When a lead entered the stage that it is in."""
    return lead.stages[-1].at if lead.stages else lead.first_touch
