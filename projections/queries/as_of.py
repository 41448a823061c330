"""As of T: which pair that is, and which model was active.

Without more it is what was known then: what was recorded up to T. `knowing=now`: what is known now about then.
"""

from typing import Final, Literal, NamedTuple

from sqlalchemy import Connection

from domain.errors import NotFound, Refused, Retry
from domain.files.problems import ModelError
from domain.model.definition import Model
from domain.phrases import phrase, phrased
from domain.touchpoints.touchpoint import EARLIEST, Position, rfc3339
from projections.projecting.projector import Progress
from projections.queries.periods import bound
from store.events.store import EventStore
from store.models import model_at

Knowing = Literal["then", "now"]
"""What is known: by what was recorded up to the instant that is asked for, or by all that is recorded."""
NOW: Final = "now"
_KNOWING: Final[tuple[Knowing, ...]] = ("then", "now")


class BadAsOf(Refused):
    """An instant that is none or lies ahead, or a word for what is known that is none."""


class NotThen(NotFound):
    """There was no such lead then. `recorded_from`: what is known of it was recorded later, from this instant on."""

    def __init__(self, message: str, recorded_from: int | None = None) -> None:
        super().__init__(message)
        self.recorded_from = recorded_from


class NotProjectedYet(Retry):
    """What was recorded by then is not projected yet: another answer would follow."""


class Pair(NamedTuple):
    """What is read: the fold to (position, clock) by a model."""

    position: Position
    clock: int
    model: Model
    knowing: Knowing

    @property
    def name(self) -> str:
        """What a past view of it is called that nobody gave a name."""
        return rfc3339(self.clock) + ("-now" if self.knowing == NOW else "")


class NoPastView(Refused):
    """There is no past view of the pair: it must be built first."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        now = " --knowing now" if pair.knowing == NOW else ""
        as_of = rfc3339(pair.clock)
        super().__init__(f"there is no past view as of {as_of}: `leadline past build {as_of}{now}` makes it")


def pair_of(
    conn: Connection, events: EventStore, now: Progress, zone: str, as_of: str, knowing: str | None = None
) -> Pair:
    """The pair that is asked for; days begin in a time zone. Raises BadAsOf, NotProjectedYet."""
    if knowing is not None and knowing not in _KNOWING:
        raise BadAsOf(
            phrase(
                "{name:input}: found {found!r}, allowed are {allowed}",
                name="knowing",
                found=knowing[:80],
                allowed=_KNOWING,
            )
        )
    try:
        instant = bound(as_of, zone)
    except ValueError as error:
        raise BadAsOf(phrase("{name:input}: {why}", name="as_of", why=phrased(error))) from None
    if instant < EARLIEST:  # a day of the east begins before
        raise BadAsOf(
            phrase(
                "as_of: {as_of} begins before {first:instant}; allowed is since then", as_of=as_of[:80], first=EARLIEST
            )
        )
    if instant > now.clock:
        raise BadAsOf(
            phrase(
                "as_of: {as_of} lies ahead of the clock, {clock:instant}; allowed is up to it",
                as_of=as_of[:80],
                clock=now.clock,
            )
        )
    try:
        model = model_at(conn, instant)
    except ModelError as error:
        raise BadAsOf(
            phrase("as_of: this release cannot read the model that was active then: {why:foreign}", why=str(error))
        ) from None
    if knowing == NOW:
        return Pair(now.position, instant, model, "now")
    position = events.position_at(conn, instant)
    if position > now.position:
        raise NotProjectedYet(
            phrase(
                "what was recorded by then is projected up to position {reached} of {position}",
                reached=now.position,
                position=position,
            )
        )
    return Pair(position, instant, model, "then")
