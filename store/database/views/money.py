"""Where leads came from: how many, what they brought, and what was spent, as it was imported."""

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, select

from store.database.derived import Derived
from store.database.expressions import sum_of_money
from store.database.shown import ShownAs
from store.database.tables import costs
from store.database.views.clocks import day_of
from store.database.views.view import ReportView, ViewColumn

_ORIGIN: Final = (
    ViewColumn("channel", ShownAs.TEXT, "the channel of the lead's first origin; direct: none is known"),
    ViewColumn("source", ShownAs.TEXT, "the source of that origin"),
    ViewColumn("campaign", ShownAs.TEXT, "the campaign of that origin"),
)


def _with_origin(tables: Derived) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    """People, those of whom only machines' touchpoints are known left out, with their first origin and what it says."""
    person, origin = tables.sort_keys, tables.lead_sources.alias("first_origin")
    first = and_(origin.c.lead == person.c.lead, origin.c.which == "first", origin.c.stage == "")
    return person.outerjoin(origin, first), {
        "channel": person.c.first_channel,
        "source": origin.c.source,
        "campaign": origin.c.campaign,
    }


def _channels(tables: Derived) -> Select[Any]:
    person = tables.sort_keys.c
    people, origin = _with_origin(tables)
    is_lead = person.identified_at.is_not(None)
    each = (
        select(
            *(column.label(name) for name, column in origin.items()),
            day_of(person.first_touch).label("day"),
            person.identified_at,
            case((is_lead, person.qualified_at)).label("qualified_at"),
            case((and_(is_lead, person.hot), 1)).label("hot"),
            case((is_lead, person.won_at)).label("won_at"),
        )
        .select_from(people)
        .where(person.first_touch.is_not(None))
        .subquery("person")
        .c
    )
    groups = (each.channel, each.source, each.campaign, each.day)
    return select(
        *groups,
        func.count().label("visitors"),
        func.count(each.identified_at).label("leads"),
        func.count(each.qualified_at).label("qualified"),
        func.count(each.hot).label("hot"),
        func.count(each.won_at).label("won"),
    ).group_by(*groups)


CHANNELS: Final = ReportView(
    "report_channels",
    "One row a channel, source, campaign and day on which people were seen first: how many, and what became of them.",
    (
        *_ORIGIN,
        ViewColumn("day", ShownAs.DAY, "the day of the lead's first touchpoint, in the model's time zone"),
        ViewColumn(
            "visitors",
            ShownAs.COUNT,
            "how many people, identified or not; who has only machines' touchpoints is none",
        ),
        ViewColumn("leads", ShownAs.COUNT, "of them identified"),
        ViewColumn(
            "qualified", ShownAs.COUNT, "of these leads, ever in the stage of `promote_to`, else in the second one"
        ),
        ViewColumn("hot", ShownAs.COUNT, "of these leads, ever hot"),
        ViewColumn("won", ShownAs.COUNT, "of these leads, ever won"),
    ),
    _channels,
)


def _revenue(tables: Derived) -> Select[Any]:
    touch = tables.touches.c
    people, origin = _with_origin(tables)
    paid = people.join(tables.touches, touch.lead == tables.sort_keys.c.lead)
    groups = (*origin.values(), touch.day, touch.currency)
    return (
        select(
            *(column.label(name) for name, column in origin.items()),
            touch.day,
            sum_of_money(touch.revenue).label("revenue"),
            touch.currency,
            func.count().label("payments"),
            func.count(touch.lead.distinct()).label("leads"),
        )
        .select_from(paid)
        .where(touch.revenue.is_not(None), touch.machine.is_(None))
        .group_by(*groups)
    )


REVENUE: Final = ReportView(
    "report_revenue",
    "One row a channel, source, campaign, day and currency: what leads that came from there first brought on it.",
    (
        *_ORIGIN,
        ViewColumn("day", ShownAs.DAY, "the day of the touchpoints that brought it, in the model's time zone"),
        ViewColumn("revenue", ShownAs.MONEY, "the sum, less what was paid back, in units of the currency"),
        ViewColumn("currency", ShownAs.TEXT, "the currency: ISO 4217; two are never added"),
        ViewColumn("payments", ShownAs.COUNT, "touchpoints that brought it or took it back"),
        ViewColumn("leads", ShownAs.COUNT, "of how many leads"),
    ),
    _revenue,
)


def _costs(tables: Derived) -> Select[Any]:
    cost = costs.c
    campaign = func.nullif(cost.campaign, "").label("campaign")
    columns = cost.channel, campaign, cost.day, cost.amount.label("cost"), cost.currency, cost.imported_at
    return select(*columns).where(cost.replaced_at.is_(None))


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
