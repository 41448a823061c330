"""Past views: which there are, their tables, and who goes when there are too many.

Whoever erases a person must drop them all (`drop_all`): they hold what was known of the person, and are built anew
from what is left when somebody asks.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import ProgrammingError

from domain.errors import NotFound, Refused, Retry
from domain.files.durations import DAY, MINUTE, SECOND
from store.database.database import Database
from store.database.derived import Derived, derived
from store.database.postgres_only import analyze, one_at_a_time, shut
from store.database.tables import past_views

_DROPPING: Final = "past views"
"""One at a time says what is there: every server drops what is too old, and might drop what another one does."""
_USED: Final = 10 * MINUTE
"""It is noted so often at most that one is used."""


class PastViewGone(Retry):
    """Its tables were dropped meanwhile."""


class NameTaken(Refused):
    """Another past view has the name."""


@dataclass(frozen=True, slots=True)
class PastView:
    """A row. Instants in microseconds; `built_at` None: it is being built. `size`: rows in its tables."""

    name: str
    number: int
    position: int
    clock: int
    knowing: str
    model: str
    format: int
    built_at: int | None
    used_at: int
    size: int | None = None

    @property
    def tables(self) -> Derived:
        """Its tables."""
        return _tables(self.number)


@lru_cache(maxsize=32)
def _tables(number: int) -> Derived:
    return derived(f"past_{int(number)}_")


@dataclass(frozen=True, slots=True)
class Keeping:
    """How many are kept, and how long: microseconds since they were built."""

    most: int = 3
    long: int = 7 * DAY


def past_view_of(conn: Connection, clock: int, knowing: str, position: int, format: int) -> PastView | None:
    """That of a pair, the one built last; by what is known now it is of the position at which it was built."""
    table = past_views.c
    query = select(past_views).where(table.clock == clock, table.knowing == knowing, table.built_at.is_not(None))
    query = query.where(table.format == format)
    if knowing != "now":
        query = query.where(table.position == position)
    query = query.order_by(table.number.desc()).limit(1)
    row = conn.execute(query).one_or_none()
    return None if row is None else _view(row)


def all_past_views(conn: Connection) -> list[PastView]:
    """All, the newest first."""
    return [_view(row) for row in conn.execute(select(past_views).order_by(past_views.c.number.desc()))]


def hold(conn: Connection, view: PastView) -> None:
    """Have its tables stay for as long as a snapshot lasts. Raises PastViewGone where they were dropped just now.

    Whoever drops it waits for all who hold it, and has locked nothing of it until then.
    """
    try:
        conn.execute(select(view.tables.projector.c.build)).all()
    except ProgrammingError as error:
        raise PastViewGone(f"the past view {view.name} was dropped just now: ask again") from error


def is_there(conn: Connection, view: PastView) -> bool:
    """Whether nobody has dropped it."""
    return conn.execute(select(past_views.c.number).where(past_views.c.number == view.number)).first() is not None


def begin(conn: Connection, view: PastView, keeping: Keeping, now: int) -> PastView:
    """Note one that is being built and make its tables; it bears another number from then on. One at a time is built.

    What is too old or too much goes, and what is of the same pair. Raises NameTaken.
    """
    one_at_a_time(conn, _DROPPING)
    there = all_past_views(conn)
    for each in there:
        same = (each.clock, each.knowing) == (view.clock, view.knowing)
        if each.name == view.name and not same:
            raise NameTaken(f"a past view {view.name!r} of another instant is there: drop it, or take another name")
        if same or each.format != view.format or each.built_at is None or each.built_at < now - keeping.long:
            _drop(conn, each)
    kept = sorted(all_past_views(conn), key=lambda each: each.used_at)
    for each in kept[: max(0, len(kept) - keeping.most + 1)]:
        _drop(conn, each)
    last = max((each.number for each in there), default=0)
    numbered = replace(view, number=max(last + 1, now // SECOND), used_at=now)  # one that was dropped never comes back
    conn.execute(insert(past_views).values(asdict(numbered)))
    numbered.tables.metadata.create_all(conn)
    return numbered


def built(conn: Connection, view: PastView, now: int) -> PastView:
    """It is complete: from now on it is found. Raises PastViewGone where it was dropped meanwhile."""
    if not is_there(conn, view):
        raise PastViewGone(f"the past view {view.name} was dropped while it was built")
    analyze(conn, view.tables.all)
    rows = sum(conn.execute(select(func.count()).select_from(table)).scalar_one() for table in view.tables.all)
    here = past_views.c.number == view.number
    conn.execute(update(past_views).where(here).values(built_at=now, used_at=now, size=rows))
    return replace(view, built_at=now, used_at=now, size=rows)


def is_used(database: Database, view: PastView, now: int) -> None:
    """It is being read: noted from time to time, unless somebody else writes for long. `now`: the database's time."""
    if view.used_at < now - _USED:
        with suppress(Retry), database.transaction() as conn:
            conn.execute(update(past_views).where(past_views.c.number == view.number).values(used_at=now))


def drop(conn: Connection, name: str) -> None:
    """Drop one with its tables. Raises NotFound."""
    one_at_a_time(conn, _DROPPING)
    for each in all_past_views(conn):
        if each.name == name:
            _drop(conn, each)
            return
    names = ", ".join(each.name for each in all_past_views(conn)) or "none"
    raise NotFound(f"no past view {name[:80]!r}: there are {names}")


def drop_all(conn: Connection) -> None:
    """Drop all: whoever erases a person must."""
    one_at_a_time(conn, _DROPPING)
    for each in all_past_views(conn):
        _drop(conn, each)


def drop_unfinished(conn: Connection, view: PastView) -> None:
    """Drop one that could not be built."""
    one_at_a_time(conn, _DROPPING)
    _drop(conn, view)


def drop_old(conn: Connection, keeping: Keeping, now: int) -> None:
    """Drop those that are too old."""
    one_at_a_time(conn, _DROPPING)
    for each in all_past_views(conn):
        if each.built_at is not None and each.built_at < now - keeping.long:
            _drop(conn, each)


def _drop(conn: Connection, view: PastView) -> None:
    shut(conn, view.tables.projector)  # `hold`: no deadlock with who reads
    view.tables.metadata.drop_all(conn)
    conn.execute(past_views.delete().where(past_views.c.number == view.number))


def _view(row: Row[Any]) -> PastView:
    return PastView(**row._mapping)
