"""The shapes of what is different from last week."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from projections.queries.shapes import Moment, Shape


class CountOf(StrEnum):
    """What is counted."""

    TOUCHPOINTS = "touchpoints"
    NEW_VISITORS = "new_visitors"
    NEW_LEADS = "new_leads"
    BECAME_HOT = "became_hot"
    WON = "won"
    DEADLINES_MISSED = "deadlines_missed"
    REVENUE = "revenue"
    TYPE = "type"
    CHANNEL = "channel"
    STAGE = "stage"


class Chance(StrEnum):
    """Whether chance alone explains a difference between two counts."""

    FEW = "few"
    """There are too few to say."""
    MAYBE = "maybe"
    HARDLY = "hardly"


class WeekShape(Shape):
    """One number, day by day."""

    of: Annotated[CountOf, Field(description="what is counted")]
    name: Annotated[str | None, Field(description="of which type, channel or stage; of revenue the currency")] = None
    days: Annotated[
        list[float], Field(description="fifteen: seven days before, the last seven whole days, and today so far")
    ]
    before: Annotated[float, Field(description="of the seven days before")]
    last: Annotated[float, Field(description="of the last seven whole days")]
    today: float


class DifferenceShape(WeekShape):
    """What stands out: the two weeks differ by more than twice the root of both together."""

    chance: Annotated[
        Chance, Field(description="few: fewer than 20 in both weeks; maybe; hardly: three times the root")
    ]
    weekdays: Annotated[int, Field(description="on how many of the seven it went the same way as in all")]
    mostly_on: Annotated[
        str | None, Field(description="the day that more than half of the difference comes from, such as 2026-11-23")
    ]


class OverviewShape(Shape):
    """What is different from last week. A week is seven whole days of the model's time zone."""

    clock: Moment
    timezone: str
    before_from: Annotated[Moment, Field(description="where the seven days before begin")]
    from_: Annotated[Moment, Field(serialization_alias="from", description="where the last seven whole days begin")]
    to: Annotated[Moment, Field(description="where today begins: not in them")]
    first_touch: Annotated[
        Moment | None,
        Field(description="of anybody: where it is later than before_from, that week is none; null: none"),
    ]
    numbers: Annotated[list[WeekShape], Field(description="touchpoints, leads, deadlines; revenue by currency")]
    stages: Annotated[list[WeekShape], Field(description="leads that came to each for the first time")]
    stands_out: Annotated[
        list[DifferenceShape],
        Field(description="of numbers, types, channels (of new visitors) and stages; at most ten"),
    ]
