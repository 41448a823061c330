"""What another model would change: of each lead, and of all together. Parts add up in any order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

from domain.conditions.compile import NO_SOURCE, compile_where
from domain.fold.fold import Fold
from domain.fold.lead import Lead, Now
from domain.fold.score import REASONS, decayed

EXAMPLES: Final = 3
"""Leads that are named of each move."""
LARGEST: Final = 50
"""Changes that are told one by one."""
_SEEN: Final = 0.005
"""Points of which less is not seen."""


class Side(NamedTuple):
    """A lead as one model has it."""

    fold: Fold
    lead: Lead
    now: Now

    def heat(self, clock: int) -> float:
        """As it is shown: in hundredths, never below 0."""
        heat = self.lead.heat
        return max(0.0, round(decayed(heat.value, heat.at, self.fold.half_life, clock), 2))

    def points(self, clock: int) -> dict[str, float]:
        """What is left at the clock of what each rule gave, by its name."""
        rules, half_life = self.fold.model.score.rules, self.fold.half_life
        shares = self.lead.heat.shares.items()
        return {rules[int(place)].name: decayed(each.value, each.at, half_life, clock) for place, each in shares}

    def fit(self) -> dict[str, float]:
        """The points of each fit rule that holds, by its name."""
        rules, profile = self.fold.model.fit.enabled_rules, self.lead.profile
        return {rule.name: rule.points for rule in rules if compile_where(rule.where)({}, profile, NO_SOURCE)}


class Given(NamedTuple):
    """What a rule gives a lead before and now."""

    rule: str
    before: float
    now: float


@dataclass(frozen=True, slots=True)
class LeadChange:
    """What changes of one lead; of each pair the first is before. `why`: the rules that give most otherwise."""

    rank: tuple[Any, ...]
    """The least is the largest change: of hot, of stage, of grade or exclusion, of segments, then by points."""
    lead: UUID
    hot: tuple[bool, bool]
    heat: tuple[float, float]
    hot_at: tuple[float, float]
    """The heat at which it is hot; infinite where never."""
    stage: tuple[str, str]
    grade: tuple[str, str]
    not_a_lead: tuple[str | None, str | None]
    entered: tuple[str, ...]
    left: tuple[str, ...]
    why: tuple[Given, ...]
    fit: tuple[Given, ...]


@dataclass(slots=True)
class Movers:
    """How many leads made a move, and those of them that come first by their ids."""

    leads: int = 0
    examples: list[UUID] = field(default_factory=list)

    def add(self, leads: int, examples: list[UUID]) -> None:
        """Take more of them."""
        self.leads += leads
        self.examples = sorted([*self.examples, *examples])[:EXAMPLES]


@dataclass(slots=True)
class Differences:
    """What changes of all leads. Visitors count in segments and funnels only, as in their reports."""

    leads: int = 0
    """Those that something identifies."""
    changed: int = 0
    """Of these: hot, stage, grade, exclusion or a segment is another."""
    other_heat: int = 0
    """Of these: heat is another."""
    moves: dict[tuple[str, str, str], Movers] = field(default_factory=dict)
    """By kind (hot, stages, grades, segments), from and to ("": nowhere)."""
    totals: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)
    """Leads before and now, by kind (those of moves, and funnels), name, and step of a funnel (else 0)."""
    largest: list[LeadChange] = field(default_factory=list)

    def take(self, lead: UUID, before: Side, now: Side, clock: int) -> None:
        """Compare one lead, as two models have it."""
        for place, side in enumerate((before, now)):
            for key in _counted(side):
                self.totals.setdefault(key, [0, 0])[place] += 1
        if not now.lead.identified:
            return
        self.leads += 1
        moves = list(_moves(before, now))
        for move in moves:
            self.moves.setdefault(move, Movers()).add(1, [lead])
        excluded = before.lead.not_a_lead != now.lead.not_a_lead
        self.changed += bool(moves or excluded)
        heat = (before.heat(clock), now.heat(clock))
        self.other_heat += heat[0] != heat[1]
        if moves or excluded or heat[0] != heat[1]:
            kinds = {kind for kind, *_ in moves} | ({"grades"} if excluded else set())
            missing = tuple(kind not in kinds for kind in ("hot", "stages", "grades", "segments"))
            rank = (*missing, -abs(heat[1] - heat[0]), lead)
            if len(self.largest) < LARGEST or rank < self.largest[-1].rank:
                self._keep([_change(rank, lead, before, now, clock)])

    def add(self, other: "Differences") -> None:
        """Take what was compared elsewhere."""
        self.leads += other.leads
        self.changed += other.changed
        self.other_heat += other.other_heat
        for move, movers in other.moves.items():
            self.moves.setdefault(move, Movers()).add(movers.leads, movers.examples)
        for key, (before, now) in other.totals.items():
            total = self.totals.setdefault(key, [0, 0])
            total[0] += before
            total[1] += now
        self._keep(other.largest)

    def _keep(self, changes: list[LeadChange]) -> None:
        self.largest = sorted([*self.largest, *changes], key=lambda change: change.rank)[:LARGEST]


def _counted(side: Side) -> Iterator[tuple[str, str, int]]:
    """What a lead counts in."""
    lead, now = side.lead, side.now
    for name in now.segments:
        yield "segments", name, 0
    for name, attempts in lead.funnels.items():
        for step in range(1, attempts.step + 1):
            yield "funnels", name, step
    if lead.identified:
        yield "stages", lead.stage, 0
        yield "grades", lead.grade, 0
        if now.hot is not None:
            yield "hot", "hot", 0


def _moves(before: Side, now: Side) -> Iterator[tuple[str, str, str]]:
    """From where to where a lead moves, by kind."""
    was, is_ = before.now.hot is not None, now.now.hot is not None
    if was != is_:
        yield "hot", "hot" if was else "", "hot" if is_ else ""
    if before.lead.stage != now.lead.stage:
        yield "stages", before.lead.stage, now.lead.stage
    if before.lead.grade != now.lead.grade:
        yield "grades", before.lead.grade, now.lead.grade
    for name in sorted(before.now.segments.keys() ^ now.now.segments.keys()):
        yield ("segments", name, "") if name in before.now.segments else ("segments", "", name)


def _change(rank: tuple[Any, ...], lead: UUID, before: Side, now: Side, clock: int) -> LeadChange:
    inside, is_inside = before.now.segments.keys(), now.now.segments.keys()
    return LeadChange(
        rank,
        lead,
        (before.now.hot is not None, now.now.hot is not None),
        (before.heat(clock), now.heat(clock)),
        (before.fold.threshold_of(before.lead), now.fold.threshold_of(now.lead)),
        (before.lead.stage, now.lead.stage),
        (before.lead.grade, now.lead.grade),
        (before.lead.not_a_lead, now.lead.not_a_lead),
        tuple(sorted(is_inside - inside)),
        tuple(sorted(inside - is_inside)),
        _otherwise(before.points(clock), now.points(clock)),
        _otherwise(before.fit(), now.fit()),
    )


def _otherwise(before: dict[str, float], now: dict[str, float]) -> tuple[Given, ...]:
    """What gives most otherwise, the most first."""
    given = [Given(rule, before.get(rule, 0.0), now.get(rule, 0.0)) for rule in before.keys() | now.keys()]
    others = [each for each in given if abs(each.now - each.before) >= _SEEN]
    return tuple(sorted(others, key=lambda each: (-abs(each.now - each.before), each.rule))[:REASONS])
