"""What a fold tells: every award, and what was asked for and not given; the lead notes it, and who listens hears it."""

from dataclasses import dataclass, field
from typing import Final

from domain.fold.about import about_text
from domain.fold.index import Rule
from domain.fold.lead import Awarded, Lead, Withheld
from domain.fold.staff import NoEffect
from domain.touchpoints.touchpoint import Instant, Touchpoint

RESET: Final = "reset"
"""Why points are gone that were given before a reset."""
MACHINE: Final = "machine: "
"""Begins the reason why what a machine did gives none."""
_NO_EFFECT: Final = frozenset(NoEffect)


@dataclass(slots=True)
class Trace:
    """Awards since the last reset and all points that were withheld, in the order of the fold."""

    awards: list[Awarded] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)

    def award(self, award: Awarded, touchpoint: Touchpoint) -> None:
        """A rule gave its points."""
        self.awards.append(award)

    def withhold(self, withheld: Withheld, touchpoint: Touchpoint) -> None:
        """A touchpoint did not get what it asked for."""
        if withheld.rule:
            self.withheld.append(withheld)

    def reset(self) -> None:
        """Start anew: what was before counts no longer."""
        self.withheld += taken_away(self.awards)
        self.awards.clear()

    def moved(self, touchpoint: Touchpoint, before: str, stage: str) -> None:
        """A touchpoint moved the lead from one stage to another."""


@dataclass(slots=True)
class Effect:
    """What one touchpoint did; points also where a later reset took them away."""

    awards: list[Awarded] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    stage: tuple[str, str] | None = None
    """The stages before and after it, where it moved the lead."""
    not_moved: str | None = None
    """Why it did not, where it asked for a move."""
    no_effect: str | None = None
    """Why an owner's answer took none."""

    def withhold(self, withheld: Withheld) -> None:
        """It did not get this, for which it asked."""
        if withheld.rule:
            self.withheld.append(withheld)
        elif withheld.why in _NO_EFFECT:
            self.no_effect = withheld.why
        else:
            self.not_moved = withheld.why


NO_EFFECT: Final = Effect()


@dataclass(slots=True)
class Journal(Trace):
    """A trace that also knows what each touchpoint did, by its key."""

    effects: dict[tuple[str, str], Effect] = field(default_factory=dict)

    def of(self, touchpoint: Touchpoint) -> Effect:
        """What it did, to write into."""
        return self.effects.setdefault(touchpoint.key, Effect())

    def award(self, award: Awarded, touchpoint: Touchpoint) -> None:
        """A rule gave its points."""
        Trace.award(self, award, touchpoint)
        self.of(touchpoint).awards.append(award)

    def withhold(self, withheld: Withheld, touchpoint: Touchpoint) -> None:
        """A touchpoint did not get what it asked for."""
        Trace.withhold(self, withheld, touchpoint)
        self.of(touchpoint).withhold(withheld)

    def moved(self, touchpoint: Touchpoint, before: str, stage: str) -> None:
        """A touchpoint moved the lead from one stage to another."""
        self.of(touchpoint).stage = (before, stage)


def taken_away(awards: list[Awarded]) -> list[Withheld]:
    """Points that a reset took away again."""
    return [
        Withheld(award.rule, "", award.touchpoint, award.type, award.at, award.points, RESET, None, award.about)
        for award in awards
    ]


def in_order(withheld: list[Withheld]) -> list[Withheld]:
    """As they happened; of one instant what machines did comes first, and what a reset took away last."""
    return sorted(withheld, key=lambda each: (each.at, each.why == RESET, not each.why.startswith(MACHINE)))


def award(lead: Lead, touchpoint: Touchpoint, instant: Instant, rule: Rule, trace: Trace | None) -> None:
    """A rule gives its points."""
    type = touchpoint.type
    said = about_text(type, touchpoint.properties)
    award = Awarded(rule.name, touchpoint.id, type, instant, rule.points, said)
    lead.awards.append(award)
    if trace is not None:
        trace.award(award, touchpoint)


def withhold(
    lead: Lead,
    touchpoint: Touchpoint,
    instant: Instant,
    why: str,
    trace: Trace | None,
    rule: Rule | None = None,
    until: int | None = None,
) -> None:
    """A touchpoint does not get what it asked for: the points of a rule; without one a move, or what it answered."""
    name, points = ("", 0.0) if rule is None else (rule.name, rule.points)
    said = None if rule is None else about_text(touchpoint.type, touchpoint.properties)
    source, type = touchpoint.source.name, touchpoint.type
    withheld = Withheld(name, source, touchpoint.id, type, instant, points, why, until, said)
    lead.withheld.append(withheld)
    if trace is not None:
        trace.withhold(withheld, touchpoint)
