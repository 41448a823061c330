"""The period of a page: days that its address says, or one of a few that people ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.requests import Request

from api.dashboard.words.well_known import N_
from domain.fold.days import ZoneDays
from domain.model.definition import Model
from domain.touchpoints.touchpoint import Instant
from projections.queries.days import DayRange, day_named, days_between

PARAMETER: Final = "period"
OWN: Final = "own"
EVER: Final = "ever"
CHOICES: Final[Mapping[str, str]] = {
    "7": N_("7 days"),
    "31": N_("31 days"),
    "91": N_("13 weeks"),
    "365": N_("12 months"),
    EVER: N_("Ever"),
    OWN: N_("From – to"),
}
"""Up to and with today, so many days; the texts are marked for translation."""


@dataclass(frozen=True, slots=True)
class PagePeriod:
    """The days of a page. `name` is one of CHOICES; `last` is in it."""

    name: str
    days: DayRange
    today: int
    may_be_ever: bool = True

    @property
    def first(self) -> date | None:
        """The first day; None: from the beginning."""
        return None if self.days.first is None else day_named(self.days.first)

    @property
    def last(self) -> date | None:
        """The last day; None: up to now."""
        return None if self.days.end is None else day_named(self.days.end - 1)

    @property
    def said(self) -> Sequence[tuple[str, str]]:
        """As an address of a page says it."""
        if self.name != OWN:
            return [(PARAMETER, self.name)]
        bounds = [("from", self.first), ("to", self.last)]
        return [(PARAMETER, OWN), *((name, day.isoformat()) for name, day in bounds if day is not None)]

    @property
    def asked(self) -> Mapping[str, str]:
        """As the API is asked for the same: `to` is not in the period."""
        return _asked(self.days)

    def of_report(self, recent: int | None) -> DayRange:
        """As a report takes it; one that without a period is of `recent` days is told that ever begins in 1970."""
        return DayRange(0) if recent is not None and not self.days.bounded else self.days

    def asked_of_report(self, recent: int | None) -> Mapping[str, str]:
        """As the API is asked for the same report: `to` is not in the period."""
        return _asked(self.of_report(recent))

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """What may be chosen, with the texts."""
        return [each for each in CHOICES.items() if self.may_be_ever or each[0] != EVER]


def _asked(days: DayRange) -> Mapping[str, str]:
    bounds = {"from": days.first, "to": days.end}
    return {name: day_named(day).isoformat() for name, day in bounds.items() if day is not None}


def period_of(
    request: Request, model: Model, clock: Instant | int, usual: str = "91", *, ever: bool = True
) -> PagePeriod:
    """What the address says, else the usual one. On a page `to` is the last day that is in it. Without `ever` the page
    has no such period. Raises BadPeriod."""
    today = ZoneDays(model.timezone).of(clock)
    said = request.query_params
    name = said.get(PARAMETER, OWN if said.get("from") or said.get("to") else usual)
    if name == OWN:
        days = days_between(said.get("from") or None, said.get("to") or None, model.timezone)
        return PagePeriod(OWN, DayRange(days.first, None if days.end is None else days.end + 1), today, ever)
    if name not in CHOICES or (name == EVER and not ever):
        name = usual
    if name == EVER:
        return PagePeriod(EVER, DayRange(), today)
    length = int(name)
    return PagePeriod(str(length), DayRange(today + 1 - length, today + 1), today, ever)
