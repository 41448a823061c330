"""Signals: what holds of a lead now against what is open in the ledger, and the difference that must be announced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from domain.fold.lead import EPISODES, Lead, Now
from domain.fold.stage import VISITOR

HOT: Final = "lead.hot"
RETRACTED: Final = "lead.hot.retracted"
COOLED: Final = "lead.cooled"
STAGE: Final = "stage.changed"
ENTERED: Final = "segment.entered"
LEFT: Final = "segment.left"
KINDS: Final = (HOT, RETRACTED, COOLED, STAGE, ENTERED, LEFT)

Topic = Literal["hot", "segment", "stage"]


@dataclass(frozen=True, slots=True)
class Open:
    """An announcement that nothing has closed yet. `holder` has it now, `lead` is whom it was announced under."""

    holder: UUID
    topic: str
    subject: str
    signal: str
    lead: UUID
    at: int
    value: str
    since: int


@dataclass(frozen=True, slots=True)
class Decision:
    """One signal to write. `closes` is what it ends; `opens` says whether it stays open itself."""

    kind: str
    lead: UUID
    lead_now: UUID
    topic: Topic
    subject: str
    closes: Open | None
    data: Mapping[str, Any]
    opens: bool
    value: str = ""
    since: int = 0


@dataclass(frozen=True, slots=True)
class Holding:
    """A live lead, and what holds of it at the clock."""

    id: UUID
    lead: Lead
    now: Now


Held = dict[tuple[UUID, str, str], Open]
"""What is open, by (the lead that holds it, topic, subject)."""


def hand_over(opens: Iterable[Open], heirs: Mapping[UUID, UUID | None]) -> tuple[Held, list[Decision]]:
    """Give what ceased leads hold to the leads that they resolve to (`heirs`; None: nobody is left).

    A second announcement of a kind that comes together there is closed.
    """
    held: Held = {}
    closed: list[Decision] = []
    for each in sorted(opens, key=lambda one: (one.holder in heirs, one.at, one.signal)):
        heir = heirs.get(each.holder, each.holder)
        if heir is None or (heir, each.topic, each.subject) in held:
            reason = "gone" if heir is None else "merged"
            closed.append(_closing(each, heir or each.lead, _ENDINGS[each.topic], {"reason": reason}))
        else:
            held[heir, each.topic, each.subject] = each
    return held, closed


def decide(holding: Holding, held: Mapping[tuple[str, str], Open]) -> list[Decision]:
    """The signals that bring what is announced of a lead, by (topic, subject), in line with what holds of it."""
    identified = holding.lead.identified
    return [
        *_hot(holding, held.get(("hot", "")), identified),
        *_stage(holding, held.get(("stage", "")), identified),
        *_segments(holding, held, identified),
    ]


def _stage(holding: Holding, announced: Open | None, identified: bool) -> Iterable[Decision]:
    lead = holding.lead
    if identified and (announced is None or announced.value != lead.stage):
        data = {"from": announced.value if announced else VISITOR, "to": lead.stage}
        since = lead.stages[-1].at if lead.stages else lead.first_touch
        under = announced.lead if announced else holding.id
        yield Decision(STAGE, under, holding.id, "stage", "", announced, data, True, lead.stage, since)


def _segments(holding: Holding, held: Mapping[tuple[str, str], Open], identified: bool) -> Iterable[Decision]:
    members = holding.now.segments if identified else {}
    for (topic, subject), announced in sorted(held.items(), key=lambda each: each[0]):
        if topic == "segment" and subject not in members:
            yield _closing(announced, holding.id, LEFT, {"segment": subject})
    for name, since in sorted(members.items()):
        if ("segment", name) not in held:
            data = {"segment": name}
            yield Decision(ENTERED, holding.id, holding.id, "segment", name, None, data, True, "", since)


def _hot(holding: Holding, announced: Open | None, identified: bool) -> Iterable[Decision]:
    since = holding.now.hot_since if identified else None
    if announced is not None and (since is None or since > announced.at):
        yield _over(holding, announced)
        announced = None
    if announced is None and since is not None:
        data = {"since": since}
        yield Decision(HOT, holding.id, holding.id, "hot", "", None, data, True, "", since)


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


_ENDINGS: Final = {"hot": COOLED, "segment": LEFT, "stage": STAGE}


def _closing(each: Open, lead_now: UUID, kind: str, data: Mapping[str, Any]) -> Decision:
    topic: Topic = "hot" if each.topic == "hot" else "segment" if each.topic == "segment" else "stage"
    more = {"segment": each.subject} if topic == "segment" else {"from": each.value} if topic == "stage" else {}
    return Decision(kind, each.lead, lead_now, topic, each.subject, each, {**more, **data}, False)
