"""What every report is: its name, what it may be asked, and an answer of named columns, printed everywhere alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field
from sqlalchemy import Row, Select

from domain.errors import Refused
from domain.phrases import phrase
from projections.queries.days import EVER, DayRange
from projections.queries.shapes import LeadShape, Moment, Shape
from projections.queries.view import View

MILLIONTHS: Final = 1_000_000
"""Money is counted in integer millionths of a currency's unit, so that sums are the same in every order."""


class BadReport(Refused):
    """A report is asked for what it does not have; the message names the parameter and what is allowed."""


class ColumnKind(StrEnum):
    """What the values of a column are, and so how they are printed."""

    TEXT = "text"
    STAGE = "stage"
    """The name of a stage, as RULE, SEGMENT and CHANNEL are names of theirs: people read its label."""
    RULE = "rule"
    SEGMENT = "segment"
    CHANNEL = "channel"
    GROUP = "group"
    """The group that `by` says: a stage where it is `stage`, a channel where it ends so, else a text."""
    COUNT = "count"
    NUMBER = "number"
    SHARE = "share"
    """From 0 to 1."""
    MONEY = "money"
    """In units of the currency that the row names."""
    SECONDS = "seconds"
    DAY = "day"
    """ISO 8601."""
    MOMENT = "moment"
    """RFC 3339, UTC."""
    FLAG = "flag"


class ReportColumn(Shape):
    """A column of a report."""

    name: str
    kind: ColumnKind
    about: Annotated[str, Field(description="what it holds")]


class OptionShape(Shape):
    """What else a report may be asked."""

    name: str
    about: str


class ReportPeopleShape(Shape):
    """Which numbers of a report open the list of who is behind them."""

    numbers: Annotated[list[str], Field(description="columns: each counts as many as its list has")]
    row: Annotated[list[str], Field(description="columns that say which row it is; what is null in it is left out")]
    at: Annotated[str, Field(description="what the instant of each is, by which they are listed")]


class HappenedShape(LeadShape):
    """A lead behind a number, and when it was counted."""

    at: Moment


class ReportNameShape(Shape):
    """A report that there is, and what it may be asked."""

    name: str
    about: str
    columns: list[ReportColumn]
    by: Annotated[
        list[str],
        Field(description="what `by` may be, the first one where nobody says; segment: and profile. go on with a name"),
    ]
    options: list[OptionShape]
    recent: Annotated[
        int | None,
        Field(description="of how many days it is where nobody gives a period, up to and with the clock's; null: ever"),
    ]
    people: Annotated[ReportPeopleShape | None, Field(description="null: no number of it opens a list")] = None


class ReportShape(Shape):
    """A report: rows of named columns. A value that nobody knows is null."""

    report: str
    from_: Annotated[Moment | None, Field(serialization_alias="from", description="null: ever")] = None
    to: Annotated[Moment | None, Field(description="not in it")] = None
    by: Annotated[str | None, Field(description="what the rows are told apart by")] = None
    options: Annotated[dict[str, str], Field(description="what else was asked")] = {}
    clock: Annotated[Moment, Field(description="the instant that it is as of")]
    columns: list[ReportColumn]
    items: list[dict[str, Any]]
    notes: Annotated[list[str], Field(description="what a reader must know to read it right")] = []


@dataclass(frozen=True, slots=True)
class ReportRows:
    """What a report found: a value of each column in each row, in their order.

    Money is in millionths, a day its number since 1970, a moment in microseconds; what is text already stays as it is.
    """

    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ReportQuestion:
    """What a report is asked for."""

    days: DayRange = EVER
    by: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    """By name, those that were given; the report reads and checks their values."""


@dataclass(frozen=True, slots=True)
class ReportCell:
    """A number of a row: the name of its column, and what tells the row apart, as it stands there; null is left out."""

    number: str
    row: Mapping[str, str] = field(default_factory=dict)

    def whole(self, name: str, least: int, most: int) -> int | None:
        """The whole number that a column of the row holds; None: it holds none. Raises BadReport."""
        text = self.row.get(name)
        if text is None:
            return None
        if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
            return int(text)
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed are whole numbers from {least} to {most}",
                name=name,
                found=text[:80],
                least=least,
                most=most,
            )
        )

    def check_row(self, allowed: Sequence[str]) -> None:
        """That it names no other columns. Raises BadReport."""
        if (other := next((name for name in self.row if name not in allowed), None)) is not None:
            raise BadReport(
                phrase(
                    "{name:input}: found {found!r}, but rows are told apart by {allowed}",
                    name=other,
                    found=self.row[other][:80],
                    allowed=tuple(allowed) or phrase("nothing"),
                )
            )


@dataclass(frozen=True, slots=True)
class CellLeads:
    """Who is behind a number: rows `lead`, `at` in any order, as many as it counts."""

    query: Select[Any]
    again: type[int] | type[str] | None = None
    """What the column `again` holds, which tells rows of one lead apart where it may be counted several times."""
    counts: Callable[[Row[Any]], bool] | None = None
    """Whether a row counts, where the database cannot tell."""
    without: Sequence[str] = ()
    """Fields of a lead that the list may not tell: they are null."""


@dataclass(frozen=True, slots=True)
class ReportPeople:
    """How the people behind numbers are found: by what counts them. `find` raises BadReport, NotFound."""

    numbers: Sequence[str]
    """Columns that count them."""
    row: Sequence[str]
    """Columns that tell rows apart."""
    at: str
    """What the instant of each is."""
    find: Callable[[View, ReportQuestion, ReportCell], CellLeads]


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `run` raises BadReport, NotFound."""

    name: str
    about: str
    columns: Sequence[ReportColumn]
    run: Callable[[View, ReportQuestion], ReportRows]
    by: Sequence[str] = ()
    """What `by` may be, the first one where nobody says; `profile.` and `segment:` stand for all that begin so."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What else it may be asked, and what that means; none is called as what every report is asked with."""
    recent: int | None = None
    """Days, up to and with the clock's, where nobody gives a period; None: ever."""
    people: ReportPeople | None = None
    """None: no number of it opens a list."""


def column(name: str, kind: ColumnKind, about: str) -> ReportColumn:
    """A column of a report."""
    return ReportColumn(name=name, kind=kind, about=about)


def columns_of(shape: type[Shape], kind: ColumnKind, *names: str) -> list[ReportColumn]:
    """Columns that are, and hold, fields of another answer."""
    return [column(name, kind, shape.model_fields[name].description or name) for name in names]


def quarter_columns(name: str, about: str) -> list[ReportColumn]:
    """The columns of the quartiles of spans."""
    return [
        column(f"{name}_lower_quartile", ColumnKind.SECONDS, f"{about}: a quarter not longer"),
        column(f"{name}_median", ColumnKind.SECONDS, f"{about}: half not longer"),
        column(f"{name}_upper_quartile", ColumnKind.SECONDS, f"{about}: three quarters not longer"),
    ]
