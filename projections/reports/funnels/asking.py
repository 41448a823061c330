"""A funnel that the model has not: everybody's history is folded with it, and the same report is made of the rows."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from domain.errors import Refused
from domain.model.definition import Model
from domain.model.funnels import Funnel
from projections.history.clusters import Report, put_aside
from projections.history.engines import INLINE, Engine
from projections.history.work import Work
from projections.projecting.counts import count_rows
from projections.projecting.projector import Progress, read_progress
from projections.queries.days import EVER, DayRange, SeriesName
from projections.queries.lookup import saved_lookup
from projections.queries.view import View
from projections.reports.funnels.counting import series_of
from projections.reports.funnels.groups import read_by
from projections.reports.funnels.report import funnel
from projections.reports.funnels.shapes import FunnelShape
from projections.upkeep.attempting import ATTEMPT_COUNTS, ATTEMPT_TABLES, AttemptRows, attempts_of_all
from store.database import bulk
from store.database.database import Database
from store.database.exported import ExportedView, exported
from store.database.scratch import Scratch, scratch
from store.events.ids import Ids
from store.events.store import EventStore


class AskedFunnelShape(FunnelShape):
    """The report of a funnel that was asked for and is not in the model."""

    position: Annotated[int, Field(description="up to where history was folded; the instant is `clock`")]
    touchpoints: Annotated[int, Field(description="that were folded")]
    failed: Annotated[list[str], Field(description="of clusters that cannot be folded, why; they are left out")]


def check(view: View, days: DayRange, by: str | None, series: SeriesName | None) -> None:
    """Whether a report can be asked so, before everything is folded for it. Raises NotFound, BadFunnel, BadGroups."""
    if by is not None:
        read_by(view, by)
    if series is not None:
        series_of(days, series)


def ask(
    database: Database,
    model: Model,
    asked: Funnel,
    days: DayRange = EVER,
    report: Report | None = None,
    engine: Engine = INLINE,
    *,
    by: str | None = None,
    series: SeriesName | None = None,
) -> AskedFunnelShape:
    """A funnel beside the active model. Raises NotFound, BadFunnel, BadGroups, Refused, SavedByAnother."""
    with exported(database, apart=engine.apart) as source, Work(engine) as work:
        progress = read_progress(source.conn)
        progress.check_format()
        if not progress.model:
            raise Refused("nothing is projected yet: start `leadline serve` once, or import something")
        with scratch(source, [*ATTEMPT_TABLES, *ATTEMPT_COUNTS]) as beside:
            parts = attempts_of_all(work, source.conn, source.source, model, asked, progress)
            touchpoints, failed = _fill(beside, parts, progress, report)
            aside = put_aside(source.conn)
            view = _view(source, beside, model.with_parts(segments=model.segments, funnels=(asked,)), progress)
            shape = funnel(view, asked.name, days, by=by, series=series)
    told = {name: getattr(shape, name) for name in FunnelShape.model_fields}
    failed = sorted([*failed, *aside])
    return AskedFunnelShape(**told, position=progress.position, touchpoints=touchpoints, failed=failed)


def _fill(
    beside: Scratch, parts: Iterable[AttemptRows], progress: Progress, report: Report | None
) -> tuple[int, list[str]]:
    """Write everybody's rows; how many touchpoints were folded, and why some were not."""
    touchpoints, failed = 0, list[str]()
    for part in parts:
        for name, rows in part.rows.items():
            bulk.insert(beside.conn, getattr(beside.tables, name), rows)
        touchpoints += part.touchpoints
        failed += part.failed
        if report is not None:
            report(touchpoints, progress.position)
    count_rows(beside.conn, beside.tables, ATTEMPT_COUNTS.values())
    beside.settle()
    return touchpoints, failed


def _view(source: ExportedView, beside: Scratch, model: Model, progress: Progress) -> View:
    ids = Ids(source.database.id_key())
    lookup = saved_lookup(EventStore(source.database), ids)
    return View(beside.conn, ids, lookup, model, progress.position, progress.clock, beside.tables)
