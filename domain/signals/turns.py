"""Turns: who takes care of a lead that became hot, and until when they must have accepted. Pure.

Of those who may, each gets as many as their weight says, in turn: every one of them gains their weight, who has most
gets the lead and pays what all gained together. So who is new, or was away, is not flooded when they come.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.fold.score import decayed
from domain.model.owners import Owner
from domain.signals.rules import SalesRules
from domain.touchpoints.touchpoint import Instant, moment


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, and until when they must have accepted. `fallback`: nobody else was free."""

    owner: str
    due: Instant
    fallback: bool


@dataclass(slots=True)
class Turns:
    """Whose turn it was so far: `credits` by owner, and how many leads they have `open`. Each turn moves both."""

    rules: SalesRules
    zone: str
    """The model's time zone."""
    credits: dict[str, int] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    """Whose credits changed."""

    def take(self, facts: Mapping[str, Any], clock: Instant, passed: Collection[str] = ()) -> Turn | None:
        """Whose turn it is at `clock`; `passed` are those who had this lead already. None: nobody's, no fallback.

        `facts` are what `where` of an owner asks (`facts_of`). Raises NoHours.
        """
        sales, free = self.rules.sales, list(self._free(facts, clock, passed))
        if free:
            for owner in free:
                self.credits[owner.name] = self.credits.get(owner.name, 0) + owner.weight
            chosen = max(free, key=lambda owner: self.credits[owner.name])  # of several the first in the file
            self.credits[chosen.name] -= sum(owner.weight for owner in free)
            self.moved.update(owner.name for owner in free)
        else:
            fallback = sales.owner(sales.fallback)
            if fallback is None or fallback.name in passed:
                return None
            chosen = fallback
        self.open[chosen.name] = self.open.get(chosen.name, 0) + 1
        return Turn(chosen.name, sales.due(self.zone, chosen, clock, sales.accept_within), not free)

    def _free(self, facts: Mapping[str, Any], clock: Instant, passed: Collection[str]) -> Iterator[Owner]:
        """The owners who may take the lead now, in the order of the file."""
        today = moment(clock).astimezone(ZoneInfo(self.zone)).date()
        for owner in self.rules.owners_of(facts):
            if owner.retired or not owner.weight or owner.name in passed or owner.is_away(today):
                continue
            if self.open.get(owner.name, 0) < owner.capacity:
                yield owner


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
