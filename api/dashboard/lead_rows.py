"""Leads as lists beside the list of who to call show them: who it is, when it happened, where it stands."""

from dataclasses import dataclass

from api.dashboard.pages.leads import called
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
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
    name = called(lead) or wording.text(N_("Visitor"))
    if role is Role.READER:
        name = wording.text(N_("Lead {number}"), number=lead.id[:8])
    of = " · ".join(str(each) for field in ("title", "company") if (each := lead.profile.get(field)))
    return LeadRow(lead, name, of, at, until)
