"""The shapes of segments, and of how one grew."""

from typing import Annotated, Any

from pydantic import Field

from projections.queries.days import SeriesName
from projections.queries.shapes import Moment, Shape


class SegmentShape(Shape):
    """A segment and how many leads are in it at the clock."""

    name: str
    label: Any = None
    size: Annotated[int, Field(description="leads in it, visitors too")]
    people: Annotated[
        int | None, Field(description="asked for lately: of them no visitors; null: too many to tell apart")
    ] = None
    entered: Annotated[
        int | None, Field(description="asked for lately: how many times a lead entered it in seven days, today's too")
    ] = None
    left: Annotated[int | None, Field(description="asked for lately: how many times a lead left it then")] = None


class GrowthShape(Shape):
    """A segment in one day, week or month, as far as it lies in the period."""

    first_day: Annotated[str, Field(description="of the day, week (Monday) or month, such as 2026-11-23")]
    from_: Annotated[Moment, Field(serialization_alias="from")]
    to: Moment
    size: Annotated[int, Field(description="leads in it at the end; of what is not over yet, at the clock")]
    entered: Annotated[int, Field(description="how many times a lead entered it")]
    left: Annotated[int, Field(description="how many times a lead left it")]


class SegmentHistoryShape(Shape):
    """How a segment grew, by what is known now. Each size is the one before, plus `entered`, minus `left`."""

    segment: str
    label: Any = None
    by: SeriesName
    from_: Annotated[Moment, Field(serialization_alias="from")]
    to: Moment
    clock: Moment
    size_before: Annotated[int, Field(description="leads in it just before `from`")]
    series: list[GrowthShape]


class SampledShape(Shape):
    """A lead that would be in the segment now."""

    id: str
    name: Annotated[str, Field(description="what it is called; without a name its e-mail, else another identity")]
    company: str | None
    stage: str
    grade: str
    since: Annotated[Moment, Field(description="since when it would be in it")]


class SegmentPreviewShape(Shape):
    """A segment that was tried on the recorded history; nothing was changed."""

    segment: Annotated[str | None, Field(description="its name; null: a condition by itself")]
    condition: Annotated[str, Field(description="in words")]
    position: int
    clock: Annotated[Moment, Field(description="up to where history was folded")]
    touchpoints: Annotated[int, Field(description="that were folded")]
    size: Annotated[int, Field(description="leads in it at the clock, visitors too")]
    identified: Annotated[int, Field(description="of these, those who are no visitors")]
    sample: Annotated[list[SampledShape], Field(description="at most twenty of them, as good as drawn by lot")]
    by: SeriesName
    from_: Annotated[Moment, Field(serialization_alias="from")]
    to: Moment
    size_before: Annotated[int, Field(description="leads in it just before `from`")]
    series: Annotated[list[GrowthShape], Field(description="how it would have grown")]
    failed: Annotated[list[str], Field(description="of clusters that cannot be folded, why; they are left out")]
