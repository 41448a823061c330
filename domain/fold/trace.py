"""What a fold tells whoever listens: every award, and every rule that held and gave nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

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
    properties: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """Of the touchpoint."""

    @property
    def about(self) -> About | None:
        """What the touchpoint was about; looked for when somebody asks, as a signal does not."""
        return about(self.type, self.properties)


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
    properties: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """Of the touchpoint."""

    @property
    def about(self) -> About | None:
        """What the touchpoint was about; looked for when somebody asks, as a signal does not."""
        return about(self.type, self.properties)


@dataclass(slots=True)
class Trace:
    """Awards since the last reset and all that gave nothing, in the order of the fold."""

    awards: list[Award] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)

    def award(self, rule: str, touchpoint: Touchpoint, points: float) -> None:
        """A rule gave its points."""
        instant, properties = touchpoint.instant, touchpoint.properties
        self.awards.append(Award(rule, touchpoint.id, touchpoint.type, instant, points, properties))

    def withhold(self, rule: str, touchpoint: Touchpoint, points: float, why: str, until: int | None = None) -> None:
        """A rule held and gave nothing."""
        instant, properties = touchpoint.instant, touchpoint.properties
        self.withheld.append(Withheld(rule, touchpoint.id, touchpoint.type, instant, points, why, until, properties))

    def reset(self) -> None:
        """Start anew: what was before counts no longer."""
        self.withheld += [
            Withheld(award.rule, award.touchpoint, award.type, award.at, award.points, RESET, None, award.properties)
            for award in self.awards
        ]
        self.withheld.sort(key=lambda withheld: withheld.at)
        self.awards.clear()

    def moved(self, touchpoint: Touchpoint, before: str, stage: str) -> None:
        """A touchpoint moved the lead from one stage to another."""

    def not_moved(self, touchpoint: Touchpoint, why: str) -> None:
        """A touchpoint asked for a move that took no effect."""

    def no_effect(self, touchpoint: Touchpoint, why: str) -> None:
        """An owner's answer took no effect."""


@dataclass(slots=True)
class Effect:
    """What one touchpoint did; points also where a later reset took them away."""

    awards: list[Award] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    stage: tuple[str, str] | None = None
    """The stages before and after it, where it moved the lead."""
    not_moved: str | None = None
    """Why it did not, where it asked for a move."""
    no_effect: str | None = None
    """Why an owner's answer took none."""


NO_EFFECT: Final = Effect()


@dataclass(slots=True)
class Journal(Trace):
    """A trace that also knows what each touchpoint did, by its key."""

    effects: dict[tuple[str, str], Effect] = field(default_factory=dict)

    def of(self, touchpoint: Touchpoint) -> Effect:
        """What it did, to write into."""
        return self.effects.setdefault(touchpoint.key, Effect())

    def award(self, rule: str, touchpoint: Touchpoint, points: float) -> None:
        """A rule gave its points."""
        Trace.award(self, rule, touchpoint, points)
        self.of(touchpoint).awards.append(self.awards[-1])

    def withhold(self, rule: str, touchpoint: Touchpoint, points: float, why: str, until: int | None = None) -> None:
        """A rule held and gave nothing."""
        Trace.withhold(self, rule, touchpoint, points, why, until)
        self.of(touchpoint).withheld.append(self.withheld[-1])

    def moved(self, touchpoint: Touchpoint, before: str, stage: str) -> None:
        """A touchpoint moved the lead from one stage to another."""
        self.of(touchpoint).stage = (before, stage)

    def not_moved(self, touchpoint: Touchpoint, why: str) -> None:
        """A touchpoint asked for a move that took no effect."""
        self.of(touchpoint).not_moved = why

    def no_effect(self, touchpoint: Touchpoint, why: str) -> None:
        """An owner's answer took no effect."""
        self.of(touchpoint).no_effect = why
