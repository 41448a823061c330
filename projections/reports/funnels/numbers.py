"""What counts of leads say of a funnel: pure arithmetic."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from domain.model.funnels import Funnel
from projections.reports.funnels.shapes import BottleneckShape, StepNumbersShape


class FunnelStanding(NamedTuple):
    """How a lead stands in a funnel."""

    step: int
    """The furthest that it reached, from 1."""
    pending: bool
    mature: bool


Counts = Mapping[FunnelStanding, int]
"""How many leads stand how."""


def together(several: Iterable[Counts]) -> dict[FunnelStanding, int]:
    """The sum of counts."""
    summed: dict[FunnelStanding, int] = {}
    for counts in several:
        for standing, leads in counts.items():
            summed[standing] = summed.get(standing, 0) + leads
    return summed


def numbers(counts: Counts, steps: int) -> dict[str, Any]:
    """The fields of a FunnelNumbersShape."""
    entered = sum(counts.values())
    converted = _reached(counts, steps)
    pending = sum(leads for standing, leads in counts.items() if standing.pending)
    ended = _mature(counts)
    mature, mature_converted = sum(ended.values()), _reached(ended, steps)
    return {
        "entered": entered,
        "converted": converted,
        "dropped": entered - converted - pending,
        "pending": pending,
        "rate": share(converted, entered),
        "mature": mature,
        "mature_converted": mature_converted,
        "mature_rate": share(mature_converted, mature),
    }


def step_numbers(counts: Counts, steps: int) -> list[StepNumbersShape]:
    """Each step in numbers."""
    shapes = []
    for number in range(1, steps + 1):
        here = {standing: leads for standing, leads in counts.items() if standing.step == number}
        pending = sum(leads for standing, leads in here.items() if standing.pending)
        gone = 0 if number == steps else sum(here.values()) - pending
        shapes.append(StepNumbersShape(leads=_reached(counts, number), pending=pending, gone=gone))
    return shapes


def bottleneck(counts: Counts, plan: Funnel) -> BottleneckShape | None:
    """Where the largest share is lost, the earliest of several; of the mature alone where there are any."""
    ended = _mature(counts)
    told = ended or counts
    worst: BottleneckShape | None = None
    for number, step in enumerate(plan.steps[1:], 2):
        before = _reached(told, number - 1)
        lost = before - _reached(told, number)
        if lost and (worst is None or lost * worst.before > worst.lost * before):
            worst = BottleneckShape(
                step=number, on=step.on, label=step.label, before=before, lost=lost, share=lost / before,
                mature=bool(ended),
            )  # fmt: skip
    return worst


def share(part: int, whole: int) -> float | None:
    """A part of a whole; None of nothing."""
    return part / whole if whole else None


def _reached(counts: Counts, number: int) -> int:
    return sum(leads for standing, leads in counts.items() if standing.step >= number)


def _mature(counts: Counts) -> dict[FunnelStanding, int]:
    return {standing: leads for standing, leads in counts.items() if standing.mature}
