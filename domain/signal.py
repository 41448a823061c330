"""Signals: what holds of a lead now against what is open in the ledger, and the difference that must be announced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from domain.lead import EPISODES, Lead, Now

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


def decide(holdings: Iterable[Holding], opens: Iterable[Open], heirs: Mapping[UUID, UUID | None]) -> list[Decision]:
    """The signals that bring the ledger in line with what holds.

    `heirs` names, for holders that are no live lead, the lead that they resolve to (None: nobody).
    """
    decisions: list[Decision] = []
    held: dict[tuple[UUID, str, str], Open] = {}
    for each in sorted(opens, key=lambda one: (one.holder in heirs, one.at, one.signal)):
        heir = heirs.get(each.holder, each.holder)
        if heir is None or (heir, each.topic, each.subject) in held:
            reason = "merged" if heir is not None else "gone"
            decisions.append(_closing(each, heir or each.lead, _ending(each), {"reason": reason}))
        else:
            held[heir, each.topic, each.subject] = each
    for holding in holdings:
        decisions += _of_lead(holding, held)
    return decisions


def _of_lead(holding: Holding, held: Mapping[tuple[UUID, str, str], Open]) -> list[Decision]:
    announced = holding.lead.identified
    mine = {(topic, subject): each for (lead, topic, subject), each in held.items() if lead == holding.id}
    found = [*_hot(holding, mine.get(("hot", "")), announced)]
    stage = mine.get(("stage", ""))
    if announced and (stage is None or stage.value != holding.lead.stage):
        data = {"from": stage.value if stage else "visitor", "to": holding.lead.stage}
        since = holding.lead.stages[-1].at if holding.lead.stages else holding.lead.first_touch
        lead = stage.lead if stage else holding.id
        found.append(Decision(STAGE, lead, holding.id, "stage", "", stage, data, True, holding.lead.stage, since))
    segments = holding.now.segments if announced else {}
    for (topic, subject), each in mine.items():
        if topic == "segment" and subject not in segments:
            found.append(_closing(each, holding.id, LEFT, {"segment": subject}))
    for name, since in segments.items():
        if ("segment", name) not in mine:
            data = {"segment": name}
            found.append(Decision(ENTERED, holding.id, holding.id, "segment", name, None, data, True, "", since))
    return found


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


def _ending(each: Open) -> str:
    return {"hot": COOLED, "segment": LEFT, "stage": STAGE}[each.topic]


def _closing(each: Open, lead_now: UUID, kind: str, data: Mapping[str, Any]) -> Decision:
    topic: Topic = "hot" if each.topic == "hot" else "segment" if each.topic == "segment" else "stage"
    more = {"segment": each.subject} if topic == "segment" else {"from": each.value} if topic == "stage" else {}
    return Decision(kind, each.lead, lead_now, topic, each.subject, each, {**more, **data}, False)
