"""Leads in an order, narrowed by what a reader names; and the card that each is shown with."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, null, select

from domain.fold.score import decayed
from domain.model.owners import NOBODY
from domain.signals.deadlines import DeadlineState
from projections.queries.filters import Filters, conditions, is_announced, search_of
from projections.queries.orders import OrderName, page
from projections.queries.searching import Search
from projections.queries.shapes import LeadPage, LeadShape
from projections.queries.tags import tags_column, tags_in
from projections.queries.view import View
from projections.read_models.leads import said_of
from store.database.tables import deadlines

EVERYBODY: Final = Filters()


def find_leads(
    view: View,
    filters: Filters = EVERYBODY,
    *,
    order: OrderName = "heat",
    limit: int = 100,
    cursor: str | None = None,
    count: bool = False,
    search: Search | None = None,
) -> LeadPage:
    """Leads in an order, page by page; with `count` also how many there are by these filters. Raises NotFound.

    `search`: that of these filters, where lists of several filters share it.
    """
    narrowed = conditions(view, replace(filters, q=None, segment=None), by_heat=order == "heat")
    query = cards(view).where(*narrowed)
    search = search or search_of(view, filters)
    rows, following = page(view.conn, query, view.tables, order, limit, cursor, search, walks=not _of_few(filters))
    counted = _count(view, conditions(view, filters)) if count else None
    page_of = {"items": [card_fields(view, row) for row in rows], "next": following, "count": counted}
    return LeadPage.model_validate(page_of)  # at once: that costs half of what a shape for each does


def _of_few(filters: Filters) -> bool:
    """Whether there are few leads without any search: those of one person or one owner."""
    return any(filters.identities.values()) or filters.owner not in (None, NOBODY)


def _count(view: View, narrowed: Sequence[ColumnElement[bool]]) -> int:
    leads, scores = view.tables.leads, view.tables.scores
    query = select(func.count()).select_from(leads)
    if narrowed:
        query = query.join(scores, scores.c.lead == leads.c.lead).where(*narrowed)
    return view.conn.execute(query).scalar_one()


def leads_of(view: View, ids: Iterable[str]) -> list[LeadShape]:
    """The live leads of these ids, in no order; ids that no lead bears (any more) are left out."""
    wanted = [UUID(id) for id in ids]
    leads = view.tables.leads
    return [lead_shape(view, row) for row in view.conn.execute(cards(view).where(leads.c.lead.in_(wanted)))]


def cards(view: View) -> Select[Any]:
    """Leads with their scores: the rows of which a card is made."""
    tables = view.tables
    scores = [column for column in tables.scores.c if column.name not in ("lead", "stage")]
    query = select(tables.leads, *scores, is_announced(view).label("announced"), _due(view).label("due"))
    query = query.add_columns(tags_column(view).label("tags"))
    return query.join(tables.scores, tables.scores.c.lead == tables.leads.c.lead)


def _due(view: View) -> ColumnElement[Any]:
    """The next instant at which something is to have been done about a lead; of the past nobody kept that."""
    if view.past is not None:
        return null()
    waited_for = select(func.min(deadlines.c.due)).where(deadlines.c.lead == view.tables.leads.c.lead)
    return waited_for.where(deadlines.c.state == DeadlineState.OPEN.value).scalar_subquery()


def lead_shape(view: View, row: Row[Any]) -> LeadShape:
    """The shape of a row of `leads` with `scores`."""
    return LeadShape(**card_fields(view, row))


def card_fields(view: View, row: Row[Any]) -> dict[str, Any]:
    """The fields of a lead card, of a row of `cards`; shapes in it as what they are validated from."""
    said = said_of(row)
    return {
        "id": str(row.lead),
        "identities": [{"kind": kind, "value": value} for kind, value in said["identities"]],
        "identity_count": row.identity_count,
        "profile": said["profile"],
        "stage": row.stage,
        "stage_since": row.stage_since,
        "identified": row.identified,
        "heat": heat_now(view, row.heat, row.heat_at),
        "grade": row.grade,
        "fit": row.fit,
        "hot": row.hot,
        "announced": row.announced,
        "hot_since": row.hot_since,
        "cools_at": row.cools_at,
        "not_a_lead": row.not_a_lead,
        "first_touch": row.first_touch,
        "last_touch": row.last_touch,
        "touches": row.touches,
        "last_seen": row.last_seen,
        "changed_at": row.changed_at,
        "reasons": _reasons(view, said["reasons"], row.heat_at),
        "findings": said["findings"],
        "first_channel": row.first_channel,
        "last_channel": row.last_channel,
        "owner": _owner(row),
        "tags": tags_in(view, row.tags),
        "due": row.due,
    }


def _owner(row: Row[Any]) -> dict[str, Any] | None:
    if row.owner is None:
        return None
    return {"name": row.owner, "since": row.owner_since, "due": row.owner_due, "accepted_at": row.accepted_at}


def _reasons(view: View, stored: list[list[Any]], heat_at: int) -> list[dict[str, Any]]:
    """The strongest rules of a row of `scores`, what is left of their points decayed to the view's clock."""
    if not stored:
        return []
    score = view.model.score
    labels = {rule.name: rule.label for rule in score.rules if rule.label is not None}
    return [
        {
            "rule": rule,
            "label": labels.get(rule),
            "count": count,
            "last": last,
            "now": round(decayed(left, heat_at, score.half_life, view.clock), 2),
        }
        for rule, count, last, left in stored
    ]


def heat_now(view: View, heat: float, heat_at: int) -> float:
    """Heat decayed to the view's clock, as it is shown: at least 0, two decimals."""
    left = decayed(heat, heat_at, view.model.score.half_life, view.clock)
    return max(0.0, round(left * 100) / 100)
