"""Saved state: a cluster of linked trails, its walk, its leads, and what the tables hold of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog
from msgspec import DecodeError, Struct, msgpack

from domain.errors import Misconfigured
from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.people.constraints import looks_back
from domain.people.facts import Facts, Hashed
from domain.people.order import walk_key
from domain.people.walk import Walk, assign
from domain.signals.signal import Open
from domain.touchpoints.touchpoint import NEVER, Touchpoint
from projections.read_models.changes import Shown

log = structlog.get_logger(__name__)


FORMAT: Final = 4
"""Of the saved state: a release that saves other fields counts on, and asks for a rebuild."""


class SavedByAnother(Misconfigured):
    """The saved state is of another release: stop, and rebuild."""


class Saved(Struct, array_like=True):
    """The form of a cluster's saved bytes."""

    format: int
    walk: bytes
    leads: dict[int, Lead]
    last: int
    trails: set[UUID]
    waiting: int | None
    shown: dict[UUID, Shown]
    stale: bool


_ENCODER: Final = msgpack.Encoder(uuid_format="bytes")
_DECODER: Final = msgpack.Decoder(Saved)


@dataclass(slots=True)
class Cluster:
    """What is loaded, locked and folded together. `leads` are by their person's number in the walk."""

    number: int
    walk: Walk
    leads: dict[int, Lead] = field(default_factory=dict)
    last: int = -1
    """The instant of the last touchpoint taken: a later one is one step, any other walks the cluster again."""
    trails: set[UUID] = field(default_factory=set)
    waiting: int | None = None
    """The instant of the earliest touchpoint that lies after the clock."""
    shown: dict[UUID, Shown] = field(default_factory=dict)
    stale: bool = False
    """What was taken no longer holds: it must be walked again from its history."""
    aside: str | None = None
    """Why it was put aside; it is folded again when a projector starts."""
    ceased: set[UUID] = field(default_factory=set)
    """Of this batch: ids of leads that are no more. Not saved."""
    opens: dict[UUID, tuple[Open, ...]] = field(default_factory=dict)
    """What the ledger holds open, of those leads of whom it was read. Not saved."""
    activation: int | None = None
    """The activation of a model for which the ledger must still be compared: it was put aside then."""

    def dump(self) -> bytes:
        """The saved bytes."""
        return _ENCODER.encode(
            Saved(FORMAT, self.walk.dump(), self.leads, self.last, self.trails, self.waiting, self.shown, self.stale)
        )

    @classmethod
    def load(
        cls, number: int, saved: bytes, hashed: Hashed, aside: str | None = None, activation: int | None = None
    ) -> "Cluster":
        """The cluster that was dumped. Raises SavedByAnother."""
        try:
            state = _DECODER.decode(saved)
            walk = Walk.load(state.walk, hashed)
        except DecodeError as error:
            raise SavedByAnother(_another(number, str(error))) from error
        if state.format != FORMAT:
            raise SavedByAnother(_another(number, f"format {state.format}, this one's is {FORMAT}"))
        return cls(
            number, walk, state.leads, state.last, state.trails, state.waiting, state.shown, state.stale, aside,
            activation=activation,
        )  # fmt: skip

    def absorb(self, other: "Cluster") -> None:
        """Become one with another cluster; both histories must be walked together."""
        self.trails |= other.trails
        self.shown |= other.shown
        self.opens |= other.opens
        self.activation = other.activation if self.activation is None else self.activation
        self.stale = True

    def take(self, fold: Fold, touchpoints: Sequence[Touchpoint], clock: int) -> bool:
        """Step with new touchpoints; False where that does not do, and the cluster must be walked again.

        After False (or an error) the state is spoilt: `walk_again` makes it anew.
        """
        if self.stale or (self.waiting is not None and self.waiting <= clock):
            return False
        if len(touchpoints) == 1:
            [touchpoint] = touchpoints
            instant = touchpoint.instant
            if self.last < instant <= clock and not looks_back(touchpoint):
                return self._step(fold, [touchpoint], instant)
        now = sorted([(t.order, t) for t in touchpoints if t.instant <= clock])  # no two are of one order
        if now and (now[0][1].instant <= self.last or any(looks_back(touchpoint) for _, touchpoint in now)):
            return False
        self._wait(touchpoints, clock)
        groups: dict[int, list[Touchpoint]] = {}
        for (instant, *_), touchpoint in now:
            groups.setdefault(instant, []).append(touchpoint)
        return all(self._step(fold, group, instant) for instant, group in groups.items())

    def learn(self, facts: Facts) -> None:
        """Take note of what is known of identities; where that touches what was taken, it must be walked again."""
        self.stale |= self.walk.learn(facts, self.last)

    def _step(self, fold: Fold, group: list[Touchpoint], instant: int) -> bool:
        histories: dict[int, list[Touchpoint]] = {}
        if len(group) == 1:
            person, touchpoint = self.walk.take(group[0])
            histories[person.number] = [touchpoint]
        else:
            for person, touchpoint in [self.walk.take(each) for each in sorted(group, key=walk_key)]:
                histories.setdefault(person.survivor().number, []).append(touchpoint)
        if self.walk.joined:
            return False
        for number, history in histories.items():
            lead = self.leads.get(number)
            if lead is None:
                lead = self.leads[number] = Lead()
            if len(history) > 1:
                history.sort(key=_order)
            fold.step(lead, history, instant)
        self.last = instant
        return True

    def walk_again(
        self, fold: Fold, history: Iterable[Touchpoint], facts: Facts, clock: int
    ) -> dict[int, list[Touchpoint]]:
        """Walk the whole history and fold every lead anew; each person's history, by number."""
        known = list(history)
        self.waiting = None
        self._wait(known, clock)
        taken = [touchpoint for touchpoint in known if touchpoint.instant <= clock]
        self.walk, histories = assign(taken, facts)
        self.leads = {number: fold.fold(mine, clock) for number, mine in histories.items()}
        self.last = max((touchpoint.instant for touchpoint in taken), default=-1)
        self.stale = False
        return histories

    def put_aside(self, error: Exception) -> None:
        """One lead never stops the others: what fails is kept as it was, said, and folded again after the mend."""
        self.aside = f"{type(error).__name__}: {error}"[:1000]
        self.stale = True
        log.error(
            "a fold failed: its cluster is put aside, the others go on",
            cluster=self.number,
            reason=self.aside,
            do="run `leadline doctor`; it is folded again when a mended release starts",
        )

    def due(self, clock: int) -> int:
        """The next instant at which time alone changes whose its touchpoints and identities are."""
        due = NEVER if self.waiting is None else self.waiting
        later = (
            since for identity, since in self.walk.facts.shared.items() if since > clock and identity in self.walk.owner
        )
        return min(due, min(later, default=NEVER))

    def _wait(self, touchpoints: Iterable[Touchpoint], clock: int) -> None:
        later = [touchpoint.instant for touchpoint in touchpoints if touchpoint.instant > clock]
        if later:
            self.waiting = min(later) if self.waiting is None else min(self.waiting, *later)


def _another(number: int, what: str) -> str:
    return f"cluster {number} was saved by another release ({what}): run `leadline rebuild`"


def _order(touchpoint: Touchpoint) -> Any:
    return touchpoint.order
