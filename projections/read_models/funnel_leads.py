"""How far a lead came in each funnel: the day of its furthest attempt, of several the earliest.

It is written when that is another one. What each start moves (the attempt's own instants, until when it is open) stands
in `funnel_days` alone: most leads start again and again, and come no further.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from domain.fold.fold import Fold
from projections.read_models.family import GrowingRows, Row, RowCount, Subject
from store.database.derived import Derived


def _rows(fold: Fold, subject: Subject) -> list[Row]:
    return [
        (subject.id, name, attempts.step, attempts.day, *attempts.origin(attempts.best))
        for name, attempts in subject.lead.funnels.items()
        if attempts.moved
    ]


def _counts_in(values: Sequence[Any]) -> tuple[tuple[str, int], tuple[int]]:
    funnel, step = values
    return (funnel, step), (1,)


def _counted(tables: Derived) -> Select[Any]:
    told = tables.funnel_leads.c.funnel, tables.funnel_leads.c.step
    return select(*told, func.count()).group_by(*told)


_SIZES = RowCount(lambda tables: tables.funnel_sizes, ("funnel", "step"), _counts_in, _counted)
FUNNEL_LEADS = GrowingRows(lambda tables: tables.funnel_leads, _rows, count=_SIZES)
