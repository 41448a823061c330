"""Commands that are asked about a lead: checked against it, then put on the log as a touchpoint."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field
from sqlalchemy import Connection, Row, select

from domain.errors import NotFound
from domain.phrases import phrased
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant, Touchpoint
from producers.commands import CommandContext, CommandRefused
from producers.reading.arrival import sealed
from projections.projecting.foreseeing import PutAside
from projections.queries import one_lead
from projections.queries.announced_owner import owner_now
from projections.queries.foreseen import ForeseenShape, foreseen
from projections.queries.shapes import LeadDetail, LeadShape, OwnerShape
from projections.queries.view import Reader, View
from store.database.tables import events
from store.events.ids import Ids
from store.log.port import Log
from store.log.topics import TOUCHPOINTS

SOURCE: Final = "api"
"""The name of the source that commands come from."""

Command = Callable[[View, "Card", CommandContext], Touchpoint]


@dataclass(frozen=True, slots=True)
class Card:
    """What a command must know of a lead."""

    id: str
    identities: tuple[Identity, ...]
    profile: Mapping[str, Any]
    stage: str
    owner: OwnerShape | None = None
    """Who has it, from the moment that it is announced."""
    tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, view: View, lead: str) -> "Card":
        """The card of a live lead, or of whom a former id resolves to. Raises NotFound."""
        id = one_lead.live_lead(view, lead)
        shown = LeadShape.model_validate(one_lead.card(view, id))
        identities = tuple(Identity(each.kind, each.value) for each in shown.identities)
        owner = owner_now(view, id, shown.owner)
        return cls(shown.id, identities, shown.profile, shown.stage, owner, tuple(shown.tags))


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks a command: the name that they were let in under, and the owner of leads that they are."""

    name: str | None = None
    owner: str | None = None


NOBODY: Final = Asker()
"""Who asks at the terminal."""


class Accepted(BaseModel):
    """202: the log has the touchpoint durably; the lead follows."""

    id: Annotated[str, Field(description="the touchpoint's id")]
    type: str
    lead: str


class Commander:
    """Checks a command, appends its touchpoint, and knows the lead after it."""

    def __init__(self, reader: Reader, ids: Ids, log: Log, clock: Callable[[], Instant], region: str = "") -> None:
        """`region` reads national phone numbers."""
        self._reader = reader
        self._ids = ids
        self._log = log
        self._clock = clock
        self._region = region

    def append(self, id: str, lead: str, command: Command, asking: Asker = NOBODY) -> Accepted:
        """Put the touchpoint on the log, under this id, with who asks.

        Raises CommandRefused, NotFound or LogError where nothing was recorded.
        """
        with self._reader.view() as view:
            if (earlier := self._recorded(view.conn, id)) is not None:  # done: now it would be refused
                return Accepted(id=id, type=earlier.type, lead=str(one_lead.live_lead(view, lead)))
            card = Card.of(view, lead)
            touchpoint = command(view, card, self._context(view, id, asking))
        self._log.append(TOUCHPOINTS, [sealed(touchpoint)])
        return Accepted(id=id, type=touchpoint.type, lead=card.id)

    def foresee(self, lead: str, others: Sequence[str], command: Command, asking: Asker = NOBODY) -> ForeseenShape:
        """What the command would do to a lead, and to others; nothing is recorded.

        Raises CommandRefused, NotFound.
        """
        with self._reader.view() as view:
            card = Card.of(view, lead)
            touchpoint = command(view, card, self._context(view, "foreseen", asking))
            asked = [card.id, *(str(one_lead.live_lead(view, other)) for other in others)]
            try:
                return foreseen(view, self._reader.foresight, touchpoint, asked)
            except PutAside as error:
                raise CommandRefused(409, phrased(error)) from None

    def _context(self, view: View, id: str, asking: Asker) -> CommandContext:
        at = Instant(max(self._clock(), view.clock + 1))  # behind all that it is checked against
        return CommandContext(id=id, at=at, source=SOURCE, viewer=asking.name, owner=asking.owner, region=self._region)

    def after(self, accepted: Accepted) -> LeadDetail | None:
        """The lead, once the touchpoint is recorded and projected."""
        with self._reader.view() as view:
            recorded = self._recorded(view.conn, accepted.id)
            if recorded is None or view.position < recorded.position or view.clock < recorded.instant:
                return None
            try:
                return one_lead.lead_detail(view, one_lead.live_lead(view, accepted.lead))
            except NotFound:
                return None

    def _recorded(self, conn: Connection, id: str) -> Row[Any] | None:
        """Where a command's touchpoint is in the event store, if it is there."""
        about = [events.c.position, events.c.instant, events.c.type]
        return conn.execute(select(*about).where(events.c.dedupe == self._ids.dedupe(SOURCE, id))).first()
