"""Funnels: the attempts of a lead, by the day on which each starts. Of a day's attempts the furthest counts.

Of the attempts that start on one day and have come equally far, only the one that started last is kept: whatever brings
another of them further brings it further too, and its window ends last. So what is remembered of a lead is bounded by
the days of a window and the steps, however busy the lead is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from msgspec import Struct, field

from domain.fold.channel import DIRECT, Seen
from domain.model.funnels import Funnel, StepOrder
from domain.touchpoints.touchpoint import NEVER, Instant

EXCLUDED: Final = 0
"""Among the steps that a touchpoint meets: it is one of `exclude`."""

Attempt = list[int]
"""Where the lead came from at its start (place in `Attempts.origins`; -1: nowhere known), then the instant of each step
that it reached, the first its start."""

_ORIGIN: Final = 0
_START: Final = 1
_UNKNOWN: Final = -1
_ASKED: Final = ("channel", "source", "campaign")
_ORIGINS: Final = 32
"""Origins that are kept before those of which no attempt is left are forgotten."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A touchpoint that meets steps of a funnel (from 1) or its `exclude`; whether the lead itself did it."""

    steps: Collection[int]
    own: bool = True


class FunnelPlan:
    """A funnel of the model, as the fold asks for it. Times are microseconds."""

    __slots__ = ("order", "steps", "window", "withins")

    def __init__(self, funnel: Funnel) -> None:
        self.order = funnel.order
        self.steps = len(funnel.steps)
        self.window = funnel.window
        withins = tuple(step.within for step in funnel.steps)
        self.withins = withins if any(withins) else ()
        """By step: how long after the last touchpoint that met the step before; none: no step asks for it."""

    def end(self, start: int) -> int:
        """The end of the window of an attempt that starts then."""
        return min(start + self.window, NEVER)


class Day(Struct, array_like=True, gc=False):
    """The attempts that start on one day."""

    last: int
    """The last start."""
    best: Attempt
    """The one that counts: the furthest, of several the one that started last."""
    going: dict[int, Attempt] = field(default_factory=dict)
    """Those that may go on, by how far they are: the number of steps, of order `any` the bits of the steps met."""

    def open_until(self, plan: FunnelPlan) -> int | None:
        """The last instant at which one may get further than the best; None: none may."""
        if len(self.best) > plan.steps or not self.going:
            return None
        return plan.end(max(attempt[_START] for attempt in self.going.values()))


