"""Mail: what became of it, in people, by campaign, variant or time of sending; and a test of two variants."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Subquery, case, func, select

from domain.judging.backtest import Portion
from domain.judging.two_shares import LEAST, TwoShares
from domain.phrases import phrase
from projections.queries.days import bounds_of
from projections.queries.view import View
from projections.reports.answer import (
    BadReport,
    CellLeads,
    ColumnKind,
    Report,
    ReportCell,
    ReportPeople,
    ReportQuestion,
    ReportRows,
    column,
)
from store.database.tables import zone_offsets
from store.database.views.clocks import day_of, hour_of, setting_text, weekday_of
from store.database.views.mail import mail_recipients
from store.model_parts import offsets_until

_COUNTS: Final = (
    "people", "sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "complained", "converted",
)  # fmt: skip
_RATES: Final = _COUNTS[3:]
"""Of these there is a share of all people."""
_TOLD: Final[Mapping[str, Sequence[str]]] = {
    "campaign": ("campaign",),
    "variant": ("campaign", "variant"),
    "hour": ("hour",),
    "weekday": ("weekday",),
}
"""By what is told apart: the columns that say it."""
_PLACES: Final = ("campaign", "variant", "weekday", "hour")
_MEASURED: Final = ("opened", "clicked", "converted")
_TEST: Final = "test"
_OF: Final = "of"
_STILL: Final = "converted: within 7 days of a click, so whoever clicked in the last 7 days still may"

HAD_BOTH: Final = "had both variants"
"""So begins the note on people who had mails of both variants of a test."""

Numbers = Mapping[str, Any]
"""Of one group: what tells it apart, and how many people by what became of them."""


class _Result(NamedTuple):
    """What a test says, of the second variant beside the first."""

    difference: float | None = None
    lowest: float | None = None
    highest: float | None = None
    chance: float | None = None


def _rows(view: View, question: ReportQuestion) -> ReportRows:
    by, campaign = question.by or "campaign", question.options.get(_TEST)
    if campaign is not None:
        return _tested(view, question, by, campaign)
    if _OF in question.options:
        raise BadReport(
            phrase("{of}: found it without {test}, allowed is with it: it says what is compared", of=_OF, test=_TEST)
        )
    return ReportRows([_row(each, _Result()) for each in _groups(view, question, _TOLD[by])], [_STILL])


def _groups(view: View, question: ReportQuestion, told: Sequence[str], campaign: str | None = None) -> list[Numbers]:
    """The groups, in the order of what tells them apart."""
    group = _recipients(view, question, told, [] if campaign is None else [("campaign", campaign)]).c
    apart = [group[name] for name in told]
    sums = [func.count().label("people"), *(func.sum(group[name]).label(name) for name in (*_COUNTS[1:], "both"))]
    rows = view.conn.execute(select(*apart, *sums).group_by(*apart)).mappings()
    groups = [{**row, **{name: int(row[name]) for name in (*_COUNTS, "both")}} for row in rows]
    return sorted(groups, key=lambda each: [(each[name] is None, each[name]) for name in told])


def _recipients(
    view: View, question: ReportQuestion, told: Sequence[str], of: Sequence[tuple[str, str | int | None]]
) -> Subquery:
    """Whom mail was sent to in the period, once a campaign, beside what tells them apart: those `of` one such place."""
    each = mail_recipients(view.tables).subquery("recipient").c
    offsets = _offsets(view)
    places: Mapping[str, ColumnElement[Any]] = {
        "campaign": each.campaign,
        "variant": each.variant,
        "weekday": weekday_of(day_of(each.begun_at, offsets)),
        "hour": hour_of(each.begun_at, offsets),
    }
    start, end = bounds_of(question.days, view.model.timezone)
    inside = [places[name].is_not_distinct_from(value) for name, value in of]
    inside += [] if start is None else [each.begun_at >= start]
    inside += [] if end is None else [each.begun_at < end]
    both = case((each.variant != each.last_variant, 1), else_=0).label("both")
    columns = [each.lead, each.begun_at, each.campaign.label("of"), both, *(places[name].label(name) for name in told)]
    return select(*columns, *(each[name] for name in _COUNTS[1:])).where(*inside).subquery("group")


def _offsets(view: View) -> FromClause:
    """How far the clocks of the view's model are ahead; that of a past view may have had another zone."""
    active = view.conn.execute(select(setting_text("timezone"))).scalar_one()
    zone = view.model.timezone
    return zone_offsets if zone == active else offsets_until(zone, view.clock)


def _row(numbers: Numbers, result: _Result) -> Sequence[Any]:
    people = numbers["people"]
    places = [numbers.get(name) for name in _PLACES]
    rates = [numbers[name] / people if people else None for name in _RATES]
    counts = [numbers[name] for name in _COUNTS[1:]]
    return (*places, people, *result, *counts, *rates)


def _people(view: View, question: ReportQuestion, cell: ReportCell) -> CellLeads:
    """Who is behind a number. Raises BadReport."""
    by, campaign = question.by or "campaign", question.options.get(_TEST)
    told = _TOLD["variant"] if campaign is not None else _TOLD[by]
    cell.check_row(told)
    values = {
        **cell.row,
        "weekday": cell.whole("weekday", 1, 7),
        "hour": cell.whole("hour", 0, 23),
    }
    of = [] if campaign is None else [("campaign", campaign)]
    group = _recipients(view, question, told, [*of, *((name, values.get(name)) for name in told)]).c
    query = select(group.lead, group.begun_at.label("at"), func.coalesce(group.of, "").label("again"))
    return CellLeads(query if cell.number == "people" else query.where(group[cell.number] == 1), again=str)


