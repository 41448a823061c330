"""The later steps of what a lead began on one day: when it had come there before, and how long it took.

So a report counts who reached a step, each lead once, and reads how soon, off an index: of a period a lead is counted
on the first of its days, of which `before` is none of the period.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Select, func, select

from domain.fold.fold import Fold
from projections.read_models.family import GrowingRows, Row, RowCount, Subject
from store.database.buckets import bucket_number
from store.database.derived import Derived

WHOLE: Final = 0
"""Stands for the way from the first step to the last, where a step's number stands for the way to it."""
SPANS: Final = (0, 1, *(round(1_000 * 2 ** (eighth / 8)) for eighth in range(36 * 8)))
"""Microseconds at which spans of time begin: from a millisecond on each by 9 % later, up to years."""


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


def _counts_in(values: Sequence[Any]) -> tuple[tuple[str, int, int], tuple[int]] | None:
    funnel, step, before, took = values
    if before is not None:
        return None
    return (funnel, step, max(min(bisect_right(SPANS, took), len(SPANS) - 1) - 1, 0)), (1,)


def _counted(tables: Derived) -> Select[Any]:
    steps = tables.funnel_steps.c
    each = select(steps.funnel, steps.step, bucket_number(steps.took, SPANS).label("span"))
    told = each.where(steps.before.is_(None)).subquery().c
    return select(*told, func.count()).group_by(*told)


_TIMES = RowCount(
    lambda tables: tables.funnel_times,
    ("funnel", "step", "before", "took"),
    _counts_in,
    _counted,
    "before IS NULL",
)
FUNNEL_STEPS = GrowingRows(lambda tables: tables.funnel_steps, _rows, count=_TIMES)