class Attempts(Struct, array_like=True, gc=False):
    """One lead's way through one funnel."""

    days: dict[int, Day] = field(default_factory=dict)
    """By day of start, the latest one and those of which a window may still be open, the earliest first."""
    best: Attempt = field(default_factory=list)
    """Of all days the furthest, of several that of the earliest day."""
    day: int = 0
    """On which the best started."""
    last: int = 0
    """The last start of that day."""
    latest: int = 0
    """The last start of all."""
    met: dict[int, int] = field(default_factory=dict)
    """When each step was last met, of those from which a `within` counts."""
    origins: list[list[str | None]] = field(default_factory=list)
    """Channel, source and campaign of the first and the last source, each once."""
    changed: dict[int, Day] = field(default_factory=dict)
    """The days that changed since the lead was last shown; of a whole history: all."""

    @property
    def step(self) -> int:
        """The furthest step that was reached; 0: none."""
        return max(len(self.best) - 1, 0)

    def open_until(self, plan: FunnelPlan) -> int | None:
        """The last instant at which an attempt may get further than the best; None: none may."""
        if self.step == plan.steps:
            return None
        starts = [attempt[_START] for day in self.days.values() for attempt in day.going.values()]
        return plan.end(max(starts)) if starts else None

    def matures_at(self, plan: FunnelPlan) -> int:
        """The end of the window of the last start: of whoever is through, of its day."""
        return plan.end(self.last if self.step == plan.steps else self.latest)

    def origin(self, attempt: Attempt) -> list[str | None]:
        """Where the lead came from at the start of an attempt: channel, source, campaign of the first and the last."""
        place = attempt[_ORIGIN]
        return ["direct", None, None, "direct", None, None] if place == _UNKNOWN else self.origins[place]

    def take(
        self, plan: FunnelPlan, meetings: Sequence[Meeting], instant: Instant, day: int, first: Seen, last: Seen
    ) -> None:
        """Go on with what happened in one instant, which lies on `day`; `first`, `last`: the lead's sources then.

        What shares an instant is taken in step order, each touchpoint for one step of an attempt. The window includes
        its end.
        """
        for number in [*self.days]:
            if number >= day or self.days[number].last + plan.window >= instant:
                break
            del self.days[number]
        begins = plan.order is StepOrder.ANY or any(1 in meeting.steps for meeting in meetings)
        start = [self._origin_of(first, last) if begins else _UNKNOWN]
        match plan.order:
            case StepOrder.ORDERED:
                self._in_order(plan, [meeting.steps for meeting in meetings], instant, day, start)
            case StepOrder.STRICT:
                for meeting in sorted(meetings, key=_first_step):
                    self._strictly(plan, meeting, instant, day, start)
            case StepOrder.ANY:
                for meeting in meetings:
                    self._in_any_order(plan, meeting.steps, instant, day, start)
            case _:
                assert_never(plan.order)
        if any(EXCLUDED in meeting.steps for meeting in meetings):
            self._end_all()

    # ---- orders ----

    def _in_order(
        self, plan: FunnelPlan, meets: Sequence[Collection[int]], instant: Instant, day: int, start: Attempt
    ) -> None:
        for reached in range(plan.steps - 1, 0, -1):
            further = _chain(meets, reached, plan.steps)
            if further and self._in_time(plan, meets, reached, instant):
                for number, attempts in self.days.items():
                    attempt = attempts.going.get(reached)
                    if attempt is not None and attempt[_START] + plan.window >= instant:
                        del attempts.going[reached]
                        self._reach(plan, number, attempt + [instant] * further)
        if further := _chain(meets, 0, plan.steps):
            self._begin(plan, day, start + [instant] * further)
        self._note_met(plan, meets, instant)

    def _strictly(self, plan: FunnelPlan, meeting: Meeting, instant: Instant, day: int, start: Attempt) -> None:
        """Whoever waits for another step than the lead's own touchpoint meets is out."""
        meets = [meeting.steps]
        for number, attempts in self.days.items():
            for reached in sorted(attempts.going, reverse=True):
                attempt = attempts.going[reached]
                if attempt[_START] + plan.window < instant:
                    continue
                if reached + 1 in meeting.steps and self._in_time(plan, meets, reached, instant):
                    del attempts.going[reached]
                    self._reach(plan, number, [*attempt, instant])
                elif meeting.own and meeting.steps != (EXCLUDED,):
                    del attempts.going[reached]
                    self._note(number)
        if 1 in meeting.steps:
            self._begin(plan, day, [*start, instant])
        self._note_met(plan, meets, instant)

    def _in_any_order(
        self, plan: FunnelPlan, steps: Collection[int], instant: Instant, day: int, start: Attempt
    ) -> None:
        """Every way of counting the touchpoint for one of the steps that it meets and that are missing."""
        bits = [1 << step for step in steps if step != EXCLUDED]
        for number, attempts in self.days.items():
            for seen, attempt in [*attempts.going.items()]:
                missing = [bit for bit in bits if not seen & bit]
                if missing and attempt[_START] + plan.window >= instant:
                    del attempts.going[seen]  # whatever it can reach, one of the others can
                    for bit in missing:
                        self._reach(plan, number, [*attempt, instant], seen | bit)
        for bit in bits:
            self._begin(plan, day, [*start, instant], bit)

    # ---- attempts ----

    def _begin(self, plan: FunnelPlan, number: int, attempt: Attempt, seen: int = 0) -> None:
        instant = attempt[_START]
        day = self.days.get(number)
        if day is None:
            day = self.days[number] = Day(instant, attempt)
        day.last = self.latest = instant
        self._reach(plan, number, attempt, seen)

    def _reach(self, plan: FunnelPlan, number: int, attempt: Attempt, seen: int = 0) -> None:
        """An attempt came further; `seen`: the bits of the steps it met, where they may come in any order."""
        day, steps = self.days[number], len(attempt) - 1
        if steps < plan.steps:
            kept = day.going.get(seen or steps)
            if kept is None or kept[_START] < attempt[_START]:
                day.going[seen or steps] = attempt
        if (len(attempt), attempt[_START]) > (len(day.best), day.best[_START]):
            day.best = attempt
        self._note(number)

    def _note(self, number: int) -> None:
        """A day changed: it may be the one that counts now."""
        day = self.changed[number] = self.days[number]
        if len(day.best) > len(self.best) or (len(day.best) == len(self.best) and number <= self.day):
            self.best, self.day, self.last = day.best, number, day.last

    def _end_all(self) -> None:
        for number, day in self.days.items():
            if day.going:
                day.going = {}
                self._note(number)

    # ---- time between steps ----

    def _in_time(self, plan: FunnelPlan, meets: Sequence[Collection[int]], reached: int, instant: Instant) -> bool:
        """Whether the step after `reached` comes within its time of the last touchpoint that met the step before it."""
        within = plan.withins[reached] if plan.withins else None
        if within is None or self.met.get(reached, 0) + within >= instant:
            return True
        before = [place for place, steps in enumerate(meets) if reached in steps]
        return any(reached + 1 in steps and before != [place] for place, steps in enumerate(meets)) and before != []

    def _note_met(self, plan: FunnelPlan, meets: Sequence[Collection[int]], instant: Instant) -> None:
        for step, within in enumerate(plan.withins):
            if within is not None and any(step in steps for steps in meets):
                self.met[step] = instant

    # ---- origins ----

    def _origin_of(self, first: Seen, last: Seen) -> int:
        if first is DIRECT:
            return _UNKNOWN
        origin = [*map(first.get, _ASKED), *map(last.get, _ASKED)]
        if origin not in self.origins:
            if len(self.origins) >= _ORIGINS:
                self._forget_origins()
            self.origins.append(origin)
        return self.origins.index(origin)

    def _forget_origins(self) -> None:
        """Keep those of which an attempt is left."""
        days = [*self.days.values(), *self.changed.values()]
        attempts = {id(each): each for day in days for each in (day.best, *day.going.values())}
        attempts[id(self.best)] = self.best
        places = sorted({attempt[_ORIGIN] for attempt in attempts.values()} - {_UNKNOWN})
        for attempt in attempts.values():
            if attempt[_ORIGIN] != _UNKNOWN:
                attempt[_ORIGIN] = places.index(attempt[_ORIGIN])
        self.origins = [self.origins[place] for place in places]


def _first_step(meeting: Meeting) -> int:
    return min((step for step in meeting.steps if step != EXCLUDED), default=EXCLUDED)


def _chain(matches: Sequence[Collection[int]], reached: int, steps: int) -> int:
    """How many steps after `reached` the touchpoints of one instant can fill, each touchpoint one step."""
    if len(matches) == 1:
        return 1 if reached + 1 in matches[0] else 0
    taken: dict[int, int] = {}  # touchpoint -> step
    for step in range(reached + 1, steps + 1):
        if not _place(step, matches, taken, set()):
            return step - reached - 1
    return steps - reached


def _place(step: int, matches: Sequence[Collection[int]], taken: dict[int, int], tried: set[int]) -> bool:
    for index, steps in enumerate(matches):
        if step in steps and index not in tried:
            tried.add(index)
            if index not in taken or _place(taken[index], matches, taken, tried):
                taken[index] = step
                return True
    return False
