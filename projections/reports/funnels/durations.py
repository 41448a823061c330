"""How long leads took from step to step: medians and quartiles, read off indexes.

A lead counts with the earliest of its starts that got to the step: of a period, or of all time.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, Select, literal, select

from domain.model.funnels import Funnel
from projections.queries.quartiles import QuartilesShape
from projections.queries.view import View
from projections.read_models.funnel_steps import SPANS, WHOLE

Took = Mapping[int, QuartilesShape]
"""By the number of each step how long it took since the step before, and WHOLE; what nobody did is missing."""
_QUARTERS: Final = 4


def ways_of(plan: Funnel) -> list[int]:
    """The numbers that `Took` may have."""
    return [*range(2, len(plan.steps) + 1), WHOLE]


def took_in_period(plan: Funnel, texts: Sequence[str | None]) -> Took:
    """What the aggregate `quartiles` gave for each of `ways_of`."""
    return {way: _shape(orjson.loads(text)) for way, text in zip(ways_of(plan), texts, strict=True) if text}


def took_ever(view: View, plan: Funnel) -> Took:
    """Of all time. How many leads took about how long is kept: of each value its own span alone is looked through."""
    times = view.tables.funnel_times.c
    spans: dict[int, list[tuple[int, int]]] = {way: [] for way in ways_of(plan)}
    query = select(times.step, times.span, times.leads).where(times.funnel == plan.name)
    for way, span, leads in view.conn.execute(query.order_by(times.span)):
        spans[way].append((span, leads))
    of_way = {way: _quarter_places(sum(leads for _, leads in each)) for way, each in spans.items() if each}
    wanted = {(way, place): None for way, places in of_way.items() for place, _ in places}
    wanted |= {(way, place + 1): None for way, places in of_way.items() for place, part in places if part}
    if not wanted:
        return {}
    values = [_value_at(view, plan, way, spans[way], place).scalar_subquery() for way, place in wanted]
    value = dict(zip(wanted, view.conn.execute(select(*values)).one(), strict=True))

    def between(way: int, place: int, part: int) -> float:
        below: int = value[way, place]
        return below + (value[way, place + 1] - below) * part / _QUARTERS if part else below

    return {way: _shape([between(way, *each) for each in places]) for way, places in of_way.items()}


def _quarter_places(count: int) -> list[tuple[int, int]]:
    """Where the quartiles of so many values lie: behind which of them (from 0), and how many quarters of the way to the
    next."""
    return [divmod(quarter * (count - 1), _QUARTERS) for quarter in (1, 2, 3)]


def _value_at(view: View, plan: Funnel, way: int, spans: Sequence[tuple[int, int]], place: int) -> Select[tuple[int]]:
    """The value at a place of all, in ascending order: in the span that it lies in."""
    steps, upto = view.tables.funnel_steps.c, [0, *accumulate(leads for _, leads in spans)]
    nth = bisect_right(upto, place) - 1
    span, _ = spans[nth]
    if SPANS[span + 1] - SPANS[span] == 1:
        return select(literal(SPANS[span], BigInteger))
    query = select(steps.took).where(steps.funnel == plan.name, steps.step == way, steps.before.is_(None))
    return query.where(steps.took >= SPANS[span]).order_by(steps.took).offset(place - upto[nth]).limit(1)


def _shape(spans: Sequence[Any]) -> QuartilesShape:
    lower, median, upper = (microseconds / 1_000_000 for microseconds in spans)
    return QuartilesShape(lower_quartile=lower, median=median, upper_quartile=upper)
