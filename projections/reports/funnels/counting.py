"""Counts of leads by where they stand in a funnel, apart by group or by bucket of days: one query each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Subquery, func, select

from domain.model.funnels import Funnel
from domain.phrases import phrase
from projections.queries.days import MOST_BUCKETS, DayRange, SeriesName, buckets_between
from projections.queries.told_apart import ToldBy, grouping, value_of
from projections.queries.view import View
from projections.reports.funnels.attempts import attempts, bucket_of
from projections.reports.funnels.numbers import Counts, FunnelStanding, together
from projections.reports.funnels.shapes import BadFunnel


def counted(view: View, plan: Funnel, days: DayRange) -> Counts:
    """Of all leads."""
    rows = attempts(view, plan, days)
    return _counted(view, rows, rows, None).get(None, {})


def counted_by_text(view: View, plan: Funnel, days: DayRange, by: ToldBy) -> Mapping[str, Counts]:
    """By the text from which a lead's group is read."""
    rows = attempts(view, plan, days, by.columns)
    return _counted(view, rows, by.joined(rows), value_of(by, rows))


def in_groups(by: ToldBy, counts: Mapping[str, Counts]) -> tuple[dict[str, Counts], dict[str, int]]:
    """The same by group, the largest first or the bands in their order; and how many groups each stands for."""
    groups = grouping(by, {text: sum(each.values()) for text, each in counts.items()})
    parts: dict[str, list[Counts]] = {band: [] for band in by.bands}
    held: dict[str, set[str]] = defaultdict(set)
    for text, each in counts.items():
        parts.setdefault(groups[text], []).append(each)
        held[groups[text]].add(by.group(text))
    summed = {group: together(several) for group, several in parts.items()}
    order = list(summed) if by.bands else sorted(summed, key=lambda group: (-sum(summed[group].values()), group))
    return {group: summed[group] for group in order}, {group: len(held[group]) or 1 for group in order}


def counted_by_bucket(
    view: View, plan: Funnel, days: DayRange, series: SeriesName
) -> list[tuple[int, DayRange, Counts]]:
    """By day, week or month of the period, also where nobody started: its first day, its days in the period, who."""
    buckets = series_of(days, series)
    firsts = [first for first, _ in buckets]
    rows = attempts(view, plan, days, buckets=bucket_of(view, series, firsts))
    counts = _counted(view, rows, rows, rows.c.bucket)
    return [(first, inside, counts.get(first, {})) for first, inside in buckets]


def _counted(view: View, rows: Subquery, joined: FromClause, apart: ColumnElement[Any] | None) -> dict[Any, Counts]:
    standing: list[ColumnElement[Any]] = [rows.c.step, rows.c.pending, rows.c.mature]
    if apart is not None:
        standing.append(apart.label("apart"))
    told = select(*standing).select_from(joined).subquery()
    query = select(*told.c, func.count().label("leads")).group_by(*told.c)
    counts: dict[Any, dict[FunnelStanding, int]] = defaultdict(dict)
    for step, pending, mature, *text, leads in view.conn.execute(query):
        counts[text[0] if text else None][FunnelStanding(step, bool(pending), bool(mature))] = leads
    return dict(counts)


def series_of(days: DayRange, series: SeriesName) -> Sequence[tuple[int, DayRange]]:
    """The first day of each bucket of a period, and its days in the period. Raises BadFunnel."""
    if days.first is None or days.end is None:
        raise BadFunnel(phrase("series: allowed is with a period alone: give from and to"))
    parts = list(islice(buckets_between(days.first, days.end, series), MOST_BUCKETS + 1))
    if len(parts) > MOST_BUCKETS:
        raise BadFunnel(
            phrase(
                "{name:input}: found more than {most} of {length}, allowed are {most}:"
                " a shorter period, or longer parts of it",
                name="series",
                most=MOST_BUCKETS,
                length=series,
            )
        )
    return parts
