"""The attempts of everybody at a funnel that the model has not, on all that is recorded: rows as the projector's.

A report reads three tables: each lead's best attempt of all time, the best of each day of start, and its steps. Every
person's history is folded; the live tables are not written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from sqlalchemy import Connection

from domain.fold.fold import Fold
from domain.model.definition import Model
from domain.model.funnels import Funnel
from projections.history.clusters import Range, people_in, ranges
from projections.history.work import Work
from projections.projecting.projector import Progress
from projections.read_models.family import GrowingRows, Row, RowCount
from projections.read_models.funnel_days import FUNNEL_DAYS
from projections.read_models.funnel_leads import FUNNEL_LEADS
from projections.read_models.funnel_steps import FUNNEL_STEPS
from store.database.exported import TaskSource
from store.database.tables import live
from store.events.ids import Ids

ATTEMPT_TABLES: Final[Mapping[str, GrowingRows]] = {
    "funnel_leads": FUNNEL_LEADS,
    "funnel_steps": FUNNEL_STEPS,
    "funnel_days": FUNNEL_DAYS,
}
ATTEMPT_COUNTS: Final[Mapping[str, RowCount]] = {
    count.table(live).name: count for count in (FUNNEL_LEADS.count, FUNNEL_STEPS.count) if count is not None
}
"""How many of these rows there are."""
_TASK: Final = 5_000
"""Touchpoints of a task, about."""


@dataclass(frozen=True, slots=True)
class AttemptRows:
    """What came of some of the clusters."""

    touchpoints: int
    rows: dict[str, list[Row]]
    """By table."""
    failed: list[str]
    """Of clusters that cannot be folded, why: they are left out."""


def attempts_of_all(
    work: Work,
    conn: Connection,
    source: TaskSource,
    model: Model,
    funnel: Funnel,
    progress: Progress,
) -> Iterator[AttemptRows]:
    """The rows of all clusters, some at a time."""
    task = partial(attempts_in, source, model.with_parts(segments=(), funnels=(funnel,)), progress)
    yield from work.each(task, ((within,) for within in ranges(conn, _TASK)))


def attempts_in(source: TaskSource, model: Model, progress: Progress, within: Range) -> AttemptRows:
    """Fold the clusters of a range, and give the rows of the model's funnels."""
    fold, touchpoints, failed = _fold(model), 0, list[str]()
    rows: dict[str, list[Row]] = {table: [] for table in ATTEMPT_TABLES}
    with source.attached() as (database, conn):
        ids = Ids(database.id_key())
        for people in people_in(database, conn, ids, within, progress):
            touchpoints += sum(len(person.history) for person in people)
            try:
                subjects = [person.subject(fold, ids, progress.clock) for person in people]
            except Exception as error:
                failed.append(f"{type(error).__name__}: {error}"[:1000])
                continue
            for subject in subjects:
                for table, family in ATTEMPT_TABLES.items():
                    rows[table] += family.rows(fold, subject)
    return AttemptRows(touchpoints, rows, failed)


@lru_cache(8)
def _fold(model: Model) -> Fold:
    """The fold of a model; remembered, since a process that is given one task is given many."""
    return Fold(model)
