"""How long leads took from step to step: medians and quartiles, read off an index.

A lead counts with the earliest of its starts that got to the step: of a period, or of all time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import select

from domain.model.funnels import Funnel
from projections.queries.quartiles import QuartilesShape
from projections.queries.view import View
from projections.read_models.funnel_steps import WHOLE

Took = Mapping[int, QuartilesShape]
"""By the number of each step how long it took since the step before, and WHOLE; what nobody did is missing."""
_QUARTERS: Final = 4


def ways_of(plan: Funnel) -> list[int]:
    """The numbers that `Took` may have."""
    return [*range(2, len(plan.steps) + 1), WHOLE]


def took_in_period(plan: Funnel, texts: Sequence[str | None]) -> Took:
    """What the aggregate `quartiles` gave for each of `ways_of`."""
    return {way: _shape(orjson.loads(text)) for way, text in zip(ways_of(plan), texts, strict=True) if text}


def took_ever(view: View, plan: Funnel, reached: Sequence[int]) -> Took:
    """Of all time; `reached`: how many leads reached each step, in their order."""
    leads = dict(zip(ways_of(plan), [*reached[1:], reached[-1]], strict=True))
    return {way: _ever(view, plan, way, count) for way, count in leads.items() if count}


def _ever(view: View, plan: Funnel, way: int, count: int) -> QuartilesShape:
    """Three places in the index of times, each reached from the nearer end of it."""
    steps = view.tables.funnel_steps.c
    query = select(steps.took).where(steps.funnel == plan.name, steps.step == way, steps.before.is_(None))
    spans = []
    for quarter in (1, 2, 3):
        place, part = divmod(quarter * (count - 1), _QUARTERS)
        if 2 * place < count:
            near = query.order_by(steps.took).offset(place).limit(2)
            between = [*view.conn.scalars(near)]
        else:
            near = query.order_by(steps.took.desc()).offset(max(count - 2 - place, 0)).limit(2)
            between = [*view.conn.scalars(near)][::-1]
        spans.append(between[0] + (between[-1] - between[0]) * part / _QUARTERS)
    return _shape(spans)


def _shape(spans: Sequence[Any]) -> QuartilesShape:
    lower, median, upper = (microseconds / 1_000_000 for microseconds in spans)
    return QuartilesShape(lower_quartile=lower, median=median, upper_quartile=upper)
