"""A cluster of linked trails: its walk, and those of its leads that are in memory."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from domain.fold.lead import Lead, Now
from domain.people.constraints import NAMES_OTHERS, looks_back
from domain.people.facts import Facts
from domain.people.order import walk_key
from domain.people.walk import Walk, assign
from domain.signals.kinds import SignalKind
from domain.signals.signal import Open
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import NEVER, Instant, Touchpoint
from projections.read_models.changes import NOTHING, Rendered, Shown
from projections.read_models.family import Row

log = structlog.get_logger(__name__)

Step = tuple[int, Instant, list[Touchpoint]]
"""A person's number in the walk, an instant, and what happened to them in it, in the order of the fold."""


@dataclass(slots=True)
class Member:
    """A lead of a cluster: its state, and what the tables hold of it."""

    lead: Lead = field(default_factory=Lead)
    shown: Shown = field(default_factory=lambda: NOTHING)
    fingerprint: int | None = None
    """Of the history that the lead was folded of; None: it was the only one of its cluster, and is folded anew."""
    rows: Sequence[Row] = ()
    """Those that it has in tables of one row. Not saved: none where they are not known."""
    last: int = -1
    """The instant of the last touchpoint that it took, also of a machine's, which is no touch of the lead."""
    owned: tuple[Identity, ...] | None = None
    """What counts as the lead's, as long as nothing changes that. Not saved."""
    taken: list[Touchpoint] = field(default_factory=list)
    """Touchpoints that it took since it was shown; of one that is folded anew: all. Not saved."""
    former: UUID | None = None
    """The id under which it was shown, where it has another one now. Not saved."""

    def note_shown(self, rendered: Rendered, now: Now) -> None:
        """The tables hold of it what was rendered, as of `now`."""
        self.shown, self.rows, self.former = rendered.shown, rendered.rows, None
        self.taken = []
        self.lead.forget_shown(now)


