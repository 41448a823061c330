"""Who would be in a segment that the model has not, and how it would have grown, on all that is recorded.

Every person's history is folded; nothing is written.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from heapq import nsmallest
from typing import Any, Final, NamedTuple
from uuid import UUID

from domain.errors import Refused
from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.fold.names import name_or_identity
from domain.model.definition import Model
from domain.model.trial import TRIED
from projections.history.clusters import Range, Report, WalkedPerson, people_in, sum_of
from projections.history.engines import INLINE, Engine
from projections.history.work import Work
from projections.projecting.projector import Progress, read_progress
from store.database.database import Database
from store.database.exported import TaskSource, exported
from store.events.ids import Ids

SAMPLE: Final = 20
"""Leads of the sample: those with the least ids, which are as good as drawn."""
_TASK: Final = 5_000
"""Touchpoints of a task, about."""

Spells = Mapping[int, int | None]
"""When a lead entered, and when it left; None: it is in it."""


class Sampled(NamedTuple):
    """A lead that is in the segment at the clock."""

    lead: UUID
    name: str
    company: str | None
    stage: str
    grade: str
    since: int


@dataclass(slots=True)
class Membership:
    """Who of some of the clusters, or of all, is in the segment, and when they came and went."""

    entered: list[int]
    """In each bucket of time; so is `left`."""
    left: list[int]
    touchpoints: int = 0
    size: int = 0
    """At the clock; visitors count."""
    identified: int = 0
    """Of these, those who are no visitors."""
    before: int = 0
    """In it just before the first bucket."""
    sample: list[Sampled] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Of clusters that cannot be folded, why: they are left out."""

    def add(self, other: "Membership") -> None:
        """Take what came of others."""
        self.entered = [*map(sum, zip(self.entered, other.entered, strict=True))]
        self.left = [*map(sum, zip(self.left, other.left, strict=True))]
        self.touchpoints += other.touchpoints
        self.size += other.size
        self.identified += other.identified
        self.before += other.before
        self.sample = nsmallest(SAMPLE, [*self.sample, *other.sample])
        self.failed += other.failed

    def count(self, spells: Spells, bounds: Sequence[int]) -> None:
        """The stays of one lead, in the buckets between the bounds."""
        for entered, left in spells.items():
            self.before += entered < bounds[0] and (left is None or left >= bounds[0])
            for instant, counts in ((entered, self.entered), (left, self.left)):
                if instant is not None and bounds[0] <= instant < bounds[-1]:
                    counts[bisect_right(bounds, instant) - 1] += 1


@dataclass(frozen=True, slots=True)
class SegmentTrial:
    """What came of trying a segment at a pair; `members` are counted in the buckets between `bounds`."""

    progress: Progress
    bounds: Sequence[int]
    members: Membership


def try_segment(
    database: Database,
    model: Model,
    bounds: Callable[[int], Sequence[int]],
    report: Report | None = None,
    engine: Engine = INLINE,
) -> SegmentTrial:
    """Try the segment of a model that `trying_segment` made. `bounds`: from the clock to those of the buckets of time.

    Raises Refused, SavedByAnother.
    """
    with exported(database, apart=engine.apart) as view, Work(engine) as work:
        progress = read_progress(view.conn)
        progress.check_format()
        if not progress.model:
            raise Refused("nothing is projected yet: start `leadline serve` once, or import something")
        buckets = tuple(bounds(progress.clock))
        task = partial(members_in, view.source, model, buckets, progress)
        return SegmentTrial(progress, buckets, sum_of(work, view.conn, task, progress, report, _TASK))


# ---- the task ----------------------------------------------------------------------------------------------------


def members_in(
    source: TaskSource, model: Model, bounds: Sequence[int], progress: Progress, within: Range
) -> Membership:
    """Fold the clusters of a range, and say who is in the segment."""
    fold, members = _fold(model), Membership([0] * (len(bounds) - 1), [0] * (len(bounds) - 1))
    with source.attached() as (database, conn):
        ids = Ids(database.id_key())
        for people in people_in(database, conn, ids, within, progress):
            members.touchpoints += sum(len(person.history) for person in people)
            try:
                folded = [(person, fold.fold(person.history, progress.clock)) for person in people]
                stays = [fold.at(lead, progress.clock).spells.get(TRIED, {}) for _, lead in folded]
            except Exception as error:
                members.failed.append(f"{type(error).__name__}: {error}"[:1000])
                continue
            for (person, lead), spells in zip(folded, stays, strict=True):
                members.count(spells, bounds)
                since = next((entered for entered, left in spells.items() if left is None), None)
                if since is not None:
                    members.size += 1
                    members.identified += lead.identified
                    _sample(members, ids, person, lead, since, progress.clock)
    return members


@lru_cache(8)
def _fold(model: Model) -> Fold:
    """The fold of a model; remembered, since a process that is given one task is given many."""
    return Fold(model)


def _sample(members: Membership, ids: Ids, person: WalkedPerson, lead: Lead, since: int, clock: int) -> None:
    """Note a member, unless there are enough with lesser ids."""
    walked = person.walk.people[person.number]
    id, sample = ids.of(walked.name()), members.sample
    if len(sample) == SAMPLE and sample[-1].lead < id:
        return
    name = name_or_identity(lead.profile, person.walk.owned(walked, clock)) or ""
    company: Any = lead.profile.get("company")
    sampled = Sampled(id, name, company if isinstance(company, str) else None, lead.stage, lead.grade, since)
    members.sample = nsmallest(SAMPLE, [*sample, sampled])
