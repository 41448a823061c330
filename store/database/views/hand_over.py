"""What was announced and delivered, and how soon owners answered."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, null, select

from store.database.derived import Derived
from store.database.shown import ShownAs
from store.database.tables import deadlines, deliveries, ledger, model_parts
from store.database.views.clocks import day_of, setting_text
from store.database.views.view import ReportView, ViewColumn

_LEAD: Final = ViewColumn("lead", ShownAs.ID, "the lead that it is about now")


def _asked(tables: Derived) -> Select[Any]:
    asked = deadlines.c
    told = case((asked.state != "dropped", asked.settled))
    return select(
        asked.kind.label("deadline"),
        asked.lead,
        _who(asked.owner).label("who"),
        asked.asked.label("asked_at"),
        day_of(asked.asked).label("asked_day"),
        asked.due.label("due_at"),
        asked.state,
        asked.settled.label("settled_at"),
        (told - asked.asked).label("seconds"),
        asked.signal,
    )


def _who(owner: ColumnElement[str | None]) -> ColumnElement[str | None]:
    """As the model says who is told of: single people only with `report_by = "owner"`."""
    team = select(model_parts.c.says).where(model_parts.c.kind == "member", model_parts.c.name == owner)
    report_by = setting_text("report_by")
    return case((report_by == "owner", owner), (report_by == "team", team.scalar_subquery()), else_=null())


RESPONSE_TIMES: Final = ReportView(
    "report_response_times",
    "One row for each thing that an owner was asked to do by an instant, and how soon it was done.",
    (
        ViewColumn("deadline", ShownAs.TEXT, "what is asked: accept, work, answer, follow_up (a reminder)"),
        _LEAD,
        ViewColumn(
            "who", ShownAs.TEXT, "the owner or team, as `report_by` of the model says; null: nobody, or no team"
        ),
        ViewColumn("asked_at", ShownAs.MOMENT, "since when"),
        ViewColumn("asked_day", ShownAs.DAY, "the day of that, in the model's time zone"),
        ViewColumn("due_at", ShownAs.MOMENT, "until when"),
        ViewColumn("state", ShownAs.TEXT, "open, kept (in time), missed, dropped (nobody waited any more)"),
        ViewColumn("settled_at", ShownAs.MOMENT, "when it was done, also if that was late; null: it was not"),
        ViewColumn("seconds", ShownAs.SECONDS, "from asking to doing, days off included; null: it was not done"),
        ViewColumn("signal", ShownAs.TEXT, "the id of the `lead.hot` that led to it; null: none did"),
    ),
    _asked,
)


def _signals(tables: Derived) -> Select[Any]:
    signal = ledger.c
    return select(
        signal.position,
        signal.id.label("signal"),
        signal.kind,
        signal.lead_now.label("lead"),
        signal.lead.label("announced_for"),
        signal.subject,
        signal.at.label("decided_at"),
        day_of(signal.at).label("day"),
        signal.closes,
        signal.data,
    )


SIGNALS: Final = ReportView(
    "report_signals",
    "One row for each signal: what was announced to others, once and for ever.",
    (
        ViewColumn("position", ShownAs.COUNT, "its place among all"),
        ViewColumn("signal", ShownAs.TEXT, "its id"),
        ViewColumn("kind", ShownAs.TEXT, "lead.hot, segment.entered and so on"),
        _LEAD,
        ViewColumn("announced_for", ShownAs.ID, "the lead under which it was announced"),
        ViewColumn("subject", ShownAs.TEXT, "the segment, the deadline that was missed, the activity; else empty"),
        ViewColumn("decided_at", ShownAs.MOMENT, "when it was decided"),
        ViewColumn("day", ShownAs.DAY, "the day of that, in the model's time zone"),
        ViewColumn("closes", ShownAs.TEXT, "the id of the signal that this one ends"),
        ViewColumn("data", ShownAs.JSON, "an object: the reasons, `from` and `to`"),
    ),
    _signals,
)


def _deliveries(tables: Derived) -> Select[Any]:
    delivery = deliveries.c
    return select(
        delivery.destination,
        delivery.signal,
        ledger.c.kind,
        ledger.c.lead_now.label("lead"),
        delivery.state,
        delivery.attempts,
        delivery.outcome,
        delivery.at.label("state_since"),
        day_of(delivery.at).label("day"),
    ).join_from(deliveries, ledger, ledger.c.position == delivery.position)


DELIVERIES: Final = ReportView(
    "report_deliveries",
    "One row a signal and destination: what became of it there.",
    (
        ViewColumn("destination", ShownAs.TEXT, "the destination"),
        ViewColumn("signal", ShownAs.TEXT, "the signal's id"),
        ViewColumn("kind", ShownAs.TEXT, "the signal's kind"),
        _LEAD,
        ViewColumn("state", ShownAs.TEXT, "waiting, delivered, canceled, dead"),
        ViewColumn("attempts", ShownAs.COUNT, "how often it was tried"),
        ViewColumn("outcome", ShownAs.TEXT, "what was answered last"),
        ViewColumn("state_since", ShownAs.MOMENT, "since when that is its state"),
        ViewColumn("day", ShownAs.DAY, "the day of that, in the model's time zone"),
    ),
    _deliveries,
)
