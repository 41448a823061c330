"""How long leads took from step to step: medians and quartiles, counted in the database."""

from typing import Final

import orjson
from sqlalchemy import ColumnElement, Subquery, case, select

from domain.model.funnels import Funnel
from projections.queries.days import DayRange
from projections.queries.quartiles import QuartilesShape
from projections.queries.view import View
from projections.reports.funnels.attempts import attempts
from store.database.expressions import instant_at, quartiles

WHOLE: Final = 0
"""Stands for the way from the first step to the last, where a step's number stands for the way to it."""


def times(view: View, plan: Funnel, days: DayRange) -> dict[int, QuartilesShape]:
    """By the number of each step how long it took since the step before, and WHOLE; what nobody did is missing."""
    last = len(plan.steps)
    if last == 1:
        return {}
    rows = attempts(view, plan, days, ["started_at", "reached_at", "reached"])
    ways = {WHOLE: (1, last), **{number: (number - 1, number) for number in range(2, last + 1)}}
    gaps = [quartiles(_at(rows, end, last) - _at(rows, start, last)) for start, end in ways.values()]
    [found] = view.conn.execute(select(*gaps).where(rows.c.step > 1))
    return {way: _times(text) for way, text in zip(ways, found, strict=True) if text is not None}


def _at(rows: Subquery, number: int, last: int) -> ColumnElement[int]:
    """When a step was reached, null where it was not; out of the JSON only what stands in no column of its own."""
    if number == 1:
        return rows.c.started_at
    furthest = (rows.c.step == number, rows.c.reached_at)
    if number == last:
        return case(furthest)
    return case(furthest, (rows.c.step > number, instant_at(rows.c.reached, number - 1)))


def _times(text: str) -> QuartilesShape:
    lower, median, upper = (microseconds / 1_000_000 for microseconds in orjson.loads(text))
    return QuartilesShape(lower_quartile=lower, median=median, upper_quartile=upper)
