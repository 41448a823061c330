"""One lead: whose id or identity it is, and its card."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.errors import NotFound
from domain.touchpoints.identity import KINDS, canonical
from projections.queries.leads import card_fields, cards
from projections.queries.shapes import (
    IdentityShape,
    LeadDetail,
    StageShape,
)
from projections.queries.sources import sources_of
from projections.queries.view import View


def live_lead(view: View, lead: str) -> UUID:
    """The live lead of an id, a former one too. Raises NotFound."""
    try:
        resolved = view.lookup.resolve(view.conn, UUID(lead))
    except ValueError:
        raise NotFound(f"no lead {lead[:80]!r}: a lead id is a UUID, as `id` of /api/leads") from None
    if resolved is None:
        raise NotFound(f"no lead {lead}: nothing with that id was ever projected")
    return resolved


def lead_of_identity(view: View, text: str) -> UUID:
    """The lead of `kind:value`, a bare e-mail address or a lead id. Raises NotFound."""
    kind, _, value = text.partition(":")
    if kind not in KINDS or not value:
        if "@" not in text:
            return live_lead(view, text)
        kind, value = "email", text
    identity = canonical(kind, value)
    lead = None if identity is None else view.lookup.holder(view.conn, view.ids.of(identity))
    if lead is None:
        raise NotFound(f"no lead has the {kind} {value!r}")
    return lead


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
