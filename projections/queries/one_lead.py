"""One lead: whose id or identity it is, and its card."""

import re
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from domain.errors import NotFound
from domain.fold.names import full_name
from domain.phrases import phrase
from domain.touchpoints.identity import KINDS
from domain.touchpoints.touchpoint import Position
from projections.queries.as_of import NotThen
from projections.queries.filters import Filters, asked_identity
from projections.queries.leads import card_fields, cards, find_leads
from projections.queries.lookup import Lookup
from projections.queries.shapes import IdentityShape, LeadDetail, LeadShape, StageShape
from projections.queries.sources import sources_of
from projections.queries.view import View
from projections.read_models.segment_members import SEGMENT_MEMBERS
from projections.read_models.stage_history import STAGE_HISTORY
from store.events.store import recorded_at

_LEAD_ID: Final = re.compile("[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_CANDIDATES: Final = 10
"""Most leads that an error names."""


def live_lead(view: View, lead: str) -> UUID:
    """The live lead of an id: a former one's too, and in a view of the past a later one's. Raises NotFound."""
    try:
        id = UUID(lead)
    except ValueError:
        said = phrase("no lead {lead!r}: a lead id is a UUID, as `id` of /api/leads", lead=lead[:80])
        raise NotFound(said) from None
    if view.folded is None and _is_live(view, id):
        return id
    return view.lookup.resolve(view.conn, id) or _later(view, id)


def _is_live(view: View, lead: UUID) -> bool:
    """Whether a lead has this id: nearly always, and who is who need not be looked up."""
    leads = view.tables.leads.c
    return view.conn.execute(select(leads.lead).where(leads.lead == lead)).first() is not None


def _later(view: View, lead: UUID) -> UUID:
    """Of an id that no lead had by the view's pair: who had the earliest of what is the lead's now. Raises NotFound."""
    nothing = NotFound(phrase("no lead {lead}: nothing with that id was ever projected", lead=str(lead)))
    if view.past is None:
        raise nothing
    present = view.past.present
    now = Lookup(view.ids, present).resolve(view.conn, lead)
    cluster = None if now is None else present.walked(view.conn, now)
    history = [] if now is None or cluster is None else [each for each, _ in cluster.history(view.ids, now)]
    if cluster is None or not history:
        raise nothing
    recorded = [(cluster.recorded[each.key][0], each) for each in history if each.instant <= view.clock]
    earliest = next((each for position, each in recorded if position <= view.position), None)
    holder = None if earliest is None else view.lookup.holder_of(view.conn, lead, earliest)
    if holder is None:
        raise _absent(view, lead, history[0].instant, [position for position, _ in recorded])
    return holder


def _absent(view: View, lead: UUID, first: int, recorded: Sequence[Position]) -> NotThen:
    """Why there was no lead: `first`, when the earliest of it happened; where what happened by then is recorded."""
    then = {"lead": str(lead), "then": view.clock, "first": first}
    if not recorded:
        return NotThen(
            phrase(
                "no lead {lead} as of {then:instant}: the first that is known of it happened at {first:instant}", **then
            )
        )
    recorded_from = recorded_at(view.conn, min(recorded))
    return NotThen(
        phrase(
            "no lead {lead} as of {then:instant}, by what was known then: what is known of it happened"
            " from {first:instant} on, and was recorded from {recorded:instant} on."
            " knowing=now says what is known now about then",
            **then,
            recorded=recorded_from,
        ),
        recorded_from,
    )


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
    hashed = view.ids.of(asked_identity(kind, value))
    lead = view.lookup.holder(view.conn, hashed)
    if lead is not None:
        return lead
    now = None if view.past is None else Lookup(view.ids, view.past.present).holder(view.conn, hashed)
    if now is not None:
        return live_lead(view, str(now))
    raise NotFound(phrase("no lead has the {kind:identity} {value!r}", kind=kind, value=value))


def _searched(view: View, text: str) -> UUID:
    page = find_leads(view, Filters(q=text), limit=_CANDIDATES, count=True)
    if not page.items:
        raise NotFound(
            phrase(
                "no lead {text!r}: it is no lead's id, and no name, company or e-mail has words that begin so",
                text=text[:80],
            )
        )
    if len(page.items) > 1:
        listed = "\n".join(f"{lead.id} {_label(lead)}" for lead in page.items)
        raise NotFound(
            phrase(
                "{count} leads fit {text!r}: say which by its id (`leadline leads --q` lists all)\n{listed}",
                count=page.count,
                text=text[:80],
                listed=listed,
            )
        )
    return UUID(page.items[0].id)


def _label(lead: LeadShape) -> str:
    said = (full_name(lead.profile), lead.profile.get("company"), lead.profile.get("email"))
    return ", ".join(str(each) for each in said if each)


def card(view: View, lead: UUID) -> dict[str, Any]:
    """The fields of one live lead's card, with all its identities. Raises NotFound."""
    if view.folded is not None:
        row = view.folded.card(view.conn, lead)
    else:
        row = view.conn.execute(cards(view).where(view.tables.leads.c.lead == lead)).first()
    if row is None:
        raise NotFound(phrase("no lead {lead}", lead=str(lead)))
    fields = card_fields(view, row)
    if row.identity_count > len(fields["identities"]):
        identities = view.lookup.identities(view.conn, lead)
        fields["identities"] = [IdentityShape(kind=kind, value=value) for kind, value in identities]
    return fields


def lead_detail(view: View, lead: UUID) -> LeadDetail:
    """One live lead with its stages, segments and sources. Raises NotFound."""
    fields = card(view, lead)
    stages = sorted(view.rows(STAGE_HISTORY, lead), key=lambda row: row.n)
    entered = [StageShape(stage=row.stage, at=row.at, source=row.source) for row in stages]
    return LeadDetail(
        **fields,
        **sources_of(view, lead, fields, entered),
        stages=entered,
        segments=sorted(row.segment for row in view.rows(SEGMENT_MEMBERS, lead)),
        clock=view.clock,
        **view.of_past(),
    )
