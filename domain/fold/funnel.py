"""Ordered funnels: every attempt of a lead, of which the furthest counts, then the earliest."""

from bisect import bisect_left
from collections.abc import Collection, Sequence

from msgspec import Struct, field

from domain.touchpoints.touchpoint import Instant


class Attempts(Struct, array_like=True, gc=False):
    """One lead's way through one funnel.

    `waiting[n]` are the starts (instants, ascending) of the attempts that have reached step n + 1 and may go on.
    """

    waiting: list[list[int]] = field(default_factory=list)
    step: int = 0
    started_at: int = 0
    reached_at: int = 0
    latest: int = 0
    """The latest start among the attempts that are as far as the furthest: until its window ends, more may come."""

    def take(self, matches: Sequence[Collection[int]], instant: Instant, steps: int, window: int) -> None:
        """Go on with what happened in one instant; `matches` are the steps (from 1) that each touchpoint matches.

        What shares an instant is taken in step order, each touchpoint for one step of an attempt. The window includes
        its end.
        """
        if self.step == steps:
            return
        waiting = self.waiting or [[] for _ in range(steps - 1)]
        for reached in range(steps - 1, 0, -1):
            starts = waiting[reached - 1]
            if starts and (further := _chain(matches, reached, steps)):
                waiting[reached - 1] = []
                alive = starts[bisect_left(starts, instant - window) :]
                self._arrive(waiting, reached + further, alive, instant, steps)
        if further := _chain(matches, 0, steps):
            self._arrive(waiting, further, [instant], instant, steps)
            for level in waiting:
                while level and level[0] + window < instant:
                    del level[0]
        self.waiting = waiting if self.step < steps else []

    def _arrive(self, waiting: list[list[int]], step: int, starts: list[int], instant: Instant, steps: int) -> None:
        if not starts:
            return
        if step < steps:
            level = waiting[step - 1]
            if not level or level[-1] < starts[0]:  # nearly always: who starts later arrives later
                level.extend(starts)
            else:
                waiting[step - 1] = sorted({*level, *starts})
        if step > self.step:
            self.step, self.started_at, self.reached_at, self.latest = step, starts[0], instant, starts[-1]
        elif step == self.step:
            self.latest = max(self.latest, starts[-1])


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
