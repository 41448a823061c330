"""The oracle's funnels: from every start, every way of giving touchpoints to steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.domain.oracle_conditions import fits, microseconds


@dataclass(frozen=True)
class Furthest:
    """How far the furthest attempt came, the earliest such start, when it got there, and the latest such start."""

    step: int
    started_at: int
    reached_at: int
    latest: int


def furthest(funnel: Mapping[str, Any], events: Sequence[Any]) -> Furthest | None:
    """None: nobody took the first step."""
    window, steps = microseconds(funnel["window"]), funnel["steps"]
    meets = [[event.type == step["on"] and fits(step.get("where"), event.properties, event.profile, event.source)
              for step in steps]
             for event in events]  # fmt: skip
    starts = sorted({event.at for event, answers in zip(events, meets, strict=True) if answers[0]})
    reached: dict[int, tuple[int, int]] = {}
    for start in starts:
        usable = [n for n, event in enumerate(events) if start <= event.at <= start + window]
        first = [n for n in usable if events[n].at == start and meets[n][0]]
        reached[start] = max(_on(1, n, {n}, events, meets, usable, len(steps)) for n in first)
    if not starts:
        return None
    step = max(steps_done for steps_done, _ in reached.values())
    best = [start for start in starts if reached[start][0] == step]
    return Furthest(step, best[0], -reached[best[0]][1], best[-1])


def _on(
    step: int, last: int, used: set[int], events: Sequence[Any], meets: Any, usable: Sequence[int], steps: int
) -> tuple[int, int]:
    """(steps done, minus the instant of the last): the most steps, then the earliest end."""
    best = (step, -events[last].at)
    if step == steps:
        return best
    for n in usable:
        if n not in used and events[n].at >= events[last].at and meets[n][step]:
            best = max(best, _on(step + 1, n, used | {n}, events, meets, usable, steps))
    return best
