"""Turns: who takes care of a lead that became hot, and until when they must have accepted. Pure.

Of those who may, each gets as many as their weight says, in turn: every one of them gains their weight, who has most
gets the lead and pays what all gained together. So who is new, or was away, is not flooded when they come.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from domain.conditions.compile import NO_SOURCE, compile_where
from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.fold.score import decayed
from domain.model.owners import Owner
from domain.model.sales import Sales
from domain.touchpoints.touchpoint import Instant, moment


@dataclass(frozen=True, slots=True)
class Load:
    """What an owner has: `credit` in the turns, and how many leads are `open`."""

    credit: int = 0
    open: int = 0


NOTHING = Load()


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who takes care, and until when they must have accepted. `fallback`: nobody else was free.

    `credits` are the owners' after this turn, those that changed.
    """

    owner: str
    due: Instant
    fallback: bool
    credits: Mapping[str, int]


def next_owner(
    sales: Sales,
    zone: str,
    facts: Mapping[str, Any],
    loads: Mapping[str, Load],
    clock: Instant,
    passed: Collection[str] = (),
) -> Assignment | None:
    """Whose turn it is at `clock`; `passed` are those who had this lead already. None: nobody, not even a fallback.

    `facts` are what `where` of an owner asks (`facts_of`), `zone` is the model's. Raises NoHours.
    """
    free = list(_free(sales, zone, facts, loads, clock, passed))
    if not free:
        fallback = next((owner for owner in sales.owners if owner.name == sales.fallback), None)
        if fallback is None or fallback.name in passed:
            return None
        return Assignment(fallback.name, _due(sales, zone, fallback, clock), True, {})
    credits = {owner.name: loads.get(owner.name, NOTHING).credit + owner.weight for owner in free}
    chosen = max(free, key=lambda owner: credits[owner.name])  # of several the first in the file
    credits[chosen.name] -= sum(owner.weight for owner in free)
    return Assignment(chosen.name, _due(sales, zone, chosen, clock), False, credits)


def _free(
    sales: Sales,
    zone: str,
    facts: Mapping[str, Any],
    loads: Mapping[str, Load],
    clock: Instant,
    passed: Collection[str],
) -> Iterator[Owner]:
    """The owners who may take the lead now, in the order of the file."""
    today = moment(clock).astimezone(ZoneInfo(zone)).date()
    for owner in sales.owners:
        if owner.retired or not owner.weight or owner.name in passed or owner.is_away(today):
            continue
        if loads.get(owner.name, NOTHING).open < owner.capacity and compile_where(owner.where)(facts, {}, NO_SOURCE):
            yield owner


def _due(sales: Sales, zone: str, owner: Owner, clock: Instant) -> Instant:
    return sales.due(zone, owner, clock, sales.accept_within)


def facts_of(fold: Fold, lead: Lead, clock: Instant) -> dict[str, Any]:
    """What `where` of an owner may ask of a lead."""
    heat = lead.heat
    return {
        "grade": lead.grade,
        "stage": lead.stage,
        "heat": decayed(heat.value, heat.at, fold.half_life, clock),
        **{f"source.{name}": value for name, value in lead.sources.current.items()},
        **{f"profile.{name}": value for name, value in lead.profile.items()},
    }
