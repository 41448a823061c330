"""What a build says otherwise than the live read models: who is hot, and moves between stages, grades and segments."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any, Final

import orjson
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Text,
    and_,
    case,
    false,
    func,
    literal,
    select,
)

from store.database.derived import Derived
from store.database.tables import live

EXAMPLES: Final = 3
"""Leads that are named of each move."""


@dataclass(frozen=True, slots=True)
class Example:
    """A lead, and how people know them: `email ada@example.org`."""

    lead: str
    who: str


@dataclass(frozen=True, slots=True)
class Move:
    """Leads that were there and are here now ("": nowhere), how many, and some of them."""

    before: str
    now: str
    leads: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """All the moves of identified leads. Of `hot` and `segments` each is out of "" or into it."""

    hot: tuple[Move, ...] = ()
    stages: tuple[Move, ...] = ()
    grades: tuple[Move, ...] = ()
    segments: tuple[Move, ...] = ()

    def kinds(self) -> Iterator[tuple[str, tuple[Move, ...]]]:
        """Each kind of move, by its name."""
        for kind in fields(self):
            yield kind.name, getattr(self, kind.name)


def moved(conn: Connection, build: Derived) -> Moved:
    """Compare the build with the live tables, which are at the same pair."""
    return Moved(
        tuple(_moves(conn, build, _hot(build))),
        tuple(_moves(conn, build, _between(build, "leads", "stage"))),
        tuple(_moves(conn, build, _between(build, "scores", "grade"))),
        tuple(_moves(conn, build, _members(live, build, entered=False).union_all(_members(build, live, entered=True)))),
    )


def _between(build: Derived, table: str, name: str) -> Select[Any]:
    """(before, now, lead) of whose column of this name differs."""
    old, new = getattr(live, table), getattr(build, table)
    query = select(old.c[name].label("before"), new.c[name].label("now"), new.c.lead.label("lead"))
    return query.join_from(new, old, new.c.lead == old.c.lead).where(old.c[name] != new.c[name])


def _hot(build: Derived) -> Select[Any]:
    """(before, now, lead) of who became hot, and of who is not any more."""
    old, new = live.scores, build.scores
    was, now = func.coalesce(old.c.hot, false()), new.c.hot
    query = select(_hot_or_not(was).label("before"), _hot_or_not(now).label("now"), new.c.lead.label("lead"))
    return query.join_from(new, old, new.c.lead == old.c.lead, isouter=True).where(was != now)


def _hot_or_not(hot: ColumnElement[bool]) -> ColumnElement[str]:
    return case((hot, "hot"), else_="")


def _members(inside: Derived, outside: Derived, *, entered: bool) -> Select[Any]:
    """(before, now, lead) of who is in a segment in one of the two and not in the other."""
    here, there = inside.segment_members, outside.segment_members
    same = and_(here.c.segment == there.c.segment, here.c.lead == there.c.lead)
    nothing = literal("", Text)
    before, now = (nothing, here.c.segment) if entered else (here.c.segment, nothing)
    query = select(before.label("before"), now.label("now"), here.c.lead.label("lead"))
    return query.join_from(here, there, same, isouter=True).where(there.c.lead.is_(None))


def _moves(conn: Connection, build: Derived, rows: Select[Any] | CompoundSelect[Any]) -> Iterator[Move]:
    """Counts and examples of the rows of identified leads, the most frequent first."""
    each, leads = rows.subquery(), build.leads
    group = [each.c.before, each.c.now]
    numbered = (
        select(
            *group,
            each.c.lead,
            leads.c.identities,
            func.count().over(partition_by=group).label("leads"),
            func.row_number().over(partition_by=group, order_by=each.c.lead).label("place"),
        )
        .join(leads, leads.c.lead == each.c.lead)
        .where(leads.c.identified)
        .subquery()
    )
    listed = conn.execute(
        select(numbered)
        .where(numbered.c.place <= EXAMPLES)
        .order_by(numbered.c.leads.desc(), numbered.c.before, numbered.c.now, numbered.c.place)
    )
    for (before, now, count), group_rows in groupby(listed, key=lambda row: (row.before, row.now, row.leads)):
        examples = tuple(Example(str(row.lead), who(row.identities)) for row in group_rows)
        yield Move(before, now, count, examples)


def who(identities: str) -> str:
    """The identity by which people know a lead best."""
    values: dict[str, str] = dict(orjson.loads(identities))
    kind = next((kind for kind in ("email", "phone", "user_id", "anonymous_id") if kind in values), None)
    return "" if kind is None else f"{kind} {values[kind]}"
