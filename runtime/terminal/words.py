"""What people read in place of codes: labels in their language, times in the company's time zone, names of leads."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.conditions.words import in_words
from domain.fold.names import name_or_identity
from domain.model.definition import Model
from domain.model.funnels import StepOrder
from domain.model.labels import called
from domain.model.sales import NOT_READY
from domain.touchpoints.touchpoint import moment
from projections.queries.shapes import LeadShape
from runtime.terminal.sentences import sentence

_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


class Words:
    """Labels and times of one model, in one language."""

    def __init__(self, model: Model, language: str | None = None) -> None:
        """`language` is such as `zh` or `zh_CN`; None: that of the environment."""
        self._language = (language or environment_language()).lower().replace("-", "_")
        self._zone = ZoneInfo(model.timezone)
        self.zone = model.timezone
        self._stages = {stage.name: stage.label for stage in model.stages}
        self._channels = {rule.name: rule.label for rule in model.channels.rules}
        self._segments = {segment.name: segment.label for segment in model.segments}
        self._funnels = {plan.name: plan for plan in model.funnels}
        self._rules = {rule.name: rule.label for rule in model.score.rules}
        self._rejections = {reason.name: reason.label for reason in model.sales.reasons}
        self._tags = {tag.name: tag.label for tag in model.tags}
        self._reasons = {exclusion.reason: exclusion.label for exclusion in reversed(model.not_a_lead)}

    def say(self, name: str, /, **values: object) -> str:
        """A sentence of `runtime.terminal.sentences` in this language."""
        return sentence(self._language, name, **values)

    def stage(self, name: str) -> str:
        """What people call a stage."""
        return self.label(self._stages.get(name), name)

    def segment(self, name: str) -> str:
        """What people call a segment."""
        return self.label(self._segments.get(name), name)

    def funnel(self, name: str) -> str:
        """What people call a funnel."""
        return self.label(self._funnels[name].label, name)

    def step(self, funnel: str, number: int) -> str:
        """What people call a step of a funnel, from 1; where their order does not matter how many were taken."""
        plan = self._funnels[funnel]
        if plan.order is StepOrder.ANY:
            return self.say("funnel.any", number=number)
        step = plan.steps[number - 1]
        where = None if step.where is None else in_words(step.where)
        return self.label(step.label, " ".join(filter(None, (step.on, where))))

    def rule(self, name: str) -> str:
        """What people call a score rule."""
        return self.label(self._rules.get(name), name)

    def exclusion(self, reason: str) -> str:
        """What people call the reason of an exclusion."""
        return self.label(self._reasons.get(reason), reason)

    def rejection(self, reason: str) -> str:
        """What people call the reason for which an owner gave a lead back."""
        return self.say("not_ready") if reason == NOT_READY else self.label(self._rejections.get(reason), reason)

    def tag(self, name: str) -> str:
        """What people call a tag."""
        return self.label(self._tags.get(name), name)

    def channel(self, name: str) -> str:
        """What people call a channel: of a default one without a label of the model's, its name."""
        return self.label(self._channels.get(name), name.replace("_", " "))

    def label(self, label: str | Mapping[str, str] | None, name: str) -> str:
        """A label in this language; where it lacks it in English, else in any; else the name."""
        return called(label, name, self._language)

    def when(self, instant: int | None) -> datetime | None:
        """An instant in the company's time zone."""
        return None if instant is None else moment(instant).astimezone(self._zone)


def environment_language(environment: Mapping[str, str] = os.environ) -> str:
    """The language that the environment asks for: `zh_CN` of `LANG=zh_CN.UTF-8`; `en` where it says nothing."""
    chosen = next((value for name in _VARIABLES if (value := environment.get(name))), "")
    language = chosen.partition(".")[0].partition("@")[0]
    return "en" if language in ("", "C", "POSIX") else language


def who(lead: LeadShape) -> str:
    """What people call a lead: the name, else the e-mail, else the highest identity."""
    return name_or_identity(lead.profile, lead.identities) or lead.id
