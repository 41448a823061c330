"""Counting rows by day, week or month in SQL, by the instants that these begin at; and touchpoints as they are kept."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select

from projections.queries.view import View
from store.database.buckets import bucket_number

DayOfType = tuple[int, str]
"""A day, and a type of touchpoints."""


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


def counted_touchpoints(view: View, first: int, end: int) -> tuple[Counter[DayOfType], Counter[DayOfType]]:
    """How many touchpoints the days from `first` to before `end` have, machines' left out; and how many of machines."""
    days = view.tables.touch_days
    people, machines = Counter[DayOfType](), Counter[DayOfType]()
    for row in view.conn.execute(select(days).where(days.c.day >= first, days.c.day < end)):
        people[row.day, row.type] = row.touchpoints
        machines[row.day, row.type] = row.by_machines
    return +people, +machines
