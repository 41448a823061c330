"""Values of reports as people read them, in the reader's language: names, groups, steps of paths, findings."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from math import inf
from typing import Any, Final, assert_never

from markupsafe import Markup

from api.dashboard.reports.questions import by_label
from api.dashboard.words.lead_texts import COUNTRIES, FINDINGS
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.touchpoints.touchpoint import EPOCH, microseconds
from projections.queries.path_texts import steps_of
from projections.queries.told_apart import IN, NONE, NOT_IN, OTHER
from projections.reports.answer import ColumnKind, ReportColumn, ReportShape

UNKNOWN: Final = "–"
"""What stands where nobody knows a value."""

QUALITY: Final[Mapping[str, str]] = {
    **FINDINGS,
    "missing_field": N_("Lacks what a stage requires"),
    "stale": N_("Not heard of for long"),
    "bounced": N_("Mail came back"),
    "same_email": N_("Several with one e-mail address"),
    "same_phone": N_("Several with one phone number"),
    "shared": N_("Linked by what too many people use"),
}
"""By kind of finding."""

ADVICE: Final[Sequence[str]] = (
    N_("nothing is known in a field that a stage requires"),
    N_("ask for it in a form, or import it; leads cannot be moved to that stage without it"),
    N_("a fact from outside moved them to a stage although they lacked what it requires"),
    N_("complete them in the system that reported the move, or require less in the model"),
    N_("hot, and not promoted, as they lack what that stage requires"),
    N_("ask them for it: they are promoted by the touchpoint that brings it while they are hot"),
    N_("something that is revenue bears an amount that is not read, so it brings nothing"),
    N_(
        "have its source write a number (1200.50): no thousands separator, decimal comma or currency; the currency is a"
        " property of its own"
    ),
    N_("identified, neither won nor aside, and no touchpoint for long; a mail that was sent to them is one too"),
    N_("get in touch, or move them to a stage that is a detour"),
    N_("the last that is known of their mail is that it came back"),
    N_("ask for another address by phone, and take this one off the lists"),
    N_("several leads have one e-mail address"),
    N_("merge those who are one person; else find who writes one address into many"),
    N_("several leads have one phone number"),
    N_("merge those who are one person; a switchboard belongs into another field"),
    N_("a browser claimed an e-mail address or phone number that trusted sources link with another"),
    N_("look at both leads: merge them where it is one person"),
    N_("a browser's claim made one lead of two"),
    N_("look at its identities: unmerge it where these are two people"),
    N_("a public key sent an alias that names no known cookie"),
    N_("send aliases by a server key, or identify"),
    N_("too many people use an e-mail address, phone number or cookie: from then on it names and links nobody"),
    N_("unmerge whom it joined before; give a kiosk or call centre no cookie, keep role addresses out of identities"),
    N_("a merge was asked for that a standing unmerge forbids"),
    N_("merge by hand where it is one person after all"),
    N_("something moved them to a stage that the model has not"),
    N_("add the stage, or name it in `was` of the one that it is now"),
    N_("something moved them to a stage after it was retired"),
    N_("change the system that still reports it"),
)
"""What the report of data quality says of findings: the sentences themselves."""

_GROUPS: Final[Mapping[str, str]] = {
    NONE: N_("not known"),
    OTHER: N_("all others"),
    IN: N_("in it"),
    NOT_IN: N_("not in it"),
}
_LEAD_ID: Final = 8
"""Letters of a lead's id that are shown."""

ValueText = Callable[[PageWording, ReportShape, Any], str]


def value_text(wording: PageWording, shape: ReportShape, column: ReportColumn, item: Mapping[str, Any]) -> str:
    """What stands in a cell; "" where nobody knows the value."""
    value = item[column.name]
    if value is None:
        return ""
    if (said := _OWN.get((shape.report, column.name))) is not None:
        return said(wording, shape, value)
    match column.kind:
        case ColumnKind.STAGE:
            return wording.stage(value)
        case ColumnKind.RULE:
            return wording.rule(value)
        case ColumnKind.SEGMENT:
            return wording.segment(value)
        case ColumnKind.CHANNEL:
            return wording.channel(value)
        case ColumnKind.GROUP:
            return group_text(wording, shape.by or "", value)
        case ColumnKind.COUNT:
            return wording.number(value)
        case ColumnKind.NUMBER:
            return wording.number(value, 2 if abs(value) >= 0.01 else 4)
        case ColumnKind.SHARE:
            return wording.share(value)
        case ColumnKind.MONEY:
            return wording.money(value, item.get("currency"))
        case ColumnKind.SECONDS:
            return wording.span(value)
        case ColumnKind.DAY:
            return wording.date(numbered_day(value))
        case ColumnKind.MOMENT:
            return Markup(wording.when(microseconds(datetime.fromisoformat(value))))
        case ColumnKind.TEXT | ColumnKind.FLAG:
            return wording.value(value)
        case _:
            assert_never(column.kind)


