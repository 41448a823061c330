"""Funnels: the attempts of a lead, by the day on which each starts. Of a day's attempts the furthest counts.

Of the attempts that start on one day and have come equally far, only the one that started last is kept: whatever brings
another of them further brings it further too, and its window ends last. So what is remembered of a lead is bounded by
the days of a window and the steps, however busy the lead is.
"""

from collections.abc import Sequence
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
_SECOND: Final = 2
_UNKNOWN: Final = -1
_ASKED: Final = ("channel", "source", "campaign")
_NOWHERE: Final = ("direct", None, None, "direct", None, None)
_ORIGINS: Final = 32
"""Origins that are kept at least before those of which no attempt is left are forgotten."""


Meets = Sequence[tuple[int, ...]]
"""Of one instant, the steps (from 1, ascending; `EXCLUDED`) that each touchpoint meets."""


class FunnelPlan:
    """A funnel of the model, as the fold asks for it. Times are microseconds."""

    __slots__ = ("excludes", "order", "steps", "window", "withins")

    def __init__(self, funnel: Funnel) -> None:
        self.order = funnel.order
        self.steps = len(funnel.steps)
        self.window = funnel.window
        self.excludes = bool(funnel.exclude)
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
    open_from: int = 0
    """The last start of those that may go on; 0: none may. Means nothing once the best is through."""
    before: int | None = None
    """The last start of an earlier day; None: there is none."""
    reached_before: list[int | None] = field(default_factory=list)
    """Of each step that the best reached, from the second: the last earlier day that reached it too; None: none did."""
    prior: int = 0
    """The furthest step that was reached by what started on earlier days."""

    def open_until(self, plan: FunnelPlan) -> int | None:
        """The last instant at which one may get further than the best; None: none may."""
        return None if len(self.best) > plan.steps or not self.open_from else plan.end(self.open_from)


