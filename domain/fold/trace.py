"""What a fold tells whoever listens: every award, and every rule that held and gave nothing."""

from dataclasses import dataclass, field
from typing import Final

from domain.fold.about import About, about
from domain.touchpoints.touchpoint import Touchpoint

RESET: Final = "reset"
"""Why points are gone that were given before a reset."""


@dataclass(frozen=True, slots=True)
class Award:
    """Points that a rule gave for a touchpoint. Folded in the listed order, awards give the stored heat to the bit."""

    rule: str
    touchpoint: str
    type: str
    at: int
    points: float
    about: About | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """Points that a rule would have given, and `why` it did not: "limit", or "machine: " and the reason. "reset": it
    gave them, and a later reset took them away.

    `until` is the instant from which the limit lets the rule give again (None: never).
    """

    rule: str
    touchpoint: str
    type: str
    at: int
    points: float
    why: str
    until: int | None = None
    about: About | None = None


@dataclass(slots=True)
class Trace:
    """Awards since the last reset and all that gave nothing, in the order of the fold."""

    awards: list[Award] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)

    def award(self, rule: str, touchpoint: Touchpoint, points: float) -> None:
        """A rule gave its points."""
        of = about(touchpoint.type, touchpoint.properties)
        self.awards.append(Award(rule, touchpoint.id, touchpoint.type, touchpoint.instant, points, of))

    def withhold(self, rule: str, touchpoint: Touchpoint, points: float, why: str, until: int | None = None) -> None:
        """A rule held and gave nothing."""
        of = about(touchpoint.type, touchpoint.properties)
        instant = touchpoint.instant
        self.withheld.append(Withheld(rule, touchpoint.id, touchpoint.type, instant, points, why, until, of))

    def reset(self) -> None:
        """Start anew: what was before counts no longer."""
        self.withheld += [
            Withheld(award.rule, award.touchpoint, award.type, award.at, award.points, RESET, None, award.about)
            for award in self.awards
        ]
        self.withheld.sort(key=lambda withheld: withheld.at)
        self.awards.clear()
