"""Moves from stage to stage: facts always take effect, a policy's and what the model derives only forward."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from domain.fold.lead import Lead, StageEntry
from domain.fold.stage import Ladder
from domain.model.definition import CHANGED, VISITOR
from domain.touchpoints.touchpoint import Instant, Touchpoint

DERIVED: Final = "model"
"""Stands as the source of a move that nobody reported: the model's `enter` derived it."""


ANSWERS: Final = "policy"
"""The name of the policy that moves a lead because an owner rejected it: a person's word, so in any direction."""


class NotMoved(StrEnum):
    """Why a touchpoint that asked for a move did not bring it about."""

    ALREADY_THERE = "already_there"
    ONLY_FORWARD = "only_forward"
    """A policy, and what the model derives, move forward only, and into no detour."""
    IN_DETOUR = "in_detour"
    """They lead out of no detour either."""
    UNKNOWN_STAGE = "unknown_stage"
    MOVED_SINCE = "moved_since"
    """The lead that an owner rejected has been moved since then: what came later counts."""
    NOTHING_WITHDRAWN = "nothing_withdrawn"
    """A policy withdrew a move that is not the last one, or never was."""


class Moves:
    """What moves a lead. A fact that names a retired stage later than `activated_at` is a finding."""

    def __init__(self, ladder: Ladder, activated_at: int) -> None:
        self.ladder = ladder
        self._activated_at = activated_at

    def identify(self, lead: Lead, touchpoint: Touchpoint, instant: Instant) -> None:
        """Whom something identifies begins in the first stage."""
        if lead.stage == VISITOR and lead.identified_at is not None:
            self._enter(lead, self.ladder.first, instant, touchpoint, "")

    def take(self, lead: Lead, reported: Touchpoint, instant: Instant) -> Touchpoint | None:
        """Move as a `stage_changed` says; it, by the stages' present names, or None: a policy's took no effect."""
        touchpoint = reported._replace(properties=self.ladder.renamed(reported.properties))
        policy = touchpoint.source.kind == "policy"
        withdrawn = touchpoint.properties.get("withdraws")
        if policy and withdrawn is not None:
            self._withdraw(lead, withdrawn, instant, touchpoint)
            return None
        to = touchpoint.properties.get("to")
        if not isinstance(to, str) or not self.ladder.knows(to):
            lead.find("unknown_stage", str(to)[:100], instant)
            return touchpoint
        if policy and not self._may_move(lead, touchpoint, to):
            return None
        if not policy:
            self._check_required(lead, to, instant)
        if to in self.ladder.retired and instant > self._activated_at:
            lead.find("retired_stage", to, instant)
        if not policy and lead.rejection is not None and lead.rejection.final and to != lead.stage:
            lead.rejection.over = True
        self._enter(lead, to, instant, touchpoint, touchpoint.source.kind)
        return touchpoint

    def _may_move(self, lead: Lead, touchpoint: Touchpoint, to: str) -> bool:
        """Whether a policy's move takes effect: forward, or after a rejection since which nothing moved the lead."""
        if touchpoint.source.name == ANSWERS:
            return not self._moved_since(lead)
        return self.ladder.forward(lead.stage, to)

    def _moved_since(self, lead: Lead) -> bool:
        return lead.rejection is not None and bool(lead.stages) and lead.stages[-1].at > lead.rejection.at

    def derive(self, lead: Lead, touchpoint: Touchpoint, stages: Sequence[str], instant: Instant) -> Touchpoint | None:
        """Enter the last of the stages that a touchpoint leads to, if that is forward; it, as a `stage_changed`."""
        before, to = lead.stage, stages[-1]
        if not self.ladder.forward(before, to):
            return None
        self._check_required(lead, to, instant)
        self._enter(lead, to, instant, touchpoint, DERIVED)
        return touchpoint._replace(type=CHANGED, properties={"to": to, "from": before})

    def why_not(self, stage: str, touchpoint: Touchpoint, enters: Sequence[str]) -> NotMoved:
        """Which of the reasons it was that a move took no effect."""
        if touchpoint.type == CHANGED and touchpoint.properties.get("withdraws") is not None:
            return NotMoved.NOTHING_WITHDRAWN
        to = self.ladder.present(touchpoint.properties.get("to")) if touchpoint.type == CHANGED else enters[-1]
        if not self.ladder.knows(to):
            return NotMoved.UNKNOWN_STAGE
        if to == stage:
            return NotMoved.ALREADY_THERE
        if touchpoint.type == CHANGED and touchpoint.source.name == ANSWERS:
            return NotMoved.MOVED_SINCE
        return NotMoved.IN_DETOUR if self.ladder.is_detour(stage) else NotMoved.ONLY_FORWARD

    def _withdraw(self, lead: Lead, promotion: object, instant: Instant, touchpoint: Touchpoint) -> None:
        last = lead.stages[-1] if lead.stages else None
        if last is not None and (last.source, last.touchpoint) == ("policy", promotion):
            before = lead.stages[-2].stage if len(lead.stages) > 1 else VISITOR
            self._enter(lead, before, instant, touchpoint, "policy")

    def _check_required(self, lead: Lead, to: str, instant: Instant) -> None:
        if missing := self.ladder.missing(to, lead.profile):
            lead.find("missing_required", f"{to}: {', '.join(missing)}", instant)

    def _enter(self, lead: Lead, stage: str, instant: Instant, touchpoint: Touchpoint, source: str) -> None:
        if stage == lead.stage:
            return
        if lead.stage in self.ladder.without_hot:
            lead.heat.earned_at = None  # only what is earned from now on begins an episode
        if stage in self.ladder.without_hot:
            lead.now.cool(instant)
        lead.stage = stage
        if not any(entry.stage == stage for entry in lead.stages):
            lead.sources.note(stage, instant)
        lead.stages.append(StageEntry(stage, instant, source, touchpoint.id))
