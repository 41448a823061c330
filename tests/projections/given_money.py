"""Leads with origins, orders and costs, and what a report says of them."""

from typing import Any, Final, NamedTuple

from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.days import DayRange
from projections.reports.answer import Report, ReportQuestion
from projections.reports.registry import answered
from store.costs import Cost, CostKey, import_costs
from tests.domain.stories import at, us
from tests.projections.world import World

DAY = 86_400
FIRST = 19_675
"""2023-11-14, on which the stories begin."""

STAGES = """
[[stages]]
name = "lead"
[[stages]]
name = "qualified"
[[stages]]
name = "customer"
won = true
[[stages]]
name = "lost"
detour = true
"""
SALES = '[money]\ncurrency = "EUR"\nrevenue = [{ on = "order_placed" }, { on = "order_refunded" }]\n' + STAGES
CNY = """[money]
currency = "EUR"
in = "CNY"
rates = [
  { currency = "EUR", from = "2023-11-15", rate = 8 },
  { currency = "EUR", from = "2023-11-20", rate = 7.5 },
  { currency = "USD", from = "2023-11-01", rate = 7 },
]
"""
URLS = {
    "search": "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=spring",
    "mail": "https://shop.example/?utm_source=news&utm_medium=email&utm_campaign=May",
    "fair": "https://shop.example/?utm_source=Hannover&utm_medium=fair",
}
"""By short names: paid_search of google, email of news, event of Hannover."""


def opened(url: str, text: str = SALES, day: float = 60) -> World:
    """A world whose clock stands so many days after the start."""
    return World(url, parse_model(text), us(day * DAY))


def visit(day: float, who: str, origin: str | None = None, **more: Any) -> Touchpoint:
    """A page viewed, where somebody came from one of `URLS`."""
    page = {} if origin is None else {"url": URLS[origin]}
    return at(day * DAY, "page_viewed", who, source="browser", **page, **more)


def known(day: float, who: str) -> Touchpoint:
    return at(day * DAY, "identified", who)


def moved(day: float, who: str, to: str) -> Touchpoint:
    return at(day * DAY, "stage_changed", who, to=to)


def order(day: float, who: str, amount: Any, **more: Any) -> Touchpoint:
    id = f"order {day} {who} {amount} {more}"
    return at(day * DAY, more.pop("type", "order_placed"), who, id=id, amount=amount, **more)


def spend(world: World, *costs: tuple[str, str, int, float, str]) -> None:
    """Costs as (channel, campaign, days after the start, units, currency)."""
    rows = [
        Cost(CostKey(FIRST + day, name, of, currency), int(units * 1e6)) for name, of, day, units, currency in costs
    ]
    import_costs(world.database, rows)


class Told(NamedTuple):
    """What a report answers."""

    items: list[dict[str, Any]]
    notes: list[str]

    def picked(self, *names: str) -> list[tuple[Any, ...]]:
        """Of each row these columns."""
        return [tuple(item[name] for name in names) for item in self.items]


SINCE_1970: Final = DayRange(0)


def told(world: World, report: Report, by: str | None = None, days: DayRange = SINCE_1970, **options: str) -> Told:
    """The answer of a report, of all time where no days are given."""
    with world.view() as view:
        shape = answered(view, report, ReportQuestion(days, by, options))
    return Told(shape.items, shape.notes)