class Attempts(Struct, array_like=True, gc=False):
    """One lead's way through one funnel."""

    days: dict[int, Day] = field(default_factory=dict)
    """By day of start, the latest one and those of which a window may still be open, the earliest first."""
    best: Attempt = field(default_factory=list)
    """Of all days the furthest, of several that of the earliest day."""
    day: int = 0
    """On which the best started."""
    met: dict[int, int] = field(default_factory=dict)
    """When each step was last met, of those from which a `within` counts."""
    origins: list[list[str | None]] = field(default_factory=list)
    """Channel, source and campaign of the first and the last source, each once."""
    moved: bool = False
    """Whether the best came further than what was last shown, or is of another day or origin."""
    changed: dict[int, Day] = field(default_factory=dict)
    """The days that changed since the lead was last shown; of a whole history: all."""
    room: int = _ORIGINS
    """Origins that are kept before those of which no attempt is left are forgotten: twice as many as were left then."""
    stepped: dict[int, None] = field(default_factory=dict)
    """Those of `changed` of which instants of later steps than the first, or which day reached them before, changed; of
    a whole history all that have such steps."""
    closed: dict[int, int] = field(default_factory=dict)
    """By step, from the second: the last of the days that are not among `days` any more and reached it."""
    last: int | None = None
    """The last start; None: there was none."""

    def forget_changed(self) -> None:
        """The lead was shown."""
        if self.changed:
            self.changed, self.stepped, self.moved = {}, {}, False
            if len(self.origins) > _ORIGINS and self.room > _ORIGINS:
                self._forget_origins()

    @property
    def step(self) -> int:
        """The furthest step that was reached; 0: none."""
        return max(len(self.best) - 1, 0)

    def origin(self, attempt: Attempt) -> Sequence[str | None]:
        """Where the lead came from at the start of an attempt: channel, source, campaign of the first and the last."""
        place = attempt[_ORIGIN]
        return _NOWHERE if place == _UNKNOWN else self.origins[place]

    def take(
        self, plan: FunnelPlan, meets: Meets, own: Sequence[bool], instant: Instant, day: int, first: Seen, last: Seen
    ) -> None:
        """Go on with what happened in one instant, which lies on `day`; `first`, `last`: the lead's sources then.

        `own`: whether the lead did it, by touchpoint; it is asked of order `strict` alone. What shares an instant is
        taken in step order, each touchpoint for one step of an attempt. The window includes its end.
        """
        days = self.days
        while days:
            number = next(iter(days))
            if number >= day or days[number].last + plan.window >= instant:
                break
            self.closed.update(dict.fromkeys(range(2, len(days[number].best)), number))
            del days[number]
        origin = _UNKNOWN if first is DIRECT else self._origin_of(first, last)
        match plan.order:
            case StepOrder.ORDERED if len(meets) == 1:
                self._next(plan, meets, instant, day, origin)
            case StepOrder.ORDERED:
                self._several(plan, meets, instant, day, origin)
            case StepOrder.STRICT:
                for steps, is_own in sorted(zip(meets, own, strict=True), key=_first_step):
                    self._strictly(plan, steps, is_own, instant, day, origin)
            case StepOrder.ANY:
                for steps in meets:
                    self._in_any_order(plan, steps, instant, day, origin)
            case _:
                assert_never(plan.order)
        if plan.excludes and any(EXCLUDED in steps for steps in meets):
            self._end_all()

    # ---- orders ----

    def _next(self, plan: FunnelPlan, meets: Meets, instant: Instant, day: int, origin: int) -> None:
        """What nearly always comes: one touchpoint."""
        for step in reversed(meets[0]):
            if step > 1:
                if not plan.withins or self._in_time(plan, meets, step - 1, instant):
                    self._advance(plan, step - 1, [instant], instant)
            elif step == 1:
                self._begin(plan, day, [origin, instant])
        self._note_met(plan, meets, instant)

    def _several(self, plan: FunnelPlan, meets: Meets, instant: Instant, day: int, origin: int) -> None:
        for reached in range(plan.steps - 1, 0, -1):
            further = _chain(meets, reached, plan.steps)
            if further and self._in_time(plan, meets, reached, instant):
                self._advance(plan, reached, [instant] * further, instant)
        if further := _chain(meets, 0, plan.steps):
            self._begin(plan, day, [origin] + [instant] * further)
        self._note_met(plan, meets, instant)

    def _advance(self, plan: FunnelPlan, reached: int, further: list[int], instant: Instant) -> None:
        for number, day in self.days.items():
            attempt = day.going.get(reached)
            if attempt is not None and attempt[_START] + plan.window >= instant:
                del day.going[reached]
                self._reach(plan, number, day, attempt + further)

    def _strictly(
        self, plan: FunnelPlan, steps: Sequence[int], own: bool, instant: Instant, day: int, origin: int
    ) -> None:
        """Whoever waits for another step than the lead's own touchpoint meets is out."""
        meets = [tuple(steps)]
        for number, attempts in self.days.items():
            for reached in sorted(attempts.going, reverse=True):
                attempt = attempts.going[reached]
                if attempt[_START] + plan.window < instant:
                    continue
                if reached + 1 in steps and self._in_time(plan, meets, reached, instant):
                    del attempts.going[reached]
                    self._reach(plan, number, attempts, [*attempt, instant])
                elif own and steps != (EXCLUDED,):
                    del attempts.going[reached]
                    self._end(number, attempts)
        if 1 in steps:
            self._begin(plan, day, [origin, instant])
        self._note_met(plan, meets, instant)

    def _in_any_order(self, plan: FunnelPlan, steps: Sequence[int], instant: Instant, day: int, origin: int) -> None:
        """Every way of counting the touchpoint for one of the steps that it meets and that are missing."""
        bits = [1 << step for step in steps if step != EXCLUDED]
        for number, attempts in self.days.items():
            for seen, attempt in [*attempts.going.items()]:
                missing = [bit for bit in bits if not seen & bit]
                if missing and attempt[_START] + plan.window >= instant:
                    del attempts.going[seen]  # whatever it can reach, one of the others can
                    for bit in missing:
                        self._reach(plan, number, attempts, [*attempt, instant], seen | bit)
        for bit in bits:
            self._begin(plan, day, [origin, instant], bit)

    # ---- attempts ----

    def _begin(self, plan: FunnelPlan, number: int, attempt: Attempt, seen: int = 0) -> None:
        instant = attempt[_START]
        day = self.days.get(number)
        if day is None:
            day = self.days[number] = Day(instant, attempt[: _START + 1], before=self.last, prior=self.step)
        day.last = day.open_from = self.last = instant
        self._reach(plan, number, day, attempt, seen)

    def _reach(self, plan: FunnelPlan, number: int, day: Day, attempt: Attempt, seen: int = 0) -> None:
        """An attempt came further; `seen`: the bits of the steps it met, where they may come in any order."""
        steps, start, best = len(attempt) - 1, attempt[_START], day.best
        if steps < plan.steps:
            kept = day.going.get(seen or steps)
            if kept is None or kept[_START] < start:
                day.going[seen or steps] = attempt
        if steps >= len(best) or (steps == len(best) - 1 and start > best[_START]):
            day.best = attempt
            if steps > 1:
                self.stepped[number] = None
            if steps >= len(best):
                self._rise(number, day, len(best), steps)
        self._note(number, day)

    def _rise(self, number: int, day: Day, first: int, last: int) -> None:
        """The best of a day reached these steps: it is told which day did so before, and later days that it did."""
        later = {other: following for other, following in self.days.items() if other > number}
        for step in range(first, last + 1):
            day.reached_before.append(self._last_before(number, step))
            for other, following in later.items():
                if len(following.best) > step:
                    following.reached_before[step - _SECOND] = number
                    self.changed[other], self.stepped[other] = following, None
                    break
        for other, following in later.items():
            if following.prior < last:
                following.prior = last
                self.changed[other] = following

    def _last_before(self, number: int, step: int) -> int | None:
        """The last day before this one of which the best reached a step."""
        for other in reversed(self.days):
            if other < number and len(self.days[other].best) > step:
                return other
        return self.closed.get(step)

    def _note(self, number: int, day: Day) -> None:
        """A day changed: it may be the one that counts now."""
        self.changed[number] = day
        best, before = day.best, self.best
        if len(best) > len(before) or (len(best) == len(before) and number <= self.day):
            if len(best) > len(before) or number != self.day or best[_ORIGIN] != before[_ORIGIN]:
                self.moved = True
            self.best, self.day = best, number

    def _end(self, number: int, day: Day) -> None:
        """Of a day an attempt ended that went on."""
        day.open_from = max((attempt[_START] for attempt in day.going.values()), default=0)
        self._note(number, day)

    def _end_all(self) -> None:
        for number, day in self.days.items():
            if day.going:
                day.going = {}
                self._end(number, day)

    # ---- time between steps ----

    def _in_time(self, plan: FunnelPlan, meets: Meets, reached: int, instant: Instant) -> bool:
        """Whether the step after `reached` comes within its time of the last touchpoint that met the step before it."""
        within = plan.withins[reached] if plan.withins else None
        if within is None or self.met.get(reached, 0) + within >= instant:
            return True
        before = [place for place, steps in enumerate(meets) if reached in steps]
        return any(reached + 1 in steps and before != [place] for place, steps in enumerate(meets)) and before != []

    def _note_met(self, plan: FunnelPlan, meets: Meets, instant: Instant) -> None:
        for step, within in enumerate(plan.withins):
            if within is not None and any(step in steps for steps in meets):
                self.met[step] = instant

    # ---- origins ----

    def _origin_of(self, first: Seen, last: Seen) -> int:
        origin = [*map(first.get, _ASKED), *map(last.get, _ASKED)]
        try:
            return self.origins.index(origin)
        except ValueError:
            if len(self.origins) >= self.room:
                self._forget_origins()
            self.origins.append(origin)
            return len(self.origins) - 1

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
        self.room = max(_ORIGINS, 2 * len(places))


def _first_step(meeting: tuple[Sequence[int], bool]) -> int:
    return min((step for step in meeting[0] if step != EXCLUDED), default=EXCLUDED)


def _chain(matches: Meets, reached: int, steps: int) -> int:
    """How many steps after `reached` the touchpoints of one instant can fill, each touchpoint one step."""
    taken: dict[int, int] = {}  # touchpoint -> step
    for step in range(reached + 1, steps + 1):
        if not _place(step, matches, taken, set()):
            return step - reached - 1
    return steps - reached


def _place(step: int, matches: Meets, taken: dict[int, int], tried: set[int]) -> bool:
    for index, steps in enumerate(matches):
        if step in steps and index not in tried:
            tried.add(index)
            if index not in taken or _place(taken[index], matches, taken, tried):
                taken[index] = step
                return True
    return False
