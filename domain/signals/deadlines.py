"""Deadlines: what is to be done about a lead by when. Decided once, with the hours and holidays known then."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

OWN: Final = "own/"
"""How the cause of a reminder begins that somebody set for one owner, whoever has the lead."""


class DeadlineKind(StrEnum):
    """What is to be done."""

    ACCEPT = "accept"
    """Who was assigned says that they take care of the lead."""
    WORK = "work"
    """Who accepted calls, meets or writes."""
    ANSWER = "answer"
    """Somebody answers what the lead asked."""
    FOLLOW_UP = "follow_up"
    """A reminder: at its instant, unless staff was in touch before."""


class DeadlineState(StrEnum):
    """What became of it."""

    OPEN = "open"
    KEPT = "kept"
    MISSED = "missed"
    """Of a follow-up: its instant came."""
    DROPPED = "dropped"
    """Nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One, in the order of the columns of its table. Instants are microseconds."""

    kind: DeadlineKind
    cause: str
    """What asks: the id of the `lead.assigned`, or a touchpoint's source and id; one of a kind."""
    lead: UUID
    owner: str | None
    signal: str | None
    """The `lead.hot` that led to it."""
    asked: int
    due: int
    state: DeadlineState = DeadlineState.OPEN
    settled: int | None = None
    """When it was done, also if that was late."""
    by: str | None = None
    note: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Its primary key."""
        return self.kind, self.cause

    @property
    def open(self) -> bool:
        """Whether it is waited for."""
        return self.state == DeadlineState.OPEN

    @property
    def missed(self) -> bool:
        """Whether it was not done in time."""
        return self.state == DeadlineState.MISSED

    @property
    def own(self) -> bool:
        """Whether it is one owner's reminder: told to them at its instant, whoever was in touch with the lead."""
        return self.cause.startswith(OWN)

    def waits_at(self, instant: int) -> bool:
        """Whether it was waited for then, whenever that was seen; what was dropped was not."""
        match self.state:
            case DeadlineState.OPEN:
                return True
            case DeadlineState.KEPT:
                return self.asked <= instant < (self.settled or self.due)
            case DeadlineState.MISSED:
                return self.asked <= instant < self.due
            case DeadlineState.DROPPED:
                return False
            case _:
                assert_never(self.state)
