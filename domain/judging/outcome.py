"""What became of one lead by one model: when it was hot, and when it was won."""

from collections.abc import Sequence
from typing import NamedTuple

from domain.fold.channel import DIRECT
from domain.fold.lead import Lead, Now
from domain.model.definition import Model
from domain.touchpoints.touchpoint import Instant


class Hot(NamedTuple):
    """A hot episode as somebody could be told of it: it begins when the lead is known, if it began before."""

    began: Instant
    grade: str
    """With which it began."""


class LeadOutcome(NamedTuple):
    """What became of an identified lead. `hot` are its episodes in their order."""

    hot: Sequence[Hot]
    won_at: int | None
    """When it first entered a stage that is won."""
    grade: str
    channel: str
    """Of where the lead came from first; grade and channel are those of now."""


def won_stages(model: Model) -> frozenset[str]:
    """The names of the stages that are won."""
    return frozenset(stage.name for stage in model.stages if stage.won)


def told(known_at: Instant, began: int, ended: int | None, grade: str) -> Hot | None:
    """A hot episode from when the lead is known; None: it was over by then."""
    if ended is not None and ended <= known_at:
        return None
    return Hot(Instant(max(began, known_at)), grade)


def outcome(lead: Lead, now: Now, won: frozenset[str]) -> LeadOutcome | None:
    """What became of a lead, which is known since it entered its first stage; None: nothing identifies it."""
    if not lead.identified or not lead.stages:
        return None
    known_at = Instant(lead.stages[0].at)
    episodes = now.episodes if now.hot is None else [*now.episodes, now.hot]
    hot = [told(known_at, each.began, each.ended, each.grade) for each in episodes]
    won_at = next((entry.at for entry in lead.stages if entry.stage in won), None)
    seen = DIRECT if lead.sources.first is None else lead.sources.first.seen
    return LeadOutcome([each for each in hot if each is not None], won_at, lead.grade, seen["channel"])
