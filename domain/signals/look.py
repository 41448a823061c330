"""A look at one lead: what is announced of its owner, its deadlines, and what is decided about them. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeGuard
from uuid import UUID

from domain.fold.lead import Lead
from domain.fold.staff import contact
from domain.signals.deadlines import Deadline, DeadlineKind
from domain.signals.kinds import ASSIGNED, HOT, SignalKind
from domain.signals.signal import Change, Decision, Holding, Open, Opened
from domain.touchpoints.claims import STAFF
from domain.touchpoints.touchpoint import Instant, Touchpoint

OWNER: Final = (ASSIGNED, "")
"""Where among what is open of a lead its owner stands."""


@dataclass(slots=True)
class Look:
    """One look at one lead: `changes` are what `decide` said of it, with what hand-over adds among them."""

    holding: Holding
    owned: Open | None
    """The announcement of who has the lead."""
    deadlines: dict[tuple[str, str], Deadline]
    """All that ever were of the lead."""
    changes: list[Change]
    contacts: Sequence[Sequence[Any]] = ()
    """When staff was in touch, and who, the first one first: all that happened since the last look, at least."""
    changed: list[Deadline] = field(default_factory=list)
    """Deadlines that are new or differ now."""

    def put(self, deadline: Deadline) -> None:
        """Note a deadline as it is now."""
        self.deadlines[deadline.key] = deadline
        self.changed.append(deadline)

    def open(self, *kinds: DeadlineKind) -> list[Deadline]:
        """Those of these kinds that are waited for."""
        return [each for each in self.deadlines.values() if each.open and each.kind in kinds]


def done_late(look: Look, kind: DeadlineKind, cause: str | None = None) -> None:
    """What staff has done after all, of what was missed: of this kind, and of this cause where one is given."""
    undone = [each for each in look.deadlines.values() if each.kind == kind and each.missed and each.settled is None]
    for deadline in undone:
        contact = contact_since(look, deadline) if cause in (None, deadline.cause) else None
        if contact is not None:
            look.put(replace(deadline, settled=contact[0], by=contact[1] or None))


def follow(
    opens: Mapping[UUID, dict[tuple[SignalKind, str], Open]], holdings: Iterable[Holding]
) -> Iterator[tuple[Open, UUID | None]]:
    """Move what is announced of an owner to where the fact is, which an unmerge may leave with the other lead.

    Gives each as it was, and the lead that holds it now; None: that one has an owner already.
    """
    announced = {each.signal: each for opened in opens.values() if (each := opened.get(OWNER)) is not None}
    for holding in holdings if announced else ():
        fact = holding.lead.owner
        owned = announced.get(fact.assigned) if fact is not None else None
        if owned is None or owned.holder == holding.id:
            continue
        if OWNER in opens[holding.id]:
            yield owned, None
        else:
            del opens[owned.holder][OWNER]
            opens[holding.id][OWNER] = replace(owned, holder=holding.id)
            yield owned, holding.id


def concerns(holding: Holding, opened: Opened, deadlines: object, news: object, changes: Sequence[Change]) -> bool:
    """Whether there is anything to look at: nearly never."""
    return bool(
        holding.lead.owner is not None
        or deadlines
        or news
        or OWNER in opened
        or any(is_of(change, HOT) for change in changes)
    )


def is_of(change: Change, kind: SignalKind) -> TypeGuard[Decision]:
    return isinstance(change, Decision) and change.kind == kind


def contact_since(look: Look, deadline: Deadline) -> tuple[int, str] | None:
    """When staff was first in touch since a deadline was asked, and who."""
    return next(((at, by) for at, by in look.contacts if at >= deadline.asked), None)


def contacts_of(lead: Lead, news: Iterable[Touchpoint], clock: Instant) -> Sequence[Sequence[Any]]:
    """When staff was in touch, and who: the last times that the lead remembers, and those of `news`, however many."""
    remembered = lead.contacts or []
    new = [contact(each) for each in news if each.type in STAFF and not each.by_machine and each.instant <= clock]
    return sorted([*remembered, *new], key=lambda each: each[0]) if new else remembered


def cause_of(touchpoint: Touchpoint) -> str:
    """A touchpoint as the cause of a deadline."""
    return f"{touchpoint.source.name}/{touchpoint.id}"
