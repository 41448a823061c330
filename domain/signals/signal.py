"""Signals: what holds of a lead now against what is open in the ledger, and the difference that must be announced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.fold.lead import EPISODES, Lead, Now
from domain.fold.stage import VISITOR
from domain.signals.kinds import (
    COOLED,
    ENTERED,
    GONE,
    HOT,
    LEFT,
    MERGED,
    RETRACTED,
    STAGE,
    SignalKind,
    announces,
    opens,
)


@dataclass(frozen=True, slots=True)
class Open:
    """An announcement that nothing has closed yet. `holder` has it now, `lead` is whom it was announced under."""

    holder: UUID
    kind: SignalKind
    subject: str
    signal: str
    lead: UUID
    at: int
    value: str
    since: int


@dataclass(frozen=True, slots=True)
class Decision:
    """One signal to write. `closes` is what it ends; `value` is the stage of one that stays open."""

    kind: SignalKind
    lead: UUID
    lead_now: UUID
    subject: str
    closes: Open | None
    data: Mapping[str, Any]
    value: str = ""
    since: int = 0

    @property
    def opens(self) -> bool:
        """Whether it stays open itself."""
        return opens(self.kind, self.data)

    @property
    def place(self) -> "Place":
        """What is open there is what this one opens or closes."""
        return self.lead_now, announces(self.kind), self.subject


@dataclass(frozen=True, slots=True)
class Holding:
    """A live lead, and what holds of it at the clock."""

    id: UUID
    lead: Lead
    now: Now


Place = tuple[UUID, SignalKind, str]
"""The lead that holds an announcement, its kind, its subject: one is open at a time."""
Held = dict[Place, Open]
"""What is open."""
Opened = Mapping[tuple[SignalKind, str], Open]
"""What is open of one lead, by kind and subject."""


def hand_over(
    opens: Iterable[Open], heirs: Mapping[UUID, UUID | None], leads: Mapping[UUID, Lead]
) -> tuple[Held, list[Decision]]:
    """Give what ceased leads hold to the live `leads` that they resolve to (`heirs`; None: nobody is left).

    A second announcement of a kind that comes together there is closed.
    """
    held: Held = {}
    closed: list[Decision] = []
    for each in sorted(opens, key=lambda one: (one.holder in heirs, one.at, one.signal)):
        heir = heirs.get(each.holder, each.holder)
        if heir is None:
            closed.append(_ended(each, None, each.lead, GONE))
        elif (heir, each.kind, each.subject) in held:
            closed.append(_ended(each, leads.get(heir), heir, MERGED))
        else:
            held[heir, each.kind, each.subject] = each
    return held, closed


def _ended(each: Open, lead: Lead | None, lead_now: UUID, reason: str) -> Decision:
    """The end of an announcement that no lead of its own is left for."""
    match each.kind:
        case SignalKind.STAGE if lead is not None:
            data = {"from": each.value, "to": lead.stage, "since": stage_since(lead), "reason": reason}
            return _closing(each, lead_now, STAGE, data)
        case SignalKind.STAGE:
            return _closing(each, lead_now, STAGE, {"from": each.value, "to": VISITOR, "reason": reason})
        case SignalKind.ENTERED:
            return _closing(each, lead_now, LEFT, {"segment": each.subject, "reason": reason})
        case _:
            return _closing(each, lead_now, COOLED, {"reason": reason})


def decide(holding: Holding, opened: Opened) -> list[Decision]:
    """The signals that bring what is announced of a lead in line with what holds of it."""
    identified = holding.lead.identified
    return [
        *_hot(holding, opened.get((HOT, "")), identified),
        *_stage(holding, opened.get((STAGE, "")), identified),
        *_segments(holding, opened, identified),
    ]


def stage_since(lead: Lead) -> int:
    """When a lead entered the stage that it is in."""
    return lead.stages[-1].at if lead.stages else lead.first_touch


def _stage(holding: Holding, announced: Open | None, identified: bool) -> Iterable[Decision]:
    lead = holding.lead
    if identified and (announced is None or announced.value != lead.stage):
        since = stage_since(lead)
        data = {"from": announced.value if announced else VISITOR, "to": lead.stage, "since": since}
        under = announced.lead if announced else holding.id
        yield Decision(STAGE, under, holding.id, "", announced, data, lead.stage, since)
    elif announced is not None and not identified:
        yield _ended(announced, None, holding.id, GONE)


def _segments(holding: Holding, opened: Opened, identified: bool) -> Iterable[Decision]:
    members = holding.now.segments if identified else {}
    for (kind, subject), announced in sorted(opened.items(), key=lambda each: each[0]):
        if kind == ENTERED and subject not in members:
            yield _closing(announced, holding.id, LEFT, {"segment": subject})
    for name, since in sorted(members.items()):
        if (ENTERED, name) not in opened:
            data = {"segment": name, "since": since}
            yield Decision(ENTERED, holding.id, holding.id, name, None, data, "", since)


def _hot(holding: Holding, announced: Open | None, identified: bool) -> Iterable[Decision]:
    since = holding.now.hot_since if identified else None
    if announced is not None and (since is None or since > announced.at):
        yield _over(holding, announced)
        announced = None
    if announced is None and since is not None:
        yield Decision(HOT, holding.id, holding.id, "", None, {"since": since}, "", since)


def _over(holding: Holding, announced: Open) -> Decision:
    """The announced episode is no more: it cooled, or, seen from now, it never was (or never counted)."""
    if holding.lead.not_a_lead is not None:
        return _closing(announced, holding.id, RETRACTED, {"reason": f"not a lead: {holding.lead.not_a_lead}"})
    episodes = holding.now.episodes
    for began, ended in reversed(episodes):
        if began <= announced.at and ended > announced.since:
            return _closing(announced, holding.id, COOLED, {"ended": ended})
    if len(episodes) == EPISODES and episodes[0][0] > announced.at:
        return _closing(announced, holding.id, COOLED, {})
    return _closing(announced, holding.id, RETRACTED, {"reason": "what made it hot no longer counts"})


def _closing(each: Open, lead_now: UUID, kind: SignalKind, data: Mapping[str, Any]) -> Decision:
    return Decision(kind, each.lead, lead_now, each.subject, each, data)
