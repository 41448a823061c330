"""What happened: every touchpoint, the points that it gave, and how much of it there was day by day."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal, select, union_all

from store.database.acts import is_their_own_act
from store.database.derived import Derived
from store.database.shown import ShownAs
from store.database.views.clocks import day_of, hour_of, weekday_of
from store.database.views.view import ReportView, ViewColumn

_LEAD: Final = ViewColumn("lead", ShownAs.ID, "the lead whose it is now")


def _touches(tables: Derived) -> Select[Any]:
    touch, lead = tables.touches, tables.leads
    return select(
        touch,
        touch.c.at.label("happened_at"),
        hour_of(touch.c.at).label("hour"),
        weekday_of(touch.c.day).label("weekday"),
        is_their_own_act(touch.c).label("own"),
        (touch.c.at - lead.c.first_touch).label("seconds"),
    ).select_from(touch.outerjoin(lead, lead.c.lead == touch.c.lead))  # PostgreSQL leaves out what nobody asks for


TOUCHES: Final = ReportView(
    "report_touches",
    "One row a touchpoint, up to the clock; those of machines too, with the reason.",
    (
        _LEAD,
        ViewColumn("happened_at", ShownAs.MOMENT, "when it happened"),
        ViewColumn("n", ShownAs.COUNT, "its place among the lead's touchpoints of that instant, from 0"),
        ViewColumn("day", ShownAs.DAY, "the day of that, in the model's time zone"),
        ViewColumn("hour", ShownAs.COUNT, "the hour there, 0 to 23"),
        ViewColumn("weekday", ShownAs.COUNT, "the weekday there: 1 is Monday, 7 Sunday"),
        ViewColumn("touchpoint", ShownAs.TEXT, "the id that its source gave"),
        ViewColumn("type", ShownAs.TEXT, "what happened: page_viewed, form_submitted and so on"),
        ViewColumn(
            "source_kind", ShownAs.TEXT, "the kind of who reports it: browser, server, provider, import, api, policy"
        ),
        ViewColumn("source", ShownAs.TEXT, "who reports it"),
        ViewColumn(
            "channel", ShownAs.TEXT, "the channel of the origin that this very touchpoint bears; null: it bears none"
        ),
        ViewColumn("came_from", ShownAs.TEXT, "the source of that origin"),
        ViewColumn("medium", ShownAs.TEXT, "the medium of that origin"),
        ViewColumn("campaign", ShownAs.TEXT, "the campaign of that origin, else the property campaign"),
        ViewColumn("variant", ShownAs.TEXT, "the property variant: which one of a test"),
        ViewColumn("path", ShownAs.TEXT, "the property path"),
        ViewColumn("form", ShownAs.TEXT, "the property form"),
        ViewColumn(
            "value",
            ShownAs.NUMBER,
            "the first number, or text that writes one, among the properties value, revenue, total and amount",
        ),
        ViewColumn(
            "revenue", ShownAs.MONEY, "what it brought, by [money] of the model; below 0: paid back; null: none"
        ),
        ViewColumn("currency", ShownAs.TEXT, "the currency of that"),
        ViewColumn(
            "properties",
            ShownAs.JSON,
            "an object: its properties, without what names the person; *** is their e-mail or phone in a longer text",
        ),
        ViewColumn("machine", ShownAs.TEXT, "why it is a machine's; null: a person's. A machine's counts nowhere"),
        ViewColumn("own", ShownAs.FLAG, "whether the person did it; the others were done to, or said about, them"),
        ViewColumn("seconds", ShownAs.SECONDS, "how long after the lead's first touchpoint that was"),
    ),
    _touches,
)


def _awards(tables: Derived) -> Select[Any]:
    return select(tables.awards, tables.awards.c.at.label("happened_at"))


AWARDS: Final = ReportView(
    "report_awards",
    "One row for points that a rule gave to a lead.",
    (
        _LEAD,
        ViewColumn("happened_at", ShownAs.MOMENT, "when: the instant of the touchpoint"),
        ViewColumn("n", ShownAs.COUNT, "its place among the lead's awards of that instant, from 0"),
        ViewColumn("day", ShownAs.DAY, "the day of that, in the model's time zone"),
        ViewColumn("touchpoint", ShownAs.TEXT, "the id that the touchpoint's source gave it"),
        ViewColumn("type", ShownAs.TEXT, "the touchpoint's type"),
        ViewColumn("rule", ShownAs.TEXT, "the rule"),
        ViewColumn("points", ShownAs.NUMBER, "its points, as they were given: heat decays since"),
    ),
    _awards,
)


# ---- day by day --------------------------------------------------------------------------------------------------


def _daily(tables: Derived) -> Select[Any]:
    touch, person, entry, episode = tables.touches.c, tables.sort_keys.c, tables.stage_history.c, tables.hot_episodes.c
    happened = _each(touch.type, touch.day, touch.lead).where(touch.machine.is_(None))
    first = {"visitor": person.first_touch, "lead": person.identified_at, "won": person.won_at}
    once = {what: _each(literal(""), day_of(at), person.lead).where(at.is_not(None)) for what, at in first.items()}
    counted = {
        "touchpoint": happened,
        **once,
        "stage": _each(entry.stage, day_of(entry.at), entry.lead),
        "hot": _each(episode.grade, day_of(episode.began_at), episode.lead),
    }
    return select(union_all(*(_count(what, each) for what, each in counted.items())).subquery("every"))


def _each(name: ColumnElement[str], day: ColumnElement[int], lead: ColumnElement[Any]) -> Select[Any]:
    return select(cast(name, Text).label("name"), day.label("day"), lead.label("lead"))


def _count(what: str, each: Select[Any]) -> Select[Any]:
    one = each.subquery(what).c
    times, leads = func.count().label("times"), func.count(one.lead.distinct()).label("leads")
    return select(one.day, cast(what, Text).label("what"), one.name, times, leads).group_by(one.day, one.name)


DAILY: Final = ReportView(
    "report_daily",
    "One row a day and what happened on it: touchpoints, new visitors and leads, moves, hot episodes, who was won.",
    (
        ViewColumn("day", ShownAs.DAY, "the day, in the model's time zone"),
        ViewColumn(
            "what",
            ShownAs.TEXT,
            "touchpoint (no machine's), visitor (their first touchpoint), lead (was first identified), stage (was"
            " entered), hot (an episode began), won (was for the first time)",
        ),
        ViewColumn("name", ShownAs.TEXT, "the touchpoint's type, the stage, the grade; else empty"),
        ViewColumn("times", ShownAs.COUNT, "how often"),
        ViewColumn("leads", ShownAs.COUNT, "of how many leads"),
    ),
    _daily,
)