# ---- one variant beside the other --------------------------------------------------------------------------------


def _tested(view: View, question: ReportQuestion, by: str, campaign: str) -> ReportRows:
    """The two variants of a campaign. Raises BadReport."""
    if by not in ("campaign", "variant"):
        raise BadReport(
            phrase("by: found {by!r} with {test}, allowed is variant: a test is of two variants", by=by, test=_TEST)
        )
    of = question.options.get(_OF, "clicked")
    if of not in _MEASURED:
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed are {allowed}",
                name=_OF,
                found=of[:80],
                allowed=tuple(_MEASURED),
            )
        )
    groups = _groups(view, question, _TOLD["variant"], campaign)
    variants = [each for each in groups if each["variant"] is not None]
    if len(variants) != 2:
        found = ", ".join(each["variant"] for each in variants[:20]) or "none"
        raise BadReport(
            phrase(
                "{test}: found the variants {found} of {campaign!r}, allowed is a campaign with two: {campaigns}",
                test=_TEST,
                found=found,
                campaign=campaign[:80],
                campaigns=", ".join(_testable(view, question)[:20]) or "there is none",
            )
        )
    first, second = variants
    shares = TwoShares(*(Portion(each[of], each["people"]) for each in variants))
    low, high = shares.between or (None, None)
    rows = [_row(first, _Result()), _row(second, _Result(shares.difference, low, high, shares.chance))]
    left_out = sum(each["people"] for each in groups if each["variant"] is None)
    notes = _notes(shares, first, second, of, left_out)
    if both := first["both"] + second["both"]:
        notes.append(f"{HAD_BOTH}, and count with {first['variant']}: {both} people; a difference looks smaller")
    return ReportRows(rows, [*notes, *([_STILL] if of == "converted" else [])])


def _testable(view: View, question: ReportQuestion) -> list[str]:
    """The campaigns of the period that have two variants."""
    variants = Counter(
        each["campaign"] for each in _groups(view, question, _TOLD["variant"]) if each["variant"] is not None
    )
    return [campaign for campaign, count in variants.items() if count == 2 and campaign is not None]


def _notes(shares: TwoShares, first: Numbers, second: Numbers, of: str, left_out: int) -> list[str]:
    notes = [
        f"the share of people who {of}, {second['variant']} minus {first['variant']}: lowest and highest bound"
        " it with 95% confidence (Newcombe's hybrid score interval); chance is the p-value of Fisher's exact test,"
        " two-sided"
    ]
    if shares.too_few:
        small = first if first["people"] < second["people"] else second
        notes.append(
            f"too few to tell: if both variants were the same, fewer than {LEAST} people of {small['variant']} would be"
            f" expected either to have {of} or not to have"
        )
    if left_out:
        notes.append(f"without a variant, and left out: {left_out} people")
    return notes


MAIL: Final = Report(
    "mail",
    "What became of mail, in people: each counts once a campaign, on the day of the first mail of it; machines' opens"
    " and clicks are left out",
    (
        column("campaign", ColumnKind.TEXT, "the campaign that the touchpoints name; null: none, or not told apart"),
        column("variant", ColumnKind.TEXT, "likewise"),
        column("weekday", ColumnKind.COUNT, "of sending, in the model's time zone: 1 is Monday; null: not told apart"),
        column("hour", ColumnKind.COUNT, "of sending, 0 to 23; null: not told apart"),
        column("people", ColumnKind.COUNT, "of whom any mail of it is known"),
        column("difference", ColumnKind.SHARE, "of a test: the share of `of` minus that of the row before"),
        column("lowest", ColumnKind.SHARE, "of a test: the least that the true difference is, with 95% confidence"),
        column("highest", ColumnKind.SHARE, "of a test: the most that it is"),
        column("chance", ColumnKind.NUMBER, "of a test: how likely it is that far apart if nothing differs (p-value)"),
        column("sent", ColumnKind.COUNT, "people to whom it was sent"),
        column("delivered", ColumnKind.COUNT, "people to whom it was delivered"),
        column("opened", ColumnKind.COUNT, "people who opened it"),
        column("clicked", ColumnKind.COUNT, "people who clicked in it"),
        column("bounced", ColumnKind.COUNT, "people whose mail came back"),
        column("unsubscribed", ColumnKind.COUNT, "people who unsubscribed"),
        column("complained", ColumnKind.COUNT, "people who complained"),
        column("converted", ColumnKind.COUNT, "who sent a form, brought revenue or were won within 7 days of a click"),
        *(column(f"{name}_share", ColumnKind.SHARE, f"{name} of people") for name in _RATES),
    ),
    _rows,
    by=tuple(_TOLD),
    options={
        _TEST: "a campaign with two variants: these two beside each other",
        _OF: "what a test compares: opened, clicked (without it) or converted",
    },
    people=ReportPeople(_COUNTS, _PLACES, "when the first mail of it was sent", _people),
)
