"""Whom to call: who is hot first, of these one's own, then everybody else by heat; and how many there are of whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, literal, select

from domain.model.sales import Sales
from domain.phrases import phrase
from domain.signals.deadlines import DeadlineState
from projections.queries.cursors import BadCursor
from projections.queries.filters import Filters, conditions, search_of
from projections.queries.leads import find_leads
from projections.queries.shapes import LeadShape
from projections.queries.view import View
from store.database.tables import deadlines

COUNTED: Final = 1_000
"""Leads of a group are counted up to so many."""


class CallGroup(StrEnum):
    """The parts of the list, in their order."""

    MINE = "mine"
    """Hot, and one's own."""
    HOT = "hot"
    """Hot, and others' or nobody's."""
    REST = "rest"
    """Not hot."""


class ToCall(NamedTuple):
    """A lead in a part of the list."""

    group: CallGroup
    lead: LeadShape


@dataclass(frozen=True, slots=True)
class CallPage:
    """A page of the list; `next` is the cursor of what follows, None at the end."""

    items: Sequence[ToCall]
    next: str | None


class Headcount(NamedTuple):
    """How many leads some filters hold for. `beyond`: there are more than were counted."""

    people: int
    visitors: int
    beyond: bool = False

    @property
    def leads(self) -> int:
        """All of them."""
        return self.people + self.visitors


class Due(NamedTuple):
    """What is waited for next about a lead."""

    deadline: str
    due: int


def own_names(owner: str | None, sales: Sales) -> tuple[str, ...]:
    """Under which names leads are somebody's own: theirs, and the teams that they belong to."""
    if owner is None:
        return ()
    return (owner, *(team.name for team in sales.owners if owner in team.members and team.name != owner))


def call_list(
    view: View, filters: Filters, mine: tuple[str, ...] = (), *, limit: int = 50, cursor: str | None = None
) -> CallPage:
    """A page of the list. `mine` are the owners whose hot leads come first. Raises NotFound, BadSearch, BadCursor."""
    groups = _groups(filters, mine)
    begin, within = _place(cursor, groups)
    search = search_of(view, filters)
    items: list[ToCall] = []
    for place in range(begin, len(groups)):
        group, of_group = groups[place]
        page = find_leads(view, of_group, limit=limit - len(items), cursor=within, search=search)
        items += [ToCall(group, lead) for lead in page.items]
        within = None
        if page.next is not None:
            return CallPage(items, f"{group}.{page.next}")
        if len(items) == limit and place + 1 < len(groups):
            return CallPage(items, f"{groups[place + 1][0]}.")
    return CallPage(items, None)


def headcount(view: View, filters: Filters, most: int | None = None) -> Headcount:
    """How many leads these filters hold for; at most so many are counted. Raises NotFound, BadSearch."""
    leads, scores = view.tables.leads, view.tables.scores
    query = select(leads.c.identified).select_from(leads).join(scores, scores.c.lead == leads.c.lead)
    query = query.where(*conditions(view, filters))
    found = (query if most is None else query.limit(most + 1)).subquery()
    counted = select(found.c.identified, func.count(literal(1))).group_by(found.c.identified)
    counts = {bool(identified): count for identified, count in view.conn.execute(counted)}
    people, visitors = counts.get(True, 0), counts.get(False, 0)
    return Headcount(people, visitors, most is not None and people + visitors > most)


def due_next(view: View, leads: Iterable[str]) -> dict[str, Due]:
    """By lead what is waited for next, of those for whom anything is."""
    wanted = [UUID(lead) for lead in leads]
    table = deadlines.c
    query = select(table.lead, table.kind, table.due).where(table.lead.in_(wanted))
    query = query.where(table.state == DeadlineState.OPEN.value).order_by(table.due.desc())
    return {str(row.lead): Due(row.kind, row.due) for row in view.conn.execute(query)}


def _groups(filters: Filters, mine: tuple[str, ...]) -> list[tuple[CallGroup, Filters]]:
    hot, rest = replace(filters, hot=True), (CallGroup.REST, replace(filters, hot=False))
    if not mine:
        parts = [(CallGroup.HOT, hot), rest]
    else:
        others = replace(hot, not_owned_by=mine)
        parts = [(CallGroup.MINE, replace(hot, owned_by=mine)), (CallGroup.HOT, others), rest]
    return parts if filters.hot is None else [part for part in parts if (part[0] is not CallGroup.REST) == filters.hot]


def _place(cursor: str | None, groups: Sequence[tuple[CallGroup, Filters]]) -> tuple[int, str | None]:
    """At which part of the list it goes on, and at which place of that."""
    if cursor is None:
        return 0, None
    name, _, within = cursor.partition(".")
    for place, (group, _) in enumerate(groups):
        if group == name:
            return place, within or None
    raise BadCursor(phrase("cursor {cursor!r} is none of this list's: pass `next` unchanged", cursor=cursor[:80]))
