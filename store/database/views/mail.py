"""`report_mail`: what became of mails, counted in people: each once a campaign, whatever was sent to them of it."""

from typing import Any, Final

from sqlalchemy import ColumnElement, CompoundSelect, Select, Text, and_, case, cast, func, literal, select, union_all

from store.database.derived import Derived
from store.database.expressions import least_by_bytes, member, text_member
from store.database.shown import ShownAs
from store.database.views.clocks import DAY, day_of, hour_of, weekday_of
from store.database.views.view import ReportView, ViewColumn

WITHIN: Final = 7 * DAY
"""Of a click: what then follows is its conversion."""

_TOLD: Final = {
    "sent": "email_sent",
    "delivered": "email_delivered",
    "opened": "email_opened",
    "clicked": "email_clicked",
    "bounced": "email_bounced",
    "unsubscribed": "email_unsubscribed",
    "complained": "email_complained",
}
"""What is counted, by the touchpoint type that tells it."""
_CONVERTED: Final = "converted"
_LONGEST: Final = 200
"""Characters of a campaign: the rest is cut, as `touches` does."""


def _rows(tables: Derived) -> Select[Any]:
    """Groups of recipients by when they were written to."""
    recipients = mail_recipients(tables).subquery("recipient")
    recipient = recipients.c
    begun = select(recipients, day_of(recipient.begun_at).label("day"), hour_of(recipient.begun_at).label("hour"))
    each = begun.subquery("begun").c
    kinds = [*_TOLD, "converted"]
    return select(
        each.campaign,
        each.variant,
        each.day,
        each.hour,
        weekday_of(each.day).label("weekday"),
        func.count().label("people"),
        *(func.sum(each[kind]).label(kind) for kind in kinds),
    ).group_by(each.campaign, each.variant, each.day, each.hour)


def mail_recipients(tables: Derived) -> Select[Any]:
    """One row a lead and campaign: the first and the last variant by name, when it began, and 1 for what happened."""
    told = union_all(_told(tables), _converted(tables)).subquery("told").c
    first_of = {kind: func.min(case((told.type == _TOLD[kind], told.at))) for kind in ("sent", "delivered")}
    done = {**_TOLD, "converted": _CONVERTED}
    return select(
        told.lead,
        told.campaign,
        least_by_bytes(told.variant).label("variant"),
        func.max(told.variant).label("last_variant"),
        func.coalesce(*first_of.values(), func.min(told.at)).label("begun_at"),
        *(func.max(case((told.type == type, 1), else_=0)).label(kind) for kind, type in done.items()),
    ).group_by(told.lead, told.campaign)


def _told(tables: Derived) -> Select[Any]:
    touch = tables.touches.c
    query = select(touch.lead, _campaign(touch), touch.variant, touch.at, touch.type)
    return query.where(touch.type.in_(_TOLD.values()), touch.machine.is_(None))


def _converted(tables: Derived) -> Select[Any]:
    """A row for each click that something wanted followed: looked up for all together, not for each in turn."""
    click, wanted = tables.touches.alias("click").c, _wanted(tables).subquery("wanted").c
    within = and_(wanted.lead == click.lead, wanted.at >= click.at, wanted.at <= click.at + WITHIN)
    return (
        select(click.lead, _campaign(click), click.variant, click.at, cast(literal(_CONVERTED), Text).label("type"))
        .join_from(click.lead.table, wanted.lead.table, within)
        .where(click.type == _TOLD["clicked"], click.machine.is_(None))
    )


def _campaign(touch: Any) -> ColumnElement[str]:
    """The mail's own campaign: where a click came from (`utm_campaign` of its address) is that of the visit."""
    said, text = member(touch.properties, "campaign"), text_member(touch.properties, "campaign")
    digits = func.replace(said, ".0", "")  # a whole number may be written as 7.0
    named = case(
        (func.substr(said, 1, 1) == '"', func.nullif(func.substr(func.trim(text), 1, _LONGEST), "")),
        (and_(digits != "", func.ltrim(digits, "-0123456789") == ""), digits),
    )
    # JSON takes long to read, and where nothing is told of an origin the column is the property
    return case((touch.channel.is_(None), touch.campaign), else_=func.coalesce(named, touch.campaign)).label("campaign")


def _wanted(tables: Derived) -> CompoundSelect[Any]:
    """When leads sent a form, brought revenue, or were won for the first time."""
    form, paid = (tables.touches.alias(name).c for name in ("form", "paid"))
    lead = tables.leads.c
    return union_all(
        select(form.lead, form.at).where(form.type == "form_submitted", form.machine.is_(None)),
        select(paid.lead, paid.at).where(paid.revenue > 0, paid.machine.is_(None)),
        select(lead.lead, lead.won_at).where(lead.won_at.is_not(None)),
    )


MAIL: Final = ReportView(
    "report_mail",
    "One row a campaign, variant and hour of sending: how many people were written to, and what they did. A person is"
    " counted once a campaign, in the row of the first mail of it.",
    (
        ViewColumn(
            "campaign",
            ShownAs.TEXT,
            "the property campaign of the mail's touchpoints; of a click that has none that of its address; null: none",
        ),
        ViewColumn("variant", ShownAs.TEXT, "the property variant: which one of a test; of several the first by name"),
        ViewColumn(
            "day",
            ShownAs.DAY,
            "the day of the first email_sent (else of the first email_delivered, else of the first that is told), in"
            " the model's time zone",
        ),
        ViewColumn("hour", ShownAs.COUNT, "the hour of that, 0 to 23"),
        ViewColumn("weekday", ShownAs.COUNT, "the weekday of that: 1 is Monday, 7 Sunday"),
        ViewColumn("people", ShownAs.COUNT, "leads of whom any mail of it is known"),
        ViewColumn("sent", ShownAs.COUNT, "of them those with an email_sent"),
        ViewColumn("delivered", ShownAs.COUNT, "with an email_delivered"),
        ViewColumn("opened", ShownAs.COUNT, "with an email_opened that is no machine's"),
        ViewColumn("clicked", ShownAs.COUNT, "with an email_clicked that is no machine's"),
        ViewColumn("bounced", ShownAs.COUNT, "with an email_bounced"),
        ViewColumn("unsubscribed", ShownAs.COUNT, "with an email_unsubscribed"),
        ViewColumn("complained", ShownAs.COUNT, "with an email_complained"),
        ViewColumn(
            "converted",
            ShownAs.COUNT,
            "who sent a form, brought revenue or was won for the first time within 7 days of a click",
        ),
    ),
    _rows,
)
