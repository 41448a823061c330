"""What the address of a funnel's page says, and the addresses of the lists behind its numbers."""

from dataclasses import dataclass, replace
from typing import Final, get_args
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request

from api.dashboard.periods import OWN, PARAMETER, PagePeriod, period_of
from domain.model.definition import Model
from domain.touchpoints.touchpoint import Instant
from projections.queries.days import DayRange, SeriesName, day_named
from projections.reports.funnels.leads import FunnelNumber
from projections.reports.funnels.shapes import BadFunnel, State

USUAL: Final = "365"
"""The period where nobody says one: sales take months, and of a short one few are mature."""
FIELD: Final = "profile."
"""How what leads are told apart by begins, where it is a field of the profile."""
ORDERS: Final = ("entered", "rate", "mature_rate")
"""What groups are sorted by; the first is the report's own order."""
_FLAGS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class FunnelChoice:
    """Of one funnel: its period, what its leads are told apart by, the parts of the period."""

    name: str
    period: PagePeriod
    by: str | None = None
    series: SeriesName | None = None
    order: str = ORDERS[0]

    @classmethod
    def of(cls, request: Request, model: Model, clock: Instant | int) -> "FunnelChoice":
        """The choice of an address. Raises BadPeriod."""
        said, name = request.query_params, str(request.path_params["name"])
        series = next((each for each in get_args(SeriesName) if each == said.get("series")), None)
        order = said.get("order", "")
        period = period_of(request, model, clock, USUAL)
        return cls(name, period, said.get("by") or None, series, order if order in ORDERS else ORDERS[0])

    @property
    def days(self) -> DayRange:
        """As the report takes them: with a series up to and with today, where the period has no end."""
        days = self.period.days
        if self.series is None or days.first is None or days.end is not None:
            return days
        return DayRange(days.first, max(days.first, self.period.today + 1))

    @property
    def lacks_a_beginning(self) -> bool:
        """Whether the parts of the period are asked for, of one that has no first day."""
        return self.series is not None and self.period.days.first is None

    def sorted_by(self, order: str) -> str:
        """The address of the page with its groups in another order."""
        return replace(self, order=order).address

    @property
    def address(self) -> str:
        """The address of the page."""
        said = [*self.period.said]
        chosen = {"by": self.by, "series": self.series, "order": self.order if self.order != ORDERS[0] else None}
        said += [(name, value) for name, value in chosen.items() if value]
        return f"{_page(self.name)}?{urlencode(said)}"

    def leads(
        self,
        state: State = "reached",
        step: int | None = None,
        *,
        mature: bool | None = None,
        group: str | None = None,
        days: DayRange | None = None,
        cursor: str | None = None,
    ) -> str:
        """The address of the leads behind a number; of a part of the period where there are days."""
        said: list[tuple[str, str]] = []
        if group is not None and self.by is not None:
            said += [("by", self.by), ("group", group)]
        said += [("state", state)] if state != "reached" else []
        said += [("step", str(step))] if step is not None else []
        said += [("mature", str(mature).lower())] if mature is not None else []
        said += [("cursor", cursor)] if cursor is not None else []
        return f"{_page(self.name)}/leads?{urlencode([*(self.period.said if days is None else _said(days)), *said])}"


def number_of_address(said: QueryParams) -> FunnelNumber:
    """Which number the address of a list is of. Raises BadFunnel."""
    states: dict[str, State] = {each: each for each in get_args(State)}
    step, state, mature = said.get("step"), said.get("state") or "reached", said.get("mature")
    if step and not (step.isascii() and step.isdigit() and len(step) < 5):
        raise BadFunnel(f"step: found {step[:80]!r}, allowed is the number of a step")
    if state not in states:
        raise BadFunnel(f"state: found {state[:80]!r}, allowed are {', '.join(states)}")
    if mature not in (None, "", "true", "false"):
        raise BadFunnel(f"mature: found {mature[:80]!r}, allowed are true, false")
    by, group = said.get("by") or None, said.get("group")
    return FunnelNumber(states[state], int(step) if step else None, _FLAGS.get(mature or ""), by, group)


def of_a_field(request: Request) -> str | None:
    """The address that says which field of the profile is meant, where the form says it in parts; else None."""
    said = request.query_params
    if said.get("by") != FIELD:
        return None
    field, bands = said.get("field", "").strip(), said.get("bands", "").replace(" ", "")
    kept = [(name, value) for name, value in said.multi_items() if name not in ("by", "field", "bands")]
    by = [("by", FIELD + field + (f":{bands}" if bands else ""))] if field else []
    return f"{request.url.path}?{urlencode([*kept, *by])}"


def _page(name: str) -> str:
    return f"/funnels/{quote(name, safe='')}"


def _said(days: DayRange) -> list[tuple[str, str]]:
    """Days as an address of a page says them: the last one is in them."""
    bounds = (("from", days.first), ("to", None if days.end is None else days.end - 1))
    return [(PARAMETER, OWN), *((name, day_named(day).isoformat()) for name, day in bounds if day is not None)]
