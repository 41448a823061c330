"""What every report is: its name, what it may be asked, and an answer of named columns, printed everywhere alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from domain.errors import Refused
from projections.queries.days import EVER, DayRange
from projections.queries.shapes import Moment, Shape
from projections.queries.view import View

MILLIONTHS: Final = 1_000_000
"""Money is counted in integer millionths of a currency's unit, so that sums are the same in every order."""


class BadReport(Refused):
    """A report is asked for what it does not have; the message names the parameter and what is allowed."""


class ColumnKind(StrEnum):
    """What the values of a column are, and so how they are printed."""

    TEXT = "text"
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


class ReportShape(Shape):
    """A report: rows of named columns. A value that nobody knows is null."""

    report: str
    from_: Annotated[Moment | None, Field(serialization_alias="from")] = None
    to: Moment | None = None
    by: str | None = None
    clock: Annotated[Moment, Field(description="the instant that it is as of")]
    columns: list[ReportColumn]
    items: list[dict[str, Any]]
    notes: Annotated[list[str], Field(description="what a reader must know to read it right")] = []


@dataclass(frozen=True, slots=True)
class Answer:
    """What a report found: a value of each column in each row, in their order; money as millionths."""

    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for."""

    days: DayRange = EVER
    by: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    """By name, those that were given; the report reads and checks their values."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `run` raises BadReport, NotFound."""

    name: str
    about: str
    columns: Sequence[ReportColumn]
    run: Callable[[View, Asked], Answer]
    by: Sequence[str] = ()
    """What `by` may be, the first one where nobody says; `profile.` and `segment:` stand for all that begin so."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What else it may be asked, and what that means."""
    recent: int | None = None
    """Days, up to and with the clock's, where nobody gives a period; None: ever."""


def column(name: str, kind: ColumnKind, about: str) -> ReportColumn:
    """A column of a report."""
    return ReportColumn(name=name, kind=kind, about=about)
