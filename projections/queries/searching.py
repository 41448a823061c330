"""A page of a search in an order: those who have a rare term are all looked at, else those whom the order begins with.

A database that is left to choose trusts that a frequent word stands anywhere in the order, and walks nearly all of it
where the word is among the last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, func, literal, select

from store.database.derived import Derived

MOST_COLLECTED: Final = 5_000
"""Leads with a term that are all looked at; where more of a million have it, a page is soon full in any order."""
MOST_WALKED: Final = 10_000
"""Leads that are looked at in the order, before all that have the terms are."""
_LAST: Final = "\U0010ffff"
"""Sorts behind every character that a term has."""

OrderedBy = Callable[[Any], Sequence[ColumnElement[Any]]]
"""From the columns `lead` and `sort_key` of rows to what these are ordered by."""


@dataclass(slots=True)
class Search:
    """What a list of leads is searched for, in one view: how rare its terms are is asked once."""

    tables: Derived
    terms: Sequence[str]
    """A lead has of each one that begins so."""
    _counts: Sequence[int] = ()
    """How many leads have each term, up to one more than `MOST_COLLECTED`; none: nobody asked yet."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """All of it, over `leads`."""
        return self._have(self.tables.leads.c.lead, self.terms)

    def rows(
        self, conn: Connection, query: Select[Any], keys: Select[Any], by: OrderedBy, limit: int, *, walks: bool
    ) -> Sequence[Row[Any]]:
        """The first rows of a query over `leads` that are searched for, with their `sort_key`.

        `keys`: rows (lead, sort_key) of all that come into question, ordered `by`. `walks`: whether to begin with the
        first of these.
        """
        rarest = self._rarest(conn)
        if walks and rarest is None:
            rows = conn.execute(self._walked(query, keys, by, limit)).all()
            if len(rows) == limit:
                return rows
        return conn.execute(self._collected(query, keys, by, limit, rarest)).all()

    def _rarest(self, conn: Connection) -> str | None:
        """The term that fewest leads have; None: more than `MOST_COLLECTED` have each."""
        if not self._counts:
            term_in_order = self.tables.lead_terms.c.term  # else a database may read the whole table for its first rows
            some = (
                self._leads_with(term).order_by(term_in_order).limit(MOST_COLLECTED + 1).subquery()
                for term in self.terms
            )
            counts = (select(func.count()).select_from(each).scalar_subquery() for each in some)
            self._counts = conn.execute(select(*counts)).one()
        count, rarest = min(zip(self._counts, self.terms, strict=True))
        return rarest if count <= MOST_COLLECTED else None

    def _walked(self, query: Select[Any], keys: Select[Any], by: OrderedBy, limit: int) -> Select[Any]:
        """Of the order's first those that are searched for."""
        first = keys.limit(MOST_WALKED).subquery("first")
        return self._beside(query, first).where(*self._probed(first, self.terms)).order_by(*by(first.c)).limit(limit)

    def _collected(
        self, query: Select[Any], keys: Select[Any], by: OrderedBy, limit: int, rarest: str | None
    ) -> Select[Any]:
        """Of all that are searched for the first: their keys are read alone, and cards of the page's leads."""
        lead = keys.selected_columns.lead
        leads = keys.order_by(None).where(*self._have(lead, self.terms if rarest is None else [rarest]))
        if query.whereclause is not None:
            leads = leads.where(lead.in_(query.with_only_columns(self.tables.leads.c.lead).correlate(None)))
        matching = leads.cte("matching").prefix_with("MATERIALIZED")
        others = [] if rarest is None else [term for term in self.terms if term != rarest]
        page = select(matching).where(*self._probed(matching, others)).order_by(*by(matching.c)).limit(limit)
        first = page.subquery("first")
        return self._beside(query, first).order_by(*by(first.c))

    def _beside(self, query: Select[Any], first: FromClause) -> Select[Any]:
        return query.join(first, first.c.lead == self.tables.leads.c.lead).add_columns(first.c.sort_key)

    def _have(self, lead: ColumnElement[Any], terms: Sequence[str]) -> list[ColumnElement[bool]]:
        return [lead.in_(self._leads_with(term)) for term in terms]

    def _probed(self, rows: FromClause, terms: Sequence[str]) -> list[ColumnElement[bool]]:
        """The same, a probe a row: for EXISTS a database may read all that have a term."""
        return [
            self._leads_with(term, literal(1)).where(self.tables.lead_terms.c.lead == rows.c.lead).limit(1)
            .scalar_subquery().is_not(None)
            for term in terms
        ]  # fmt: skip

    def _leads_with(self, begin: str, told: ColumnElement[Any] | None = None) -> Select[Any]:
        """Rows of the leads, one for each of their terms that begins so."""
        terms = self.tables.lead_terms.c
        told = terms.lead if told is None else told
        return select(told).where(terms.term >= begin, terms.term < begin + _LAST)
