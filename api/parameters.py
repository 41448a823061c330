"""What several routes are asked with: strict parameters, pages, and what is named and not built yet."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.answers import not_built
from projections.queries.days import DayRange, days_between
from projections.queries.view import LIMIT


class Parameters(BaseModel):
    """Query parameters. One that is not known is refused: a filter that is silently ignored gives a wrong answer."""

    model_config = ConfigDict(extra="forbid")


class DaysParameters(Parameters):
    """A period of days: a day in the model's time zone, or where one begins; `to` is not in it."""

    from_: Annotated[str | None, Field(alias="from")] = None
    to: str | None = None

    def days(self, zone: str) -> DayRange:
        """The period. Raises BadPeriod."""
        return days_between(self.from_, self.to, zone)


class LeadAsOf(Parameters):
    """As of which instant a lead is read."""

    as_of: Annotated[
        str | None, Field(description="RFC 3339, or a day in the model's time zone: where it begins; not ahead")
    ] = None
    knowing: Annotated[
        Literal["now"] | None,
        Field(description="now: by all that is known now; else by what was known at as_of"),
    ] = None


class PagedLeadAsOf(LeadAsOf):
    """A page of it."""

    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 100
    cursor: Annotated[str | None, Field(description="`next` of the page before")] = None


class AsOf(Parameters):
    as_of: Annotated[str | None, Field(description="not built yet")] = None

    def refuse(self) -> None:
        """Refuse by name what is not built."""
        if self.as_of is not None:
            raise not_built("as_of")


class Paged(AsOf):
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 100
    cursor: Annotated[str | None, Field(description="`next` of the page before")] = None
