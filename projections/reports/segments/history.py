"""How a segment grew: its size at the end of each day, week or month, who entered and who left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select

from domain.fold.days import ZoneDays
from domain.phrases import phrase
from projections.projecting.projector import read_progress
from projections.queries.counting import counted_between
from projections.queries.days import (
    EVER,
    MOST_BUCKETS,
    BadPeriod,
    DayRange,
    SeriesName,
    buckets_between,
    day_named,
    starts_at,
)
from projections.queries.view import View, known_segment
from projections.reports.segments.shapes import GrowthShape, SegmentHistoryShape

WEEKS: Final = 12
"""The period where nobody says one: this week and those before it."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """Days, weeks or months in a row, in a time zone."""

    parts: Sequence[tuple[int, DayRange]]
    """First day of each, and its days in the period."""
    bounds: Sequence[int]
    """The instant at which each begins, and the end of the last."""


def buckets_of(days: DayRange, length: SeriesName, zone: str, clock: int, weeks: int = WEEKS) -> Buckets:
    """Those of a period, up to the clock's day; of one without a beginning, of the last so many weeks.

    Raises BadPeriod where they are too many.
    """
    end = ZoneDays(zone).of(clock) + 1
    if days.end is not None:
        end = min(days.end, end)
    monday, _ = next(buckets_between(end - 1, end, "week"))
    first = min(monday - 7 * (weeks - 1) if days.first is None else days.first, end)
    parts = list(islice(buckets_between(first, end, length), MOST_BUCKETS + 1))
    if len(parts) > MOST_BUCKETS:
        raise BadPeriod(
            phrase(
                "{name:input}: found more than {most} of {length}, allowed are {most}:"
                " a shorter period, or longer parts of it",
                name="by",
                most=MOST_BUCKETS,
                length=length,
            )
        )
    return Buckets(parts, [starts_at(day, zone) for day in (first, *(inside.end or end for _, inside in parts))])


def history(view: View, segment: str, length: SeriesName = "week", days: DayRange = EVER) -> SegmentHistoryShape:
    """How a segment of the model grew. Raises NotFound, BadPeriod, SavedByAnother."""
    read_progress(view.conn, view.tables).check_format()  # before a rebuild there are no stays
    name, zone = known_segment(view, segment), view.model.timezone
    buckets = buckets_of(days, length, zone, view.clock)
    before = _size_before(view, name, buckets.bounds[0])
    stays = view.tables.segment_spells.c
    entered, left = (_counted(view, name, instant, buckets.bounds) for instant in (stays.entered_at, stays.left_at))
    return SegmentHistoryShape(
        segment=name,
        label=next(each.label for each in view.model.segments if each.name == name),
        by=length,
        from_=buckets.bounds[0],
        to=buckets.bounds[-1],
        clock=view.clock,
        size_before=before,
        series=list(grown(buckets, before, entered, left)),
    )


def grown(buckets: Buckets, before: int, entered: Sequence[int], left: Sequence[int]) -> Iterator[GrowthShape]:
    """Bucket by bucket, from what the size was before, and how many entered and left in each."""
    size = before
    for number, (first, _) in enumerate(buckets.parts):
        size += entered[number] - left[number]
        yield GrowthShape(
            first_day=day_named(first).isoformat(),
            from_=buckets.bounds[number],
            to=buckets.bounds[number + 1],
            size=size,
            entered=entered[number],
            left=left[number],
        )


def _size_before(view: View, name: str, instant: int) -> int:
    stays = view.tables.segment_spells
    inside = (stays.c.entered_at < instant, or_(stays.c.left_at.is_(None), stays.c.left_at >= instant))
    query = select(func.count()).select_from(stays).where(stays.c.segment == name, *inside)
    return view.conn.execute(query).scalar_one()


def _counted(view: View, name: str, instant: ColumnElement[int], bounds: Sequence[int]) -> list[int]:
    """How many stays of a segment have such an instant in each bucket."""
    of_it = [view.tables.segment_spells.c.segment == name]
    counted = counted_between(view, instant, bounds, where=of_it)
    return [counted[number,] for number in range(len(bounds) - 1)]
