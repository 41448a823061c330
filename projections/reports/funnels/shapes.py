"""The shapes of a funnel's report and of the lists behind its numbers."""

from typing import Annotated, Any, Literal

from pydantic import Field

from domain.errors import Refused
from projections.queries.days import SeriesName
from projections.queries.quartiles import QuartilesShape
from projections.queries.shapes import LeadShape, Moment, Shape

AsOf = Literal["start", "report"]
State = Literal["reached", "pending", "gone", "converted"]


class BadFunnel(Refused):
    """A funnel is asked for something that there is not: in which steps, of which state, of which group."""


class FunnelNumbersShape(Shape):
    """Leads that entered a funnel. entered = converted + dropped + pending."""

    entered: Annotated[int, Field(description="took the first step")]
    converted: Annotated[int, Field(description="took all steps")]
    dropped: Annotated[int, Field(description="did not, and can no longer get further with these starts")]
    pending: Annotated[int, Field(description="did not yet: a window is still open")]
    rate: Annotated[float | None, Field(description="converted of entered; null: nobody entered")]
    mature: Annotated[int, Field(description="those whose every window is over, converted or not")]
    mature_converted: int
    mature_rate: Annotated[
        float | None, Field(description="converted of the mature: what no later look changes; null: none is mature")
    ]


class StepNumbersShape(Shape):
    """A step in numbers."""

    leads: Annotated[int, Field(description="reached it")]
    pending: Annotated[int, Field(description="stand at it, and may still get further")]
    gone: Annotated[int, Field(description="stand at it, and get no further")]


class StepShape(StepNumbersShape):
    """A funnel's step. With order any the n-th entry counts who took n different steps, whichever."""

    on: str
    label: Any = None
    where: Annotated[str | None, Field(description="the step's condition, in words")] = None
    within: Annotated[str | None, Field(description="the most time since the step before; null: the window")] = None
    share: Annotated[float | None, Field(description="of those that entered; null: nobody did")]
    took: Annotated[QuartilesShape | None, Field(description="since the step before; null: nobody came here from one")]


class BottleneckShape(Shape):
    """The step before which the largest share of those that stood at the one before is lost."""

    step: Annotated[int, Field(description="its number, from 1")]
    on: str
    label: Any = None
    before: Annotated[int, Field(description="leads that reached the step before")]
    lost: Annotated[int, Field(description="of these, not this one")]
    share: float
    mature: Annotated[bool, Field(description="told of the mature alone; false: none is, so of all")]


class GroupShape(FunnelNumbersShape):
    """Leads of one group."""

    group: Annotated[
        str,
        Field(
            description="none: it is not known; other: what is beyond the 49 largest, of more than 50;"
            " a value that reads like them stands in quotes"
        ),
    ]
    groups: Annotated[int, Field(description="how many groups these are: 1, of other how many")]
    steps: list[StepNumbersShape]


class BucketShape(FunnelNumbersShape):
    """Leads that started in one day, week or month, as far as it lies in the period."""

    first_day: Annotated[str, Field(description="of the day, week (Monday) or month, such as 2026-11-23")]
    from_: Annotated[Moment, Field(serialization_alias="from")]
    to: Moment


class FunnelShape(FunnelNumbersShape):
    """A funnel's report over the leads that started in the period."""

    funnel: str
    label: Any = None
    order: str
    window: str
    exclude: Annotated[list[str], Field(description="what ends an attempt, in words")]
    from_: Annotated[Moment | None, Field(serialization_alias="from")] = None
    to: Moment | None = None
    clock: Annotated[Moment, Field(description="the instant at which it is told who is pending")]
    steps: list[StepShape]
    took: Annotated[QuartilesShape | None, Field(description="from the first step to the last; null: nobody got there")]
    bottleneck: Annotated[BottleneckShape | None, Field(description="null: nobody is lost")]
    by: str | None = None
    as_of: Annotated[
        AsOf | None,
        Field(description="when the groups hold: at the start that counts, or at the clock; null: without by"),
    ] = None
    groups: Annotated[list[GroupShape] | None, Field(description="the largest first, bands in order")] = None
    series_by: SeriesName | None = None
    series: list[BucketShape] | None = None


class FunnelNameShape(Shape):
    """A funnel of the model."""

    name: str
    label: Any = None
    order: str
    window: str
    steps: Annotated[int, Field(description="how many")]


class FunnelLeadShape(LeadShape):
    """A lead in a funnel: the attempt that counts."""

    step: Annotated[int, Field(description="the furthest step that it reached, from 1")]
    started_at: Moment
    reached: Annotated[list[Moment], Field(description="when it reached each step, the first is started_at")]
