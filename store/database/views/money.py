"""What was spent, as it was imported."""

from typing import Any, Final

from sqlalchemy import Select, func, select

from store.database.derived import Derived
from store.database.shown import ShownAs
from store.database.tables import costs
from store.database.views.view import ReportView, ViewColumn


def _costs(tables: Derived) -> Select[Any]:
    cost = costs.c
    campaign = func.nullif(cost.campaign, "").label("campaign")
    return select(cost.channel, campaign, cost.day, cost.amount.label("cost"), cost.currency, cost.imported_at)


COSTS: Final = ReportView(
    "report_costs",
    "One row a channel, campaign, day and currency: what it cost.",
    (
        ViewColumn("channel", ShownAs.TEXT, "the channel"),
        ViewColumn("campaign", ShownAs.TEXT, "the campaign; null: it was for the whole channel"),
        ViewColumn("day", ShownAs.DAY, "the day"),
        ViewColumn("cost", ShownAs.MONEY, "the amount, in units of the currency"),
        ViewColumn("currency", ShownAs.TEXT, "the currency: ISO 4217"),
        ViewColumn("imported_at", ShownAs.MOMENT, "when it was imported last"),
    ),
    _costs,
)
