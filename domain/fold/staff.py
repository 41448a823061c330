"""What staff says of a lead takes effect: who has it, what they answered, how they tag it, when they were in touch.

It needs nothing of `[sales]`.
"""

from enum import StrEnum
from typing import Any, Final

from domain.fold.handover import Handover, LeadRejection
from domain.fold.lead import Lead
from domain.fold.tags import TAGGED, tags_after
from domain.model.sales import NOT_READY
from domain.touchpoints.claims import STAFF
from domain.touchpoints.touchpoint import Instant, Touchpoint, instant_of

ASSIGNED: Final = "owner_assigned"
ACCEPTED: Final = "owner_accepted"
REJECTED: Final = "owner_rejected"
BY_STAFF: Final = frozenset({ASSIGNED, ACCEPTED, REJECTED, TAGGED, *STAFF})
"""Types that say who takes care of a lead, whether they do, and what they call it."""
CONTACTS: Final = 8
"""How many of the last times that staff was in touch a lead remembers; a look has all of its batch beside them."""


class NoEffect(StrEnum):
    """Why an owner's answer has no effect."""

    NOT_THEIRS = "not_theirs"
    """Another has the lead, or nobody."""
    ACCEPTED_ALREADY = "accepted_already"


def take(lead: Lead, touchpoint: Touchpoint, instant: Instant) -> NoEffect | None:
    """Take what staff says. An answer counts from whoever has the lead at that instant, and once.

    Returns why it has no effect; None where it has one.
    """
    said = touchpoint.properties
    match touchpoint.type:
        case "owner_assigned":
            if owner := _text(said.get("owner")):
                lead.owner = Handover(owner, instant, instant_of(said.get("due")), _text(said.get("assigned")))
        case "owner_accepted":
            if lead.owner is None or not _has(lead, said):
                return NoEffect.NOT_THEIRS
            if lead.owner.accepted_at is not None:
                return NoEffect.ACCEPTED_ALREADY
            lead.owner.accepted_at = instant
            lead.owner.by = _text(said.get("by")) or lead.owner.owner
        case "owner_rejected":
            if not _has(lead, said):
                return NoEffect.NOT_THEIRS
            lead.rejection = LeadRejection(instant, _text(said.get("owner")), _text(said.get("reason")) or NOT_READY)
            lead.owner = None
            lead.now.cool(instant)
        case "tagged":
            lead.tags = tags_after(lead.tags, said)
        case _:
            lead.contacts = [*(lead.contacts or ())[1 - CONTACTS :], contact(touchpoint)]
    return None


def contact(touchpoint: Touchpoint) -> list[Any]:
    """When staff was in touch, and who."""
    return [touchpoint.instant, _text(touchpoint.properties.get("by"))]


def _has(lead: Lead, said: Any) -> bool:
    """Whether who answers is who was asked."""
    return lead.owner is not None and lead.owner.owner == said.get("owner")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