@dataclass(slots=True, eq=False)
class Cluster:
    """What is locked and walked together."""

    number: int
    walk: Walk
    last: int = -1
    """The instant of the last touchpoint taken: a later one is one step, any other walks the cluster again."""
    trails: set[UUID] = field(default_factory=set)
    waiting: int | None = None
    """The instant of the earliest touchpoint that lies after the clock."""
    stale: bool = False
    """What was taken no longer holds: it must be walked again from its history."""
    aside: str | None = None
    """Why it was put aside; it is folded again when a projector starts."""
    due: int | None = None
    """When, by what is saved, it must be looked at though nothing happens to it."""
    changed: bool = True
    """Whether it differs from what is saved, beside what the walk says of itself."""
    members: dict[UUID, Member] = field(default_factory=dict)
    """By lead id, the leads that are in memory, each as it is saved."""
    absorbed: tuple[Walk, ...] = ()
    """Walks of clusters that became part of this one, until it is walked again. Not saved."""
    anew: bool = False
    """When it is walked again, every lead is folded anew, though its history is the same. Not saved."""
    ceased: AbstractSet[UUID] = frozenset()
    """Of this batch: ids of leads that are no more. Not saved."""
    opens: dict[UUID, dict[tuple[SignalKind, str], Open]] = field(default_factory=dict)
    """What the ledger holds open, of those leads of whom it was read. Not saved."""
    activation: int | None = None
    """The activation of a model for which the ledger must still be compared: it was put aside then.

    Below 0: who is hot only by that model shall be told, not be quiet.
    """

    @property
    def unsaved(self) -> bool:
        """Whether it must be written."""
        return self.changed or bool(self.walk.changed)

    def saved(self) -> None:
        """It was written."""
        self.changed = False
        self.walk.changed.clear()

    def absorb(self, other: "Cluster") -> None:
        """Become one with another cluster; both histories must be walked together."""
        self.record(other.trails)
        self.absorbed = (*self.absorbed, other.walk, *other.absorbed)
        self.anew |= other.anew or other.aside is not None
        activations = [each for each in (self.activation, other.activation) if each is not None]
        self.activation = min(activations, default=None)
        self.stale = self.changed = True

    def record(self, trails: AbstractSet[UUID]) -> None:
        """Touchpoints of it lie in these trails."""
        if not self.trails.issuperset(trails):
            self.trails.update(trails)
            self.changed = True

    def learn(self, facts: Facts) -> None:
        """Take note of what is known of identities; where that touches what was taken, it must be walked again."""
        if not self.walk.facts.has(facts):
            self.changed = True
            self.stale |= self.walk.learn(facts, self.last)

    def take(self, touchpoints: Sequence[Touchpoint], clock: int) -> list[Step] | None:
        """Walk on with new touchpoints; None where that does not do, and the cluster must be walked again.

        After None (or an error) the walk may be spoilt: `walk_again` makes it anew.
        """
        if self.stale or (self.waiting is not None and self.waiting <= clock):
            return None
        if self._one_by_one(touchpoints, clock):
            return self._walk_one_by_one(touchpoints)
        now = sorted([(t.order, t) for t in touchpoints if t.instant <= clock])  # no two are of one order
        if now and (now[0][1].instant <= self.last or any(looks_back(touchpoint) for _, touchpoint in now)):
            return None
        self._wait(touchpoints, clock)
        groups: dict[Instant, list[Touchpoint]] = {}
        for _, touchpoint in now:
            groups.setdefault(touchpoint.instant, []).append(touchpoint)
        steps: list[Step] = []
        for instant, group in groups.items():
            steps += self._walk_on(group, instant)
            if self.walk.joined:
                return None
        return steps

    def _one_by_one(self, touchpoints: Sequence[Touchpoint], clock: int) -> bool:
        """Whether each comes after the one before and before the clock ends, and none looks back: nearly always."""
        last = self.last
        for touchpoint in touchpoints:
            instant = touchpoint.instant
            if not last < instant <= clock or (touchpoint.type in NAMES_OTHERS and looks_back(touchpoint)):
                return False
            last = instant
        return True

    def _walk_one_by_one(self, touchpoints: Sequence[Touchpoint]) -> list[Step] | None:
        walk = self.walk
        steps: list[Step] = []
        for touchpoint in touchpoints:
            person, bound = walk.take(touchpoint)
            if walk.joined:
                return None
            steps.append((person.number, touchpoint.instant, [bound]))
        if touchpoints:
            self.last = touchpoints[-1].instant
        return steps

    def _walk_on(self, group: Sequence[Touchpoint], instant: Instant) -> list[Step]:
        self.last = instant
        if len(group) == 1:
            person, touchpoint = self.walk.take(group[0])
            return [(person.number, instant, [touchpoint])]
        mine: dict[int, list[Touchpoint]] = {}
        for person, touchpoint in [self.walk.take(each) for each in sorted(group, key=walk_key)]:
            mine.setdefault(person.survivor().number, []).append(touchpoint)
        return [(number, instant, sorted(each, key=_order)) for number, each in mine.items()]

    def walk_again(self, history: Iterable[Touchpoint], facts: Facts, clock: int) -> dict[int, list[Touchpoint]]:
        """Walk the whole history; each person's, by number."""
        touchpoints = list(history)
        self.waiting = None
        self._wait(touchpoints, clock)
        taken = [touchpoint for touchpoint in touchpoints if touchpoint.instant <= clock]
        self.walk, histories = assign(taken, facts)
        self.last = max((touchpoint.instant for touchpoint in taken), default=-1)
        self.stale = self.anew = False
        self.changed = True
        self.absorbed = ()
        self.members.clear()
        self.opens.clear()
        return histories

    def put_aside(self, error: Exception) -> None:
        """One lead never stops the others: what fails is kept as it was, said, and folded again after the mend."""
        self.aside = f"{type(error).__name__}: {error}"[:1000]
        self.stale = self.changed = True
        self.members.clear()
        self.opens.clear()
        log.error(
            "a fold failed: its cluster is put aside, the others go on",
            cluster=self.number,
            reason=self.aside,
            do="run `leadline doctor`; it is folded again when a mended release starts",
        )

    def next_look(self, clock: int) -> int | None:
        """The next instant at which time alone changes whose its touchpoints and identities are."""
        due = NEVER if self.waiting is None else self.waiting
        if not self.walk.facts.shared:
            return None if due >= NEVER else due
        later = (
            since for identity, since in self.walk.facts.shared.items() if since > clock and identity in self.walk.owner
        )
        due = min(due, min(later, default=NEVER))
        return None if due >= NEVER else due

    def _wait(self, touchpoints: Iterable[Touchpoint], clock: int) -> None:
        later = [touchpoint.instant for touchpoint in touchpoints if touchpoint.instant > clock]
        if later:
            self.waiting = min(later) if self.waiting is None else min(self.waiting, *later)
            self.changed = True


def _order(touchpoint: Touchpoint) -> tuple[int, int, str, str]:
    return touchpoint.order
