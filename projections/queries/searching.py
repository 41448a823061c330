"""A page of leads with marks (a word, a segment) in an order: of a rare mark all are looked at, else the order's first.

A database that is left to choose trusts that a frequent mark stands anywhere in the order, and walks nearly all of it
where those who have it are among the last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Row, Select, func, literal, select
from sqlalchemy.sql.visitors import iterate

from store.database.derived import Derived

MOST_COLLECTED: Final = 5_000
"""Leads with a mark that are all looked at; where more of a million have it, a page is soon full in any order."""
FEW: Final = 1_000
"""Leads with a mark that are all looked at without a look at the order."""
FIRST_WALKED: Final = 200
"""Leads that are looked at in the order first: how many of them have the marks says how far a page would be to walk."""
MOST_WALKED: Final = 10_000
"""Leads that are looked at in the order for frequent marks, before all that have these are."""
_LAST: Final = "\U0010ffff"
"""Sorts behind every character that a term has."""

OrderedBy = Callable[[Any], Sequence[ColumnElement[Any]]]
"""From the columns `lead` and `sort_key` of rows to what these are ordered by."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a lead may have, as rows of a table of which an index begins with `by`."""

    lead: Column[Any]
    having: Sequence[ColumnElement[bool]]
    by: Column[Any]
    is_word: bool = False
    """Whether `by` is a word, of which those that begin so may be one alone."""

    def leads(self, told: ColumnElement[Any] | None = None) -> Select[Any]:
        """Rows of the leads that have it; of each at least one."""
        return select(self.lead if told is None else told).where(*self.having)


def term_mark(tables: Derived, begin: str) -> Mark:
    """A term that begins so."""
    terms = tables.lead_terms.c
    return Mark(terms.lead, (terms.term >= begin, terms.term < begin + _LAST), terms.term, is_word=True)


def segment_mark(tables: Derived, segment: str) -> Mark:
    """A stay in a segment that goes on."""
    members = tables.segment_members.c
    return Mark(members.lead, (members.segment == segment,), members.lead)


