"""How lists show a lead: what it is called by whoever looks, what it is, and when something happened."""

from dataclasses import dataclass

from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.fold.names import full_name
from projections.queries.shapes import LeadShape
from web.viewer import Role


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead of a list, masked already where it must be. `at`, `until`: instants that the list is about."""

    lead: LeadShape
    name: str
    of: str
    at: int
    until: int | None = None


def lead_row(lead: LeadShape, role: Role, wording: PageWording, at: int, until: int | None = None) -> LeadRow:
    """The row of a lead, as somebody of a role sees it."""
    return LeadRow(lead, name_seen_by(lead, role, wording), position_of(lead), at, until)


def name_seen_by(lead: LeadShape, role: Role, wording: PageWording) -> str:
    """What a lead is called on a page of somebody of a role: a reader is told nobody's name."""
    if role is Role.READER:
        return wording.text(N_("Lead {number}"), number=lead.id[:8])
    return name_of(lead) or wording.text(N_("Visitor"))


def name_of(lead: LeadShape) -> str | None:
    """What a lead is called: the name, else the highest identity that is not a cookie; None: nobody knows."""
    if name := full_name(lead.profile):
        return name
    return next((each.value for each in lead.identities if each.kind != "anonymous_id"), None)


def position_of(lead: LeadShape) -> str:
    """Title and company, as far as somebody said them."""
    return " · ".join(str(each) for field in ("title", "company") if (each := lead.profile.get(field)))
