"""`/api/costs`: what channels cost, as it was imported."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field

from api.bodies import CleanBody, JsonRoute
from api.parameters import DaysParameters
from domain.files.values import MILLION
from domain.model.channels import every_channel
from producers.imports.costs import CostProblems, CostRow, costs_of
from projections.queries.cursors import give, take
from projections.queries.days import day_named
from projections.queries.shapes import Page, Shape
from projections.queries.view import LIMIT, Reader, known
from store.costs import CostKey, import_costs, listed_costs
from store.database.database import Database
from web.problems import Problem

_LIST: Final = "costs"


class GivenCosts(CleanBody):
    """Costs to take. Each replaces the one of its channel, campaign, day and currency."""

    items: Annotated[
        list[dict[str, Any]],
        Field(
            description="each with channel, campaign (may be missing), day, amount and currency (missing: the model's)"
        ),
    ]


class ImportedCostsShape(Shape):
    """What became of the costs."""

    new: int
    changed: Annotated[int, Field(description="there was another amount of the same channel, campaign, day, currency")]
    same: int


class CostShape(Shape):
    """What one channel or campaign cost on a day."""

    channel: str
    campaign: Annotated[str | None, Field(description="null: of none")]
    day: str
    amount: Annotated[float, Field(description="in units of the currency")]
    currency: str


class CostsParameters(DaysParameters):
    """Which costs are listed."""

    channel: str | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 100
    cursor: Annotated[str | None, Field(description="`next` of the page before")] = None


def cost_routes(reader: Reader, database: Database) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["costs"], route_class=JsonRoute)

    @router.post("/costs", summary="Take costs of channels, over those of the same channel, campaign, day and currency")
    def take_costs(given: GivenCosts) -> ImportedCostsShape:
        with reader.view() as view:
            model = view.model
        try:
            costs = costs_of((CostRow(f"items[{n}]", values) for n, values in enumerate(given.items)), model)
        except CostProblems as error:
            raise Problem(400, "; ".join(error.problems), problems=error.problems) from None
        return ImportedCostsShape(**import_costs(database, costs)._asdict())

    @router.get("/costs", summary="Costs of channels, by day")
    def costs(parameters: Annotated[CostsParameters, Query()]) -> Page[CostShape]:
        after, limit = parameters.cursor, parameters.limit
        last = None if after is None else CostKey(*take(_LIST, after, int, str, str, str))
        with reader.view() as view:
            days = parameters.days(view.model.timezone)
            listed = listed_costs(
                view.conn, limit + 1, last, first=days.first, end=days.end, channel=parameters.channel
            )
            if parameters.channel is not None and after is None and not listed:  # a former channel may still have costs
                known("channel", parameters.channel, every_channel(rule.name for rule in view.model.channels.rules))
        items = [
            CostShape(
                channel=key.channel, campaign=key.campaign or None, day=day_named(key.day).isoformat(),
                amount=amount / MILLION, currency=key.currency,
            )
            for key, amount in listed[:limit]
        ]  # fmt: skip
        return Page(items=items, next=give(_LIST, *listed[limit - 1].key) if len(listed) > limit else None)

    return router
