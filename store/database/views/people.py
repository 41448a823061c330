"""`report_leads`: who each lead is and how it stands, at the projector's clock."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select

from store.database.derived import Derived
from store.database.expressions import family_name_first, heat_left, text_member
from store.database.shown import ShownAs
from store.database.views.clocks import clock_of, day_of, halvings
from store.database.views.view import ReportView, ViewColumn

_COLUMNS: Final = (
    ViewColumn("lead", ShownAs.ID, "the lead's id"),
    ViewColumn("identified", ShownAs.FLAG, "whether anything above a cookie names the person; the others are visitors"),
    ViewColumn("identified_at", ShownAs.MOMENT, "since when; null: a visitor"),
    ViewColumn("identified_day", ShownAs.DAY, "the day of that, in the model's time zone"),
    ViewColumn("name", ShownAs.TEXT, "what the person is called"),
    ViewColumn("email", ShownAs.TEXT, "the e-mail address of the profile"),
    ViewColumn("phone", ShownAs.TEXT, "the phone number of the profile"),
    ViewColumn("company", ShownAs.TEXT, "the company of the profile"),
    ViewColumn("title", ShownAs.TEXT, "the title of the profile"),
    ViewColumn("country", ShownAs.TEXT, "the country of the profile"),
    ViewColumn("stage", ShownAs.TEXT, "the stage that the lead is in; visitor until identified"),
    ViewColumn("stage_since", ShownAs.MOMENT, "since when it is in it"),
    ViewColumn("stage_seconds", ShownAs.SECONDS, "how long that is, up to the clock"),
    ViewColumn("won_at", ShownAs.MOMENT, "when it first entered a stage with `won = true`; null: it never did"),
    ViewColumn("won_day", ShownAs.DAY, "the day of that"),
    ViewColumn("won_seconds", ShownAs.SECONDS, "how long after the first touchpoint that was"),
    ViewColumn("owner", ShownAs.TEXT, "who takes care of it; null: nobody"),
    ViewColumn("owner_since", ShownAs.MOMENT, "since when"),
    ViewColumn("owner_due", ShownAs.MOMENT, "until when they must have accepted; null: nobody said"),
    ViewColumn("accepted_at", ShownAs.MOMENT, "when they did"),
    ViewColumn("heat", ShownAs.NUMBER, "engagement, decayed to the clock: at least 0, two decimals"),
    ViewColumn("hot", ShownAs.FLAG, "whether it is hot"),
    ViewColumn("hot_since", ShownAs.MOMENT, "since when"),
    ViewColumn("cools_at", ShownAs.MOMENT, "when it cools if nothing more happens"),
    ViewColumn("grade", ShownAs.TEXT, "fit: A to D"),
    ViewColumn("fit", ShownAs.NUMBER, "the points that made the grade"),
    ViewColumn("not_a_lead", ShownAs.TEXT, "why the person is no lead (employee, competitor, ...); null: they are"),
    ViewColumn("first_touch_at", ShownAs.MOMENT, "the first touchpoint"),
    ViewColumn("first_touch_day", ShownAs.DAY, "the day of that"),
    ViewColumn("last_touch_at", ShownAs.MOMENT, "the last touchpoint"),
    ViewColumn("touchpoints", ShownAs.COUNT, "how many there are; machines' are not counted"),
    ViewColumn("last_seen_at", ShownAs.MOMENT, "the person's own last act; null: they did nothing"),
    ViewColumn("changed_at", ShownAs.MOMENT, "when a touchpoint, or time alone, last changed something"),
    ViewColumn("first_channel", ShownAs.TEXT, "the channel of the first origin; direct: none is known"),
    ViewColumn("first_source", ShownAs.TEXT, "its source"),
    ViewColumn("first_medium", ShownAs.TEXT, "its medium"),
    ViewColumn("first_campaign", ShownAs.TEXT, "its campaign"),
    ViewColumn("last_channel", ShownAs.TEXT, "the channel of the last origin; direct: none is known"),
    ViewColumn("last_source", ShownAs.TEXT, "its source"),
    ViewColumn("last_medium", ShownAs.TEXT, "its medium"),
    ViewColumn("last_campaign", ShownAs.TEXT, "its campaign"),
    ViewColumn("identities", ShownAs.JSON, "`[[kind, value], ...]`, at most twenty, highest kinds first"),
    ViewColumn("identity_count", ShownAs.COUNT, "how many there are"),
    ViewColumn("profile", ShownAs.JSON, "what was last said about the person: an object"),
    ViewColumn("clock", ShownAs.MOMENT, "the instant that all this is as of"),
    ViewColumn("clock_day", ShownAs.DAY, "the day of that, in the model's time zone"),
)


def _rows(tables: Derived) -> Select[Any]:
    leads, scores = tables.leads.c, tables.scores.c
    first, last = (tables.lead_sources.alias(name) for name in ("first_origin", "last_origin"))
    origins = {"first": first.c, "last": last.c}
    joined = tables.leads.join(tables.scores, scores.lead == leads.lead)
    for which, origin in origins.items():
        same = and_(origin.lead == leads.lead, origin.which == which, origin.stage == "")
        joined = joined.outerjoin(origin.lead.table, same)
    fields = {field: text_member(leads.profile, field) for field in ("email", "phone", "company", "title", "country")}
    return select(
        leads.lead,
        leads.identified,
        leads.identified_at,
        day_of(leads.identified_at).label("identified_day"),
        _name(leads.profile).label("name"),
        *(field.label(name) for name, field in fields.items()),
        leads.stage,
        leads.stage_since,
        (clock_of(tables) - leads.stage_since).label("stage_seconds"),
        leads.won_at,
        day_of(leads.won_at).label("won_day"),
        (leads.won_at - leads.first_touch).label("won_seconds"),
        leads.owner,
        leads.owner_since,
        leads.owner_due,
        leads.accepted_at,
        heat_left(scores.heat, halvings(tables, scores.heat_at)).label("heat"),
        scores.hot,
        scores.hot_since,
        scores.cools_at,
        scores.grade,
        scores.fit,
        scores.not_a_lead,
        leads.first_touch.label("first_touch_at"),
        day_of(leads.first_touch).label("first_touch_day"),
        leads.last_touch.label("last_touch_at"),
        leads.touches.label("touchpoints"),
        leads.last_seen.label("last_seen_at"),
        leads.changed_at,
        *(
            column.label(f"{which}_{name}")
            for which, origin in origins.items()
            for name, column in (
                ("channel", leads[f"{which}_channel"]),
                ("source", origin.source),
                ("medium", origin.medium),
                ("campaign", origin.campaign),
            )
        ),
        leads.identities,
        leads.identity_count,
        leads.profile,
        clock_of(tables).label("clock"),
        day_of(clock_of(tables)).label("clock_day"),
    ).select_from(joined)


def _name(profile: ColumnElement[str]) -> ColumnElement[str]:
    """As domain/fold/names.py calls people: whole where somebody said it so, else put together."""

    def said(field: str) -> ColumnElement[str]:
        return func.nullif(text_member(profile, field), "")

    first, last = said("first_name"), said("last_name")
    together = case(
        (and_(family_name_first(first), family_name_first(last)), last.concat(first)),
        else_=first.concat(literal(" ")).concat(last),
    )
    return func.coalesce(said("name"), said("full_name"), together, first, last)


LEADS = ReportView("report_leads", "One row a lead, visitors among them, as it stands at the clock.", _COLUMNS, _rows)
