"""What another model would change on all that is recorded, and how its rules would have done; nothing is written.

Two kinds of work over the whole history, both order-free: two models compared lead by lead, and several judged by what
became of the leads.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from domain.errors import Refused
from domain.files.durations import DAY
from domain.fold.fold import Fold
from domain.judging.backtest import Period, TrackRecord
from domain.judging.differences import Differences, Side
from domain.judging.outcome import outcome, won_stages
from domain.model.definition import Model
from domain.model.variant import Variant
from domain.touchpoints.touchpoint import Touchpoint
from projections.history.clusters import Range, Report, people_in, sum_of
from projections.history.engines import INLINE, Engine
from projections.history.work import Work
from projections.projecting.projector import Progress, read_progress
from projections.upkeep.activation import ActivationRefused, check_kept
from projections.upkeep.moved import Example, Move, Moved, who
from projections.upkeep.track_record import track_record
from store.database import bulk
from store.database.database import Database
from store.database.exported import TaskSource, exported
from store.database.tables import live
from store.events.ids import Ids
from store.models import active_model

WITHIN: Final = 30 * DAY
"""Time that a hot lead has to be won in, where nobody says another."""

_TASK: Final = 5_000
"""Touchpoints of a task, about."""


class Bounds(NamedTuple):
    """What shall be looked at of how rules would have done: [start, end), and the time that a hot lead has."""

    start: int = 0
    end: int | None = None
    """None: until the clock."""
    within: int = WITHIN

    def until(self, clock: int) -> Period:
        """As it is known at a clock."""
        return Period(self.start, clock + 1 if self.end is None else self.end, self.within, clock)


@dataclass(slots=True)
class Compared:
    """What came of some of the clusters, or of all."""

    touchpoints: int = 0
    differences: Differences = field(default_factory=Differences)
    records: list[TrackRecord] = field(default_factory=list)
    """How each model would have done."""
    failed: list[str] = field(default_factory=list)
    """Of clusters that cannot be folded, why: they are left out."""

    def add(self, other: "Compared") -> None:
        """Take what came of others."""
        self.touchpoints += other.touchpoints
        self.differences.add(other.differences)
        for mine, others in zip(self.records, other.records, strict=True):
            mine.add(others)
        self.failed += other.failed


@dataclass(frozen=True, slots=True)
class ModelDiff:
    """What a model would change at a pair. `refused`: why its activation would be."""

    before: Model
    now: Model
    progress: Progress
    period: Period
    touchpoints: int
    differences: Differences
    records: tuple[TrackRecord, TrackRecord]
    names: dict[UUID, str]
    """How people know the leads that are named."""
    refused: str | None
    failed: tuple[str, ...]

    @property
    def same_fold(self) -> bool:
        """Whether nothing that the fold reads differs: then no lead changes."""
        return self.before.hash == self.now.hash

    def moved(self) -> Moved:
        """All moves, as an activation tells them."""
        kinds: dict[str, list[Move]] = {}
        for (kind, before, now), movers in self.differences.moves.items():
            examples = tuple(Example(str(lead), self.names[lead]) for lead in movers.examples)
            kinds.setdefault(kind, []).append(Move(before, now, movers.leads, examples))
        return Moved(**{kind: tuple(sorted(moves, key=_most_first)) for kind, moves in kinds.items()})


def diff(
    database: Database,
    variant: Variant,
    span: Bounds | None = None,
    report: Report | None = None,
    engine: Engine = INLINE,
) -> ModelDiff:
    """Fold everything with the active model and with another one, and compare. Raises Refused, SavedByAnother."""
    with exported(database, apart=engine.apart) as view, Work(engine) as work:
        progress, active = _active(view.conn)
        now, period = variant.model(), (span or Bounds()).until(progress.clock)
        if now.hash == active.hash:
            total = Compared(records=[track_record(view.conn, model, period) for model in (active, now)])
        else:
            task = partial(compare, view.source, (Variant(active.text), variant), period, progress, True)
            total = sum_of(work, view.conn, task, progress, report, _TASK)
        refused = _refused(view.conn, active, now)
        names = _names(view.conn, total.differences)
    before, after = total.records
    return ModelDiff(
        active,
        now,
        progress,
        period,
        total.touchpoints,
        total.differences,
        (before, after),
        names,
        refused,
        tuple(total.failed),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """How each of several models would have done."""

    period: Period
    records: tuple[TrackRecord, ...]
    failed: tuple[str, ...]
    """Of clusters that cannot be folded, why: they are left out."""


def judge(
    database: Database,
    variants: Sequence[Variant],
    span: Bounds | None = None,
    report: Report | None = None,
    engine: Engine = INLINE,
) -> Judged:
    """How each of several models would have done. Raises Refused, SavedByAnother.

    Each is folded of its own: whether an episode begins depends on more than heat (on when it fell before, what was
    earned, what an owner said), so that one fold's peaks do not tell it for other thresholds.
    """
    with exported(database, apart=engine.apart) as view, Work(engine) as work:
        progress, _ = _active(view.conn)
        period = (span or Bounds()).until(progress.clock)
        task = partial(compare, view.source, tuple(variants), period, progress, False)
        total = sum_of(work, view.conn, task, progress, report, _TASK)
        return Judged(period, tuple(total.records), tuple(total.failed))


def _active(conn: Connection) -> tuple[Progress, Model]:
    progress, active = read_progress(conn), active_model(conn)
    progress.check_format()
    if active is None:
        raise Refused("no model is active yet: start `leadline serve` once, or run `leadline model activate`")
    return progress, active


def _refused(conn: Connection, active: Model, model: Model) -> str | None:
    try:
        check_kept(conn, active, model)
    except ActivationRefused as error:
        return str(error)
    return None


def _names(conn: Connection, differences: Differences) -> dict[UUID, str]:
    """How people know the leads that are named."""
    named = {change.lead for change in differences.largest}
    named.update(lead for movers in differences.moves.values() for lead in movers.examples)
    rows = bulk.select_in(conn, live.leads, ["lead", "identities"], "lead", sorted(named))
    return dict.fromkeys(named, "") | {lead: who(identities) for lead, identities in rows}


def _most_first(move: Move) -> tuple[int, str, str]:
    return -move.leads, move.before, move.now


# ---- the task ----------------------------------------------------------------------------------------------------


def compare(
    source: TaskSource, variants: tuple[Variant, ...], period: Period, progress: Progress, differ: bool, within: Range
) -> Compared:
    """Fold the clusters of a range by each model; with `differ`, say what is otherwise by the second."""
    folds = [_fold(variant) for variant in variants]
    won = [won_stages(fold.model) for fold in folds]
    compared = Compared(records=[TrackRecord() for _ in variants])
    with source.attached() as (database, conn):
        ids = Ids(database.id_key())
        for people in people_in(database, conn, ids, within, progress):
            compared.touchpoints += sum(len(person.history) for person in people)
            try:
                leads = [
                    (ids.of(person.walk.people[person.number].name()), _sides(folds, person.history, period.clock))
                    for person in people
                ]
            except Exception as error:
                compared.failed.append(f"{type(error).__name__}: {error}"[:1000])
                continue
            for id, sides in leads:
                if differ:
                    before, now = sides
                    compared.differences.take(id, before, now, period.clock)
                for side, stages, record in zip(sides, won, compared.records, strict=True):
                    what_became = outcome(side.lead, side.now, stages)
                    if what_became is not None:
                        record.count(what_became, period)
    return compared


@lru_cache(64)
def _fold(variant: Variant) -> Fold:
    """The fold of a model; remembered, since a process that is given one task is given many."""
    return Fold(variant.model())


def _sides(folds: Sequence[Fold], history: Sequence[Touchpoint], clock: int) -> list[Side]:
    """A lead as each model has it at the clock."""
    sides = []
    for fold in folds:
        lead = fold.fold(history, clock)
        sides.append(Side(fold, lead, fold.at(lead, clock)))
    return sides
