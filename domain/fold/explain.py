"""Every point explained: which rule gave it for which touchpoint, and what it has decayed to."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any, Final

from domain.fold.fold import Fold
from domain.fold.lead import Awarded, Lead, Withheld
from domain.fold.score import REASONS, decayed
from domain.fold.trace import Trace, in_order, taken_away
from domain.touchpoints.touchpoint import Touchpoint

FLOOR: Final = "never shown below 0"
"""Not a rule: what is put beside the points of a lead whose heat is below 0, so that they add up to what is shown."""


@dataclass(frozen=True, slots=True)
class Point:
    """One award and what is left of it, rounded to hundredths so that all together give the shown heat."""

    award: Awarded
    now: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The awards of a lead since the last reset, in the order of the fold, and the heat that they make."""

    lead: Lead
    points: tuple[Point, ...]
    heat: float
    """Decayed to the clock, rounded to hundredths; never below 0."""
    withheld: tuple[Withheld, ...]
    """What held and gave nothing, and why."""


def explain(fold: Fold, history: Iterable[Touchpoint], clock: int) -> Explanation:
    """Fold a history once more, listening to the awards."""
    trace = Trace()
    lead = fold.fold(history, clock, trace)
    return _explanation(fold, lead, trace.awards, in_order(trace.withheld), clock)


def explain_saved(
    fold: Fold, lead: Lead, awards: Sequence[Awarded], withheld: Sequence[Withheld], clock: int
) -> Explanation:
    """The same of a lead as it is saved, without its history: by all that rules ever gave it and withheld, in order."""
    since, taken = _since_reset(fold, lead, awards)
    points = [each for each in withheld if each.rule]
    return _explanation(fold, lead, since, in_order([*points, *taken_away(taken)]), clock)


def _since_reset(fold: Fold, lead: Lead, awards: Sequence[Awarded]) -> tuple[Sequence[Awarded], list[Awarded]]:
    """The awards since the last reset, and those before it: the lead knows how many each rule gave since then."""
    shares, rules = lead.heat.shares, fold.model.score.rules
    if sum(share.count for share in shares.values()) == len(awards):
        return awards, []
    left = Counter[str]()
    for place, share in shares.items():
        left[rules[int(place)].name] += share.count
    since: list[Awarded] = []
    taken: list[Awarded] = []
    for award in reversed(awards):
        (since if left[award.rule] > 0 else taken).append(award)
        left[award.rule] -= 1
    return since[::-1], taken[::-1]


def _explanation(
    fold: Fold, lead: Lead, awards: Sequence[Awarded], withheld: Sequence[Withheld], clock: int
) -> Explanation:
    left = [decayed(award.points, award.at, fold.half_life, clock) for award in awards]
    total = decayed(lead.heat.value, lead.heat.at, fold.half_life, clock) if awards else 0.0
    shown = rounded(left, round(total * 100))
    points = [Point(award, part / 100) for award, part in zip(awards, shown, strict=True)]
    heat = round(total * 100) / 100
    if heat < 0:
        points.append(Point(Awarded(FLOOR, "", "", clock, 0.0), -heat))
    return Explanation(lead, tuple(points), max(0.0, heat), tuple(withheld))


def rounded(parts: Sequence[float], total: int) -> list[int]:
    """The parts in whole hundredths that add up to `total` hundredths: the largest remainders are rounded up."""
    floors = [floor(part * 100) for part in parts]
    missing = total - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda n: (floors[n] - parts[n] * 100, n))
    for n in range(abs(missing)):
        if by_remainder:
            floors[by_remainder[n % len(parts)]] += 1 if missing > 0 else -1
    return floors


def reasons(explanation: Explanation) -> list[dict[str, Any]]:
    """The rules that made a lead hot, the strongest first: for people who read a signal. What took points is none."""
    rules: dict[str, dict[str, Any]] = {}
    for point in explanation.points:
        award = point.award
        reason = rules.setdefault(award.rule, {"rule": award.rule, "count": 0, "points": 0.0, "now": 0.0})
        reason["count"] += 1
        reason["points"] += award.points
        reason["now"] = round(reason["now"] + point.now, 2)
        reason["last"] = award.at
        reason["touchpoint"] = award.touchpoint
    strongest = sorted(rules.values(), key=lambda rule: (-rule["now"], rule["rule"]))
    return [rule for rule in strongest[:REASONS] if rule["now"] > 0]
