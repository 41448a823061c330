"""A segment before it is in the model: who would be in it now, and how it would have grown."""

from dataclasses import dataclass
from typing import Final

from domain.conditions.tree import Condition
from domain.conditions.words import in_words
from domain.model.definition import Model
from domain.model.trial import trying_segment
from projections.history.clusters import Report
from projections.history.engines import INLINE, Engine
from projections.queries.days import EVER, DayRange, SeriesName
from projections.reports.segments.history import Buckets, buckets_of, grown
from projections.reports.segments.shapes import SampledShape, SegmentPreviewShape
from projections.upkeep.previewing import try_segment
from store.database.database import Database

WEEKS: Final = 26
"""That are looked back on where nobody says another period."""


@dataclass(frozen=True, slots=True)
class Looking:
    """How far back is looked, and in which parts."""

    length: SeriesName = "week"
    days: DayRange = EVER

    def buckets(self, zone: str, clock: int) -> Buckets:
        """The parts. Raises BadPeriod where they are too many."""
        return buckets_of(self.days, self.length, zone, clock, WEEKS)


def preview(
    database: Database,
    model: Model,
    when: Condition,
    report: Report | None = None,
    engine: Engine = INLINE,
    *,
    looking: Looking = Looking(),
    name: str | None = None,
) -> SegmentPreviewShape:
    """Try a condition in a model. Raises ModelError, BadPeriod, Refused, SavedByAnother."""
    zone = model.timezone
    trial = try_segment(
        database,
        trying_segment(model, when),
        lambda clock: looking.buckets(zone, clock).bounds,
        report,
        engine,
    )
    members, clock = trial.members, trial.progress.clock
    buckets = looking.buckets(zone, clock)
    return SegmentPreviewShape(
        segment=name,
        condition=in_words(when),
        position=trial.progress.position,
        clock=clock,
        touchpoints=members.touchpoints,
        size=members.size,
        identified=members.identified,
        sample=[SampledShape(id=str(each.lead), **each._asdict()) for each in members.sample],
        by=looking.length,
        from_=buckets.bounds[0],
        to=buckets.bounds[-1],
        size_before=members.before,
        series=list(grown(buckets, members.before, members.entered, members.left)),
        failed=members.failed,
    )
