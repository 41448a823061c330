"""One lead: whose id or identity it is, and its card."""

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from domain.errors import NotFound
from domain.fold.names import full_name
from domain.touchpoints.identity import KINDS
from projections.queries.filters import Filters, asked_identity
from projections.queries.leads import card_fields, cards, find_leads
from projections.queries.shapes import IdentityShape, LeadDetail, LeadShape, StageShape
from projections.queries.sources import sources_of
from projections.queries.view import View

_LEAD_ID: Final = re.compile("[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_CANDIDATES: Final = 10
"""Most leads that an error names."""


def live_lead(view: View, lead: str) -> UUID:
    """The live lead of an id, a former one too. Raises NotFound."""
    try:
        resolved = view.lookup.resolve(view.conn, UUID(lead))
    except ValueError:
        raise NotFound(f"no lead {lead[:80]!r}: a lead id is a UUID, as `id` of /api/leads") from None
    if resolved is None:
        raise NotFound(f"no lead {lead}: nothing with that id was ever projected")
    return resolved


def lead_called(view: View, text: str) -> UUID:
    """The lead of an id, of `kind:value`, of an e-mail, or the only one that a search finds.

    Raises NotFound, BadSearch.
    """
    kind, _, value = text.partition(":")
    if kind in KINDS and value:
        return _named(view, kind, value)
    if "@" in text:
        return _named(view, "email", text)
    if _LEAD_ID.fullmatch(text):
        return live_lead(view, text)
    return _searched(view, text)


def _named(view: View, kind: str, value: str) -> UUID:
    lead = view.lookup.holder(view.conn, view.ids.of(asked_identity(kind, value)))
    if lead is None:
        raise NotFound(f"no lead has the {kind} {value!r}")
    return lead


def _searched(view: View, text: str) -> UUID:
    page = find_leads(view, Filters(q=text), limit=_CANDIDATES, count=True)
    if not page.items:
        raise NotFound(
            f"no lead {text[:80]!r}: it is no lead's id, and no name, company or e-mail has words that begin so"
        )
    if len(page.items) > 1:
        listed = "\n".join(f"{lead.id} {_label(lead)}" for lead in page.items)
        raise NotFound(
            f"{page.count} leads fit {text[:80]!r}: say which by its id (`leadline leads --q` lists all)\n{listed}"
        )
    return UUID(page.items[0].id)


def _label(lead: LeadShape) -> str:
    said = (full_name(lead.profile), lead.profile.get("company"), lead.profile.get("email"))
    return ", ".join(str(each) for each in said if each)


def card(view: View, lead: UUID) -> dict[str, Any]:
    """The fields of one live lead's card, with all its identities. Raises NotFound."""
    row = view.conn.execute(cards(view.tables).where(view.tables.leads.c.lead == lead)).first()
    if row is None:
        raise NotFound(f"no lead {lead}")
    fields = card_fields(view, row)
    if row.identity_count > len(fields["identities"]):
        identities = view.lookup.identities(view.conn, lead)
        fields["identities"] = [IdentityShape(kind=kind, value=value) for kind, value in identities]
    return fields


def lead_detail(view: View, lead: UUID) -> LeadDetail:
    """One live lead with its stages, segments and sources. Raises NotFound."""
    history, members = view.tables.stage_history, view.tables.segment_members
    stages = select(history.c.stage, history.c.at, history.c.source).where(history.c.lead == lead).order_by(history.c.n)
    segments = select(members.c.segment).where(members.c.lead == lead).order_by(members.c.segment)
    fields = card(view, lead)
    entered = [StageShape(stage=row.stage, at=row.at, source=row.source) for row in view.conn.execute(stages)]
    return LeadDetail(
        **fields,
        **sources_of(view, lead, fields, entered),
        stages=entered,
        segments=list(view.conn.execute(segments).scalars()),
        clock=view.clock,
    )