@dataclass(slots=True)
class Search:
    """The marks that all leads of a list have, in one view: how rare they are is asked once."""

    tables: Derived
    marks: Sequence[Mark]
    _counts: Sequence[int] = ()
    """How many leads have each mark, up to one more than `MOST_COLLECTED`; none: nobody asked yet."""
    _probes: Sequence[Mark] = ()
    """The marks as leads are asked for them one by one: the quickest to ask first."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """All of them, over `leads`."""
        return self._have(self.tables.leads.c.lead, self.marks)

    def rows(
        self, conn: Connection, query: Select[Any], keys: Select[Any], by: OrderedBy, limit: int, *, walks: bool
    ) -> Sequence[Row[Any]]:
        """The first rows of a query over `leads` that are searched for, with their `sort_key`.

        `keys`: rows (lead, sort_key) of all that come into question, ordered `by`. `walks`: whether to begin with the
        first of these.
        """
        counts = self._counted(conn)
        if walks and (least := min(counts)) > FEW:
            most = MOST_WALKED if least > MOST_COLLECTED else FIRST_WALKED
            rows = conn.execute(self._walked(query, keys, by, limit, most)).all()
            if most == FIRST_WALKED and len(rows) < limit and len(rows) * least >= limit * FIRST_WALKED:
                rows = conn.execute(self._walked(query, keys, by, limit, least)).all()  # beyond, collecting costs less
            if len(rows) == limit:
                return rows
        return conn.execute(self._collected(query, keys, by, limit, counts)).all()

    def _counted(self, conn: Connection) -> Sequence[int]:
        """How many leads have each mark, up to one more than `MOST_COLLECTED`."""
        if not self._counts:  # in the order of an index: else a database may read the whole table for its first rows
            some = (each.leads().order_by(each.by).limit(MOST_COLLECTED + 1).subquery() for each in self.marks)
            counts = [select(func.count()).select_from(each).scalar_subquery() for each in some]
            words = [each for each in self.marks if each.is_word]
            ends = [end for each in words for end in _ends(each)]
            told = conn.execute(select(*counts, *ends)).one()
            self._counts, rest = told[: len(counts)], told[len(counts) :]
            self._probes = [*_narrowed(words, rest), *(each for each in self.marks if not each.is_word)]
        return self._counts

    def _walked(self, query: Select[Any], keys: Select[Any], by: OrderedBy, limit: int, most: int) -> Select[Any]:
        """Of the order's first those that are searched for; `most` are looked at."""
        first = keys.limit(most).subquery("first")
        return self._beside(query, first).where(*self._probed(first, self._probes)).order_by(*by(first.c)).limit(limit)

    def _collected(
        self, query: Select[Any], keys: Select[Any], by: OrderedBy, limit: int, counts: Sequence[int]
    ) -> Select[Any]:
        """Of all that are searched for the first: their keys are read alone, and cards of the page's leads.

        Of the rarest mark, if it is rare, it is first asked who has the others: fewer keys are read then.
        """
        lead = keys.selected_columns.lead
        rarest = min(range(len(self.marks)), key=counts.__getitem__)
        if counts[rarest] <= MOST_COLLECTED:
            rare, others = self.marks[rarest].leads(), [*self.marks[:rarest], *self.marks[rarest + 1 :]]
            if others:
                having = rare.subquery("rare")
                rare = select(having.c.lead).where(*self._probed(having, others))
            leads = keys.order_by(None).where(lead.in_(rare))
        else:
            leads = keys.order_by(None).where(*self._have(lead, self.marks))
        narrowed = query.whereclause
        if narrowed is not None and _is_about(narrowed, lead.table):
            leads = leads.where(narrowed)
        elif narrowed is not None:
            leads = leads.where(lead.in_(query.with_only_columns(self.tables.leads.c.lead).correlate(None)))
        matching = leads.cte("matching").prefix_with("MATERIALIZED")
        page = select(matching).order_by(*by(matching.c)).limit(limit)
        first = page.subquery("first")
        return self._beside(query, first).order_by(*by(first.c))

    def _beside(self, query: Select[Any], first: FromClause) -> Select[Any]:
        return query.join(first, first.c.lead == self.tables.leads.c.lead).add_columns(first.c.sort_key)

    def _have(self, lead: ColumnElement[Any], marks: Sequence[Mark]) -> list[ColumnElement[bool]]:
        return [lead.in_(mark.leads()) for mark in marks]

    def _probed(self, rows: FromClause, marks: Sequence[Mark]) -> list[ColumnElement[bool]]:
        """The same, a probe a row: for EXISTS a database may read all that have a mark."""
        return [
            mark.leads(literal(1)).where(mark.lead == rows.c.lead).limit(1).scalar_subquery().is_not(None)
            for mark in marks
        ]


def _ends(mark: Mark) -> list[ColumnElement[Any]]:
    """The first and the last word that a mark is about."""
    words = mark.leads(mark.by).limit(1)
    return [words.order_by(mark.by).scalar_subquery(), words.order_by(mark.by.desc()).scalar_subquery()]


def _narrowed(marks: Sequence[Mark], ends: Sequence[str | None]) -> list[Mark]:
    """Marks of words, those that are about one word alone first, as just that word.

    Who has one word stands together in the index that begins with words: asking lead by lead reads far fewer pages
    than in the one by lead, where a beginning has to be looked for.
    """
    pairs = zip(marks, ends[::2], ends[1::2], strict=True)
    told = [(mark, first) if first == last else (mark, None) for mark, first, last in pairs]
    sole = [replace(mark, having=(mark.by == word,)) for mark, word in told if word is not None]
    return [*sole, *(mark for mark, word in told if word is None)]


def _is_about(condition: ColumnElement[bool], table: Any) -> bool:
    """Whether a condition reads nothing but this table."""
    parts = list(iterate(condition))
    beside = any(isinstance(part, FromClause) for part in parts)
    return not beside and all(part.table is table for part in parts if isinstance(part, Column))
