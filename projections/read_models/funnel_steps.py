"""The later steps of what a lead began on one day: when it had come there before, and how long it took.

So a report counts who reached a step, each lead once, and reads how soon, off an index: of a period a lead is counted
on the first of its days, of which `before` is none of the period.
"""

from itertools import pairwise
from typing import Final

from domain.fold.fold import Fold
from projections.read_models.family import GrowingRows, Row, Subject

WHOLE: Final = 0
"""Stands for the way from the first step to the last, where a step's number stands for the way to it."""


def _rows(fold: Fold, subject: Subject) -> list[Row]:
    rows: list[Row] = []
    for name, attempts in subject.lead.funnels.items():
        for number in attempts.stepped:
            day = attempts.changed[number]
            reached, before = day.best[1:], day.reached_before
            rows += [
                (subject.id, name, step, number, before[step - 2], later - earlier)
                for step, (earlier, later) in enumerate(pairwise(reached), 2)
            ]
            if len(reached) == fold.funnels[name].steps > 1:
                rows.append((subject.id, name, WHOLE, number, before[-1], reached[-1] - reached[0]))
    return rows


FUNNEL_STEPS = GrowingRows(lambda tables: tables.funnel_steps, _rows)
