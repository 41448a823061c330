"""`report_quality`: what is missing, wrong or doubtful in what is known of leads."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    exists,
    func,
    null,
    select,
    true,
    union_all,
)

from store.database.derived import Derived
from store.database.expressions import elements, instant_at, member, text_at, text_member
from store.database.shown import ShownAs
from store.database.tables import model_parts
from store.database.views.clocks import DAY, clock_of, day_of
from store.database.views.view import ReportView, ViewColumn

STALE_DAYS: Final = 90
"""An identified lead on its way that was not heard of for longer is stale."""
_EMPTY: Final = ("null", '""', "[]", "{}")
"""JSON of what says as little as nothing, as a move to a stage takes it."""
_ARRIVED: Final = ("email_delivered", "email_opened", "email_clicked")
"""What says that a mail came to somebody."""


def quality_rows(
    tables: Derived, stale_days: int = STALE_DAYS, parts: FromClause = model_parts, kind: str | None = None
) -> Select[Any]:
    """The rows; a lead is stale that was not heard of for more than so many days. `parts`: of the model by which the
    leads were folded. With `kind` at least those of that kind, and nothing else is read for them."""
    looked_for = {
        "bounced": _bounced(tables),
        "same_email": _repeated_email(tables),
        "same_phone": _repeated_phone(tables),
        "missing_field": _missing(tables, parts),
        "stale": _stale(tables, stale_days, parts),
    }
    every = [_findings(tables), *looked_for.values()]
    some = every if kind is None else [looked_for.get(kind, every[0])]
    found = union_all(*some).subquery("every").c
    return select(found.lead, found.kind, found.detail, found.at.label("since"), day_of(found.at).label("day"))


def _row(
    lead: ColumnElement[Any], kind: ColumnElement[str] | str, detail: ColumnElement[Any], at: ColumnElement[Any]
) -> Select[Any]:
    return select(
        lead.label("lead"),
        cast(kind, Text).label("kind"),
        cast(detail, Text).label("detail"),
        cast(at, BigInteger).label("at"),
    )


def _findings(tables: Derived) -> Select[Any]:
    leads = tables.leads.c
    finding = elements(leads.findings)
    value = finding.c.value
    some = leads.findings != "[]"  # most have none, and JSON takes long to read
    each = tables.leads.join(finding, true())
    return _row(leads.lead, text_at(value, 0), text_at(value, 1), instant_at(value, 2)).select_from(each).where(some)


def _missing(tables: Derived, parts: FromClause) -> Select[Any]:
    leads, part = tables.leads.c, parts.c
    said = func.coalesce(member(leads.profile, part.name), _EMPTY[0])
    each = tables.leads.join(parts, part.kind == "required")
    rows = _row(leads.lead, "missing_field", part.name, null()).select_from(each)
    return rows.where(leads.identified, said.in_(_EMPTY))


def _stale(tables: Derived, days: int, parts: FromClause) -> Select[Any]:
    leads, stage = tables.leads.c, parts.c
    on_the_way = and_(stage.kind == "stage", stage.name == leads.stage, stage.says.is_(None))
    old = leads.last_touch < clock_of(tables) - days * DAY
    return _row(leads.lead, "stale", null(), leads.last_touch).where(leads.identified, on_the_way, old)


def _bounced(tables: Derived) -> Select[Any]:
    """Whose last word about mail is that it came back."""
    touch, later = tables.touches.c, tables.touches.alias("later").c
    arrived = exists().where(
        later.lead == touch.lead, later.at > touch.at, later.type.in_(_ARRIVED), later.machine.is_(None)
    )
    bounced = (touch.type == "email_bounced", touch.machine.is_(None), ~arrived)
    last = select(touch.lead, func.max(touch.at).label("at")).where(*bounced).group_by(touch.lead)
    each = last.subquery("bounced").c
    return _row(each.lead, "bounced", null(), each.at)


def _repeated_email(tables: Derived) -> Select[Any]:
    return _repeated(tables, "email")


def _repeated_phone(tables: Derived) -> Select[Any]:
    return _repeated(tables, "phone")


def _repeated(tables: Derived, field: str) -> Select[Any]:
    leads = tables.leads.c
    values = select(leads.lead, func.lower(text_member(leads.profile, field)).label("value")).where(leads.identified)
    each = values.subquery(f"each_{field}").c
    counted = select(each.lead, each.value, func.count().over(partition_by=each.value).label("leads"))
    several = counted.where(func.coalesce(each.value, "") != "").subquery(f"several_{field}").c
    return _row(several.lead, f"same_{field}", several.value, null()).where(several.leads > 1)


QUALITY: Final = ReportView(
    "report_quality",
    "One row for each thing about a lead that is missing, wrong or doubtful. What too many people use, the report"
    " `quality` names.",
    (
        ViewColumn("lead", ShownAs.ID, "the lead's id"),
        ViewColumn(
            "kind",
            ShownAs.TEXT,
            "a finding (missing_required, claim_not_bound, ...: those of the table leads), or missing_field (that a"
            f" stage requires), stale (identified, neither won nor aside, no touchpoint for {STALE_DAYS} days),"
            " bounced (the last that is told of its mail), same_email, same_phone (several leads have it)",
        ),
        ViewColumn("detail", ShownAs.TEXT, "the field, the e-mail address, ...; null: nothing more is to be said"),
        ViewColumn("since", ShownAs.MOMENT, "since when; null: nobody knows"),
        ViewColumn("day", ShownAs.DAY, "the day of that, in the model's time zone"),
    ),
    quality_rows,
)
