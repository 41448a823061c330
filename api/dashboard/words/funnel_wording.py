"""The words of a funnel: its name, its steps and its numbers, in the reader's language."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from api.dashboard.words.condition_speech import PageSpeech
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.conditions.tree import Field, Of, Op
from domain.conditions.words import in_words
from domain.model.funnels import Funnel, FunnelStep, StepOrder
from domain.model.labels import called
from domain.model.part import Step
from projections.reports.funnels.leads import FunnelNumber

_MOVED: Final = "stage_changed"
_STATES: Final[Mapping[str, str]] = {
    "reached": N_("Started"),
    "converted": N_("Took all steps"),
    "pending": N_("May still come"),
    "gone": N_("Gone"),
}
_STATES_AT: Final[Mapping[str, str]] = {
    "reached": N_("Came to step {number}: {step}"),
    "pending": N_("Stand at step {number}, and may still come further: {step}"),
    "gone": N_("Came no further than step {number}, and are gone: {step}"),
}


class StepText(NamedTuple):
    """A step: what is done, and on which condition ("" where there is none)."""

    what: str
    where: str

    @property
    def whole(self) -> str:
        """Both in one line."""
        return f"{self.what} ({self.where})" if self.where else self.what


class FunnelWording(PageWording):
    """Words of pages about funnels."""

    def funnel(self, plan: Funnel) -> str:
        """What people call a funnel."""
        return self._called(plan.label, plan.name)

    def steps(self, plan: Funnel) -> list[StepText]:
        """Its lines. In any order the n-th counts who took n different steps, whichever they were."""
        if plan.order is not StepOrder.ANY:
            return [self._labelled(step) for step in plan.steps]
        texts = (N_("one step, whichever"), N_("{number} different steps"))
        numbers = range(1, len(plan.steps) + 1)
        return [StepText(self.text(texts[number > 1], number=self.number(number)), "") for number in numbers]

    def step(self, step: Step) -> StepText:
        """What somebody does in it."""
        match step.where:
            case None:
                return StepText(self.touchpoint(step.on), "")
            case Field(("to",), Of.TOUCHPOINT, Op.EQ, str(stage)) if step.on == _MOVED:
                return StepText(self.text(N_("Became {stage}"), stage=self.stage(stage)), "")
            case _:
                return StepText(self.touchpoint(step.on), in_words(step.where, PageSpeech(self)))

    def window(self, plan: Funnel) -> str:
        """How much time there is for all steps, as exact as the model says it."""
        return self.length(plan.window)

    def behind(self, plan: Funnel, number: FunnelNumber) -> str:
        """Of whom the list behind a number is."""
        if number.step is None:
            return self.text(_STATES[number.state])
        step = self.steps(plan)[number.step - 1].whole
        return self.text(_STATES_AT[number.state], number=self.number(number.step), step=step)

    def _labelled(self, step: FunnelStep) -> StepText:
        text = self.step(step)
        return text if step.label is None else StepText(called(step.label, text.whole, self._language.tag), "")
