"""`[[funnels]]` of the model file: steps that leads take, and in which order and time."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field as Default
from pydantic import PlainValidator, ValidationInfo, field_validator

from domain.files.problems import Mistake, ModelError, not_allowed
from domain.model.part import Label, Length, Name, Part, Step
from domain.model.values import read_length

MOST_IN_ANY_ORDER: Final = 10
"""Steps of a funnel of order `any`: the fold remembers which of them an attempt met."""


class StepOrder(StrEnum):
    """How a funnel takes its steps."""

    ORDERED = "ordered"
    """One after the other, whatever happens between them."""
    STRICT = "strict"
    """One after the other: another step of the funnel that the lead takes in between ends the attempt."""
    ANY = "any"
    """In whatever order."""


def _read_step_order(raw: Any) -> StepOrder:
    if not isinstance(raw, str) or raw not in tuple(StepOrder):
        raise ValueError(not_allowed(raw, ", ".join(f'"{order}"' for order in StepOrder)))
    return StepOrder(raw)


class FunnelStep(Step):
    """A step of a funnel, as people call it; `within` (microseconds, its end included) of the last touchpoint that met
    the step before it."""

    label: Label = None
    within: Annotated[int | None, PlainValidator(read_length)] = None


class Funnel(Part):
    """Steps, all within `window` (microseconds, its end included) of the first. What is in `exclude` ends attempts."""

    name: Name
    label: Label = None
    order: Annotated[StepOrder, PlainValidator(_read_step_order)] = StepOrder.ORDERED
    window: Length
    steps: Annotated[tuple[FunnelStep, ...], Default(min_length=1)]
    exclude: tuple[Step, ...] = ()

    @field_validator("steps")
    @classmethod
    def _fit_the_order(cls, steps: tuple[FunnelStep, ...], info: ValidationInfo) -> tuple[FunnelStep, ...]:
        any_order = info.data.get("order") is StepOrder.ANY
        problems = []
        for place, step in enumerate(steps):
            if step.within is not None and (place == 0 or any_order):
                first = "no step comes before the first"
                why = first if place == 0 else 'with order "any" no step comes before another'
                problems.append(Mistake((place, "within"), f"found within, allowed is none here: {why}"))
        if any_order and len(steps) > MOST_IN_ANY_ORDER:
            text = f'found {len(steps)} steps, allowed with order "any" are {MOST_IN_ANY_ORDER}'
            problems.append(Mistake((), f"{text}: what a lead met of them is remembered one by one"))
        if problems:
            raise ModelError(problems)
        return steps
