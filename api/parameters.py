"""What several routes are asked with: strict parameters, periods, as of when, pages."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

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


class AsOf(Parameters):
    """As of which instant it is read."""

    as_of: Annotated[
        str | None, Field(description="RFC 3339, or a day in the model's time zone: where it begins; not ahead")
    ] = None
    knowing: Annotated[
        Literal["then", "now"] | None,
        Field(description="now: by all that is known now; then, or without it: by what was known at as_of"),
    ] = None


class Paged(AsOf):
    """A page of a list."""

    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 100
    cursor: Annotated[str | None, Field(description="`next` of the page before")] = None


Asked = TypeVar("Asked", bound=Parameters)


def many_asked(shape: type[Asked]) -> Callable[[Request], Awaitable[Asked]]:
    """A dependency that reads the query as `Query()` does, for a shape of many parameters.

    FastAPI looks at the type of each of them anew in every request: of twenty that takes as long as finding the leads.
    `in_openapi` says of them there what FastAPI would.
    """

    async def read(request: Request) -> Asked:
        try:
            return shape.model_validate(dict(request.query_params))
        except ValidationError as error:
            errors = [{**each, "loc": ("query", *each["loc"])} for each in error.errors(include_url=False)]
            raise RequestValidationError(errors) from None

    return read


def in_openapi(shape: type[Parameters]) -> dict[str, Any]:
    """The parameters of a query, as `openapi_extra` of a route has them; each may be left out."""
    parameters = []
    for name, schema in shape.model_json_schema()["properties"].items():
        said = {"description": schema["description"]} if "description" in schema else {}
        parameters.append({"name": name, "in": "query", "required": False, "schema": schema} | said)
    return {"parameters": parameters}


def several(said: str | None) -> tuple[str, ...]:
    """The values of a parameter that may hold several with commas; none: all."""
    return tuple(part.strip() for part in (said or "").split(",") if part.strip())