def group_text(wording: PageWording, by: str, group: str) -> str:
    """A group of what leads or touchpoints are told apart by (`by`), as people read it."""
    if group in _GROUPS:
        return wording.text(_GROUPS[group])
    if by == "stage":
        return wording.stage(group)
    if by.endswith("channel"):
        return wording.channel(group)
    if by == "type":
        return wording.touchpoint(group)
    if by.startswith("profile.") and by.removeprefix("profile.").partition(":")[0] in COUNTRIES:
        return wording.country(group)
    if by.startswith("profile"):
        return _band(wording, group)
    return group


def band_place(group: str) -> float | None:
    """Where a number or a band of numbers stands among others; None: it is none."""
    match group.split(" "):
        case ["below", limit] if _is_number(limit):
            return -inf
        case [number] | [number, "to", _] | [number, "and", "more"] if _is_number(number):
            return float(number)
    return None


def _band(wording: PageWording, group: str) -> str:
    """Bands of numbers as people read them; other values as they are."""
    match group.split(" "):
        case ["below", limit] if _is_number(limit):
            return wording.text(N_("below {limit}"), limit=number_text(wording, limit))
        case [low, "to", high] if _is_number(low) and _is_number(high):
            return wording.text(N_("{low} to {high}"), low=number_text(wording, low), high=number_text(wording, high))
        case [limit, "and", "more"] if _is_number(limit):
            return wording.text(N_("{limit} and more"), limit=number_text(wording, limit))
    return group


def number_text(wording: PageWording, text: str) -> str:
    """A number as people write it; what is none as it is."""
    return wording.number(float(text), 6) if _is_number(text) else text


def numbered_day(named: str) -> int:
    """The number of a day since 1970-01-01."""
    return (date.fromisoformat(named) - EPOCH.date()).days


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def _paid_in(wording: PageWording, shape: ReportShape, value: Any) -> str:
    """The time of an amount, or the channel of who paid it."""
    match shape.by:
        case "month" | "cohort":
            return wording.month(numbered_day(value))
        case "week":
            return wording.text(N_("week from {day}"), day=wording.date(numbered_day(value)))
        case "day":
            return wording.date(numbered_day(value))
        case _:
            return wording.channel(value)


def _path(wording: PageWording, shape: ReportShape, value: Any) -> str:
    called = {"type": wording.touchpoint, "channel": wording.channel}.get(shape.options.get("step", "type"), str)
    return " → ".join(map(called, path_steps(value))) or wording.text(N_("nothing"))


def path_steps(path: str) -> list[str]:
    """The steps of a path; of one that is masked as much as is shown."""
    try:
        return steps_of(path)
    except ValueError:
        return [path]


def _field(wording: PageWording, shape: ReportShape, value: Any) -> str:
    by = shape.by or ""
    return wording.field(value) if by.startswith("profile") else by_label(wording, value)


_OWN: Final[Mapping[tuple[str, str], ValueText]] = {
    ("mail", "weekday"): lambda wording, shape, value: wording.weekday(value),
    ("mail", "hour"): lambda wording, shape, value: wording.hour(value),
    ("mail", "chance"): lambda wording, shape, value: wording.number(value, 4),
    ("paths", "path"): _path,
    ("portrait", "field"): _field,
    ("revenue", "group"): _paid_in,
    ("response_times", "deadline"): lambda wording, shape, value: wording.deadline(value),
    ("quality", "kind"): lambda wording, shape, value: wording.known(QUALITY, value),
    ("quality", "detail"): lambda wording, shape, value: wording.field(value),
    ("quality", "example"): lambda wording, shape, value: value[:_LEAD_ID],
    ("quality", "means"): lambda wording, shape, value: wording.text(value),
    ("quality", "to_do"): lambda wording, shape, value: wording.text(value),
}
"""Columns whose values are more than their kind says, by report and column."""
