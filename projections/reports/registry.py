"""Every report. A new one is a file beside this one, and a line here: HTTP, command line and docs iterate over them."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from domain.errors import NotFound
from domain.fold.days import ZoneDays
from domain.phrases import phrase
from domain.touchpoints.touchpoint import rfc3339
from projections.projecting.projector import read_progress
from projections.queries.csv_rows import csv_lines
from projections.queries.days import DayRange, bounds_of, day_named
from projections.queries.shapes import Page
from projections.queries.view import View
from projections.reports.answer import (
    MILLIONTHS,
    BadReport,
    ColumnKind,
    OptionShape,
    Report,
    ReportColumn,
    ReportNameShape,
    ReportPeopleShape,
    ReportQuestion,
    ReportShape,
)
from projections.reports.attribution import ATTRIBUTION
from projections.reports.channels import CHANNELS
from projections.reports.cohorts import COHORTS
from projections.reports.daily import DAILY
from projections.reports.mail import MAIL
from projections.reports.paths.report import PATHS
from projections.reports.portrait.report import PORTRAIT
from projections.reports.quality import QUALITY
from projections.reports.responses import RESPONSE_TIMES
from projections.reports.revenue import REVENUE
from projections.reports.stages.report import STAGES

REPORTS: Final[tuple[Report, ...]] = (
    STAGES,
    DAILY,
    MAIL,
    COHORTS,
    PATHS,
    PORTRAIT,
    CHANNELS,
    ATTRIBUTION,
    REVENUE,
    RESPONSE_TIMES,
    QUALITY,
)

_NAMED: Final[Mapping[str, str]] = {"segment:": "segment:NAME", "profile.": "profile.FIELD"}
"""How what `by` goes on with a name is shown, by how it begins."""


def reports() -> Page[ReportNameShape]:
    """What there are."""
    return Page[ReportNameShape](
        items=[
            ReportNameShape(
                name=each.name,
                about=each.about,
                columns=list(each.columns),
                by=list(each.by),
                options=[OptionShape(name=name, about=about) for name, about in each.options.items()],
                recent=each.recent,
                people=None
                if each.people is None
                else ReportPeopleShape(numbers=list(each.people.numbers), row=list(each.people.row), at=each.people.at),
            )
            for each in REPORTS
        ]
    )


def known_report(name: str) -> Report:
    """The report of this name. Raises NotFound, which lists them."""
    named = {each.name: each for each in REPORTS}
    if name not in named:
        raise NotFound(phrase("no report {name!r}: there are {names}", name=name[:80], names=tuple(named)))
    return named[name]


def check_asked(name: str, by: str | None, options: Mapping[str, Any]) -> None:
    """What can be told without a view, of which one of the past is built first. Raises NotFound, BadReport."""
    definition = known_report(name)
    _by(definition, by)
    _options(definition, options)


def report(view: View, name: str, question: ReportQuestion) -> ReportShape:
    """The report, as it is printed everywhere. Raises NotFound, BadReport, SavedByAnother."""
    return answered(view, known_report(name), question)


def answered(view: View, definition: Report, question: ReportQuestion) -> ReportShape:
    """What a report answers. Raises NotFound, BadReport, SavedByAnother."""
    question = understood(view, definition, question)
    answer = definition.run(view, question)
    start, end = bounds_of(question.days, view.model.timezone)
    return ReportShape(
        report=definition.name,
        from_=start,
        to=end,
        by=question.by,
        options=dict(question.options),
        clock=view.clock,
        columns=list(definition.columns),
        items=[_item(definition.columns, row) for row in answer.rows],
        notes=list(answer.notes),
    )


def understood(view: View, definition: Report, question: ReportQuestion) -> ReportQuestion:
    """A question as the report takes it, with what nobody said. Raises BadReport, SavedByAnother."""
    read_progress(view.conn, view.tables).check_format()  # before a rebuild there are no touches, and no first times
    return ReportQuestion(
        _days(view, definition, question.days), _by(definition, question.by), _options(definition, question.options)
    )


def csv_of(shape: ReportShape) -> Iterator[str]:
    """The same rows as lines of CSV: shares from 0 to 1, spans in seconds, money in units."""
    names = [each.name for each in shape.columns]
    return csv_lines(names, ([item[name] for name in names] for item in shape.items))


def ways_of(by: Sequence[str]) -> list[str]:
    """What `by` may be, as people read it."""
    return [_NAMED.get(each, each) for each in by]


def _days(view: View, definition: Report, days: DayRange) -> DayRange:
    if days.bounded or definition.recent is None:
        return days
    today = ZoneDays(view.model.timezone).of(view.clock)
    return DayRange(today + 1 - definition.recent, today + 1)


def _by(definition: Report, by: str | None) -> str | None:
    if by is None:
        return definition.by[0] if definition.by else None
    if not definition.by:
        raise BadReport(
            phrase(
                "by: found {found!r}, allowed is none: {report} tells nothing apart",
                found=by[:80],
                report=definition.name,
            )
        )
    if by in set(definition.by) - set(_NAMED) or any(each in definition.by and by.startswith(each) for each in _NAMED):
        return by
    raise BadReport(
        phrase(
            "{name:input}: found {found!r}, allowed are {allowed}",
            name="by",
            found=by[:80],
            allowed=tuple(ways_of(definition.by)),
        )
    )


def _options(definition: Report, options: Mapping[str, str]) -> Mapping[str, str]:
    for name in options:
        if name not in definition.options:
            allowed = f"allowed are {', '.join(definition.options)}" if definition.options else "allowed is none"
            raise BadReport(f"{name[:80]}: is no option of {definition.name}, {allowed}")
    return options


def _item(columns: Sequence[ReportColumn], row: Sequence[Any]) -> dict[str, Any]:
    return {each.name: _value(each.kind, value) for each, value in zip(columns, row, strict=True)}


def _value(kind: ColumnKind, value: Any) -> Any:
    """A value as the answer has it."""
    match kind, value:
        case ColumnKind.MONEY, int() | Decimal():  # a sum is a Decimal on PostgreSQL
            return float(value / MILLIONTHS)
        case ColumnKind.COUNT, Decimal():
            return int(value)
        case ColumnKind.DAY, int():
            return day_named(value).isoformat()
        case ColumnKind.MOMENT, int():
            return rfc3339(value)
        case _, UUID():
            return str(value)
        case _:
            return value
