"""Counting rows by day, week or month in SQL: by the instants that these begin at; and touchpoints off their index."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select

from projections.queries.view import View


def bucket_number(instant: ColumnElement[int], bounds: Sequence[int]) -> ColumnElement[int]:
    """Between which two of some instants, in their order, one lies: 0 from the first on. By halves: of 400 after nine
    comparisons. What lies outside is in the nearest."""
    return _halved(instant, bounds, 0, len(bounds) - 1)


def counted_between(
    view: View,
    instant: ColumnElement[Any],
    bounds: Sequence[int],
    *told: ColumnElement[Any],
    where: Sequence[ColumnElement[bool]] = (),
) -> Counter[tuple[Any, ...]]:
    """How many rows have the instant between each two of some, told apart by columns: by (number, *values)."""
    if len(bounds) < 2:
        return Counter()
    columns = [bucket_number(instant, bounds).label("bucket"), *told]
    each = select(*columns).where(instant >= bounds[0], instant < bounds[-1], *where).subquery().c
    rows = view.conn.execute(select(*each, func.count()).group_by(*each))
    return Counter({tuple(key): count for *key, count in rows})


def counted_touchpoints(
    view: View, first: int, end: int, *told: ColumnElement[Any]
) -> tuple[Counter[tuple[Any, ...]], Counter[tuple[Any, ...]]]:
    """How many touchpoints the days from `first` to before `end` have, machines' left out; and how many of machines.

    They are told apart by the day, the type or both: then they are counted off the index.
    """
    touches = view.tables.touches.c
    inside = [touches.type.in_(touched_types(view)), touches.day >= first, touches.day < end]

    def counted(*holds: ColumnElement[bool]) -> Counter[tuple[Any, ...]]:
        rows = view.conn.execute(select(*told, func.count()).where(*inside, *holds).group_by(*told))
        return Counter({tuple(key): count for *key, count in rows})

    machines = counted(touches.machine.is_not(None))
    return counted() - machines, machines


def touched_types(view: View) -> Sequence[str]:
    """The types that there are: one step in the index for each."""
    here, following = (view.tables.touches.alias(name).c for name in ("touches_first", "touches_next"))
    least = select(func.min(here.type).label("type")).cte("types", recursive=True)
    after = select(func.min(following.type)).where(following.type > least.c.type).correlate(least).scalar_subquery()
    types = least.union_all(select(after).where(least.c.type.is_not(None)))
    return view.conn.execute(select(types.c.type).where(types.c.type.is_not(None))).scalars().all()


def _halved(instant: ColumnElement[int], bounds: Sequence[int], first: int, end: int) -> ColumnElement[int]:
    if end - first == 1:
        return literal(first)
    middle = (first + end) // 2
    return case(
        (instant < bounds[middle], _halved(instant, bounds, first, middle)), else_=_halved(instant, bounds, middle, end)
    )
