"""What a fold tells whoever listens: every award, and every rule that held and gave nothing."""

from dataclasses import dataclass, field

from domain.touchpoints.touchpoint import Touchpoint


@dataclass(frozen=True, slots=True)
class Award:
    """Points that a rule gave for a touchpoint. Folded in the listed order, awards give the stored heat to the bit."""

    rule: str
    touchpoint: str
    type: str
    at: int
    points: float


@dataclass(frozen=True, slots=True)
class Withheld:
    """Points that a rule would have given, and `why` it did not: "limit", or "machine: " and the reason.

    `until` is the instant from which the limit lets the rule give again (None: never).
    """

    rule: str
    touchpoint: str
    type: str
    at: int
    points: float
    why: str
    until: int | None = None


@dataclass(slots=True)
class Trace:
    """Since the last reset, in the order of the fold."""

    awards: list[Award] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)

    def award(self, rule: str, touchpoint: Touchpoint, points: float) -> None:
        """A rule gave its points."""
        self.awards.append(Award(rule, touchpoint.id, touchpoint.type, touchpoint.instant, points))

    def withhold(self, rule: str, touchpoint: Touchpoint, points: float, why: str, until: int | None = None) -> None:
        """A rule held and gave nothing."""
        self.withheld.append(Withheld(rule, touchpoint.id, touchpoint.type, touchpoint.instant, points, why, until))

    def reset(self) -> None:
        """Start anew: what was before counts no longer."""
        self.awards.clear()
        self.withheld.clear()
