"""Decide: what holds of a lead now against what is open in the ledger, and the changes that bring the two in line."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from domain.fold.fold import Fold
from domain.fold.lead import EPISODES
from domain.model.definition import VISITOR
from domain.signals.kinds import (
    COOLED,
    ENTERED,
    GONE,
    HOT,
    LEFT,
    MODEL,
    PROMOTABLE,
    REJECTED,
    RETRACTED,
    STAGE,
)
from domain.signals.look import OWNER
from domain.signals.signal import Change, Decision, Holding, Kept, Open, Opened, closing, end, stage_since

_HOT: Final = (HOT, "")
_STAGE: Final = (STAGE, "")


def decide(holding: Holding, opened: Opened, fold: Fold, clock: int, *, by_model: bool = False) -> list[Change]:
    """What is to be said, and kept, of a lead. Where nothing has happened since, nothing.

    `by_model`: the fold's model is another one than that of the last look. Memberships are told with that reason; who
    is hot only now is quiet, who is not any more is withdrawn by a signal, and who was told and still is gets none.
    """
    changes: list[Change] = []
    identified = holding.lead.identified
    if not identified and not opened:
        return changes
    # Nearly always all is as it was: that is seen without going into it.
    hot, since = opened.get(_HOT), holding.now.hot_since if identified else None
    if hot is None:
        if since is not None:
            changes.append(_quiet(holding, since, clock) if by_model else _announce(holding, fold, since))
    elif hot.signal is None or hot.waits or since is None or since > hot.at:
        changes += _hot(holding, hot, since, fold, clock, by_model)
    stage = opened.get(_STAGE)
    if stage is None or stage.value != holding.lead.stage or not identified:
        changes += _stage(holding, stage, by_model)
    members = holding.now.segments if identified else {}
    memberships = len(opened) - (hot is not None) - (stage is not None) - (OWNER in opened)
    if memberships != len(members) or any((ENTERED, name) not in opened for name in members):
        changes += _segments(holding, members, opened, by_model)
    return changes


# ---- memberships: mirrored, so everybody is told -----------------------------------------------------------------


def _stage(holding: Holding, announced: Open | None, by_model: bool) -> Iterator[Change]:
    lead = holding.lead
    if not lead.identified:
        if announced is not None:
            yield end(announced, None, holding.id, GONE)
    elif announced is None or announced.value != lead.stage:
        since = stage_since(lead)
        data = {"from": announced.value if announced else VISITOR, "to": lead.stage, "since": since}
        under = announced.lead if announced else holding.id
        yield Decision(STAGE, under, holding.id, "", announced, data | _reason(by_model), lead.stage, since)


def _segments(holding: Holding, members: Mapping[str, int], opened: Opened, by_model: bool) -> Iterator[Change]:
    for (kind, subject), announced in sorted(opened.items(), key=lambda each: each[0]):
        if kind == ENTERED and subject not in members:
            ended = holding.now.left.get(subject)
            data = {"segment": subject} if ended is None else {"segment": subject, "ended": ended}
            yield closing(announced, holding.id, LEFT, data | _reason(by_model))
    for name, since in sorted(members.items()):
        if (ENTERED, name) not in opened:
            data = {"segment": name, "since": since} | _reason(by_model)
            yield Decision(ENTERED, holding.id, holding.id, name, None, data, "", since)


def _reason(by_model: bool) -> dict[str, str]:
    return {"reason": MODEL} if by_model else {}


# ---- hot: an alert -----------------------------------------------------------------------------------------------


def _hot(
    holding: Holding, announced: Open, since: int | None, fold: Fold, clock: int, by_model: bool
) -> Iterator[Change]:
    """Of who was hot at the last look, told or quiet."""
    if announced.signal is None:
        yield from _was_quiet(holding, announced, since, fold, clock, by_model)
    elif since is None:
        yield closing(announced, holding.id, RETRACTED, {"reason": MODEL}) if by_model else _ended(holding, announced)
    elif since <= announced.at:
        yield from _promote(holding, announced, fold)
    elif by_model:
        renewed = replace(announced, at=clock, since=since)
        yield from list(_promote(holding, renewed, fold)) or [Kept(renewed.place, renewed)]
    else:
        yield _ended(holding, announced)
        yield _announce(holding, fold, since)


def _quiet(holding: Holding, since: int, clock: int) -> Kept:
    """Hot, and nobody is told: until the lead earns again."""
    earned = holding.lead.heat.earned_at or 0
    return Kept((holding.id, HOT, ""), Open(holding.id, HOT, "", None, holding.id, clock, "", since, earned))


def _was_quiet(
    holding: Holding, quiet: Open, since: int | None, fold: Fold, clock: int, by_model: bool
) -> Iterator[Change]:
    """What began quietly ends quietly; it is told when the lead earns again, or becomes hot again."""
    assert quiet.earned is not None
    if since is None:
        yield Kept(quiet.place, None)
    elif by_model:
        again = _quiet(holding, since, clock)
        if again.open != quiet and quiet.earned >= 0:
            yield again
    elif since > quiet.at or (holding.lead.heat.earned_at or 0) > quiet.earned:
        yield _announce(holding, fold, since)


def _ended(holding: Holding, announced: Open) -> Decision:
    """The announced episode is no more: it cooled, or, seen from now, it never was (or never counted)."""
    if holding.lead.not_a_lead is not None:
        return closing(announced, holding.id, RETRACTED, {"reason": f"not a lead: {holding.lead.not_a_lead}"})
    episodes = holding.now.episodes
    for episode in reversed(episodes):
        ended = episode.ended
        if episode.began <= announced.at and ended is not None and ended > announced.since:
            rejection = holding.lead.rejection
            rejected = {"reason": REJECTED} if rejection is not None and rejection.at == ended else {}
            return closing(announced, holding.id, COOLED, {"ended": ended} | rejected)
    if len(episodes) == EPISODES and episodes[0].began > announced.at:
        return closing(announced, holding.id, COOLED, {})
    return closing(announced, holding.id, RETRACTED, {"reason": "what made it hot no longer counts"})


# ---- promotion: asked once an announced episode ------------------------------------------------------------------


def _announce(holding: Holding, fold: Fold, since: int) -> Decision:
    """Announce that a lead is hot; it is asked into a stage, or that waits for what the stage requires."""
    data: dict[str, object] = {"since": since}
    to = fold.model.score.promote_to
    waits_for = None if to is None else fold.ladder.waits_for(holding.lead.stage, holding.lead.profile, to)
    if to is None or waits_for is None:
        return Decision(HOT, holding.id, holding.id, "", None, data, "", since)
    data |= {"promote_to": to} | ({"waits_for": waits_for} if waits_for else {})
    return Decision(HOT, holding.id, holding.id, "", None, data, to, since, bool(waits_for))


def _promote(holding: Holding, announced: Open, fold: Fold) -> Iterator[Change]:
    """Ask for the promotion that waited, where what it waited for has come."""
    if not announced.waits:
        return
    to = fold.ladder.present(announced.value)
    match fold.ladder.waits_for(holding.lead.stage, holding.lead.profile, to):
        case None:  # it got there, or further, without being asked
            yield Kept(announced.place, replace(announced, value="", waits=False))
        case "":
            data = {"hot": announced.signal, "promote_to": to}
            yield Decision(PROMOTABLE, announced.lead, holding.id, "", None, data)
            yield Kept(announced.place, replace(announced, waits=False))
