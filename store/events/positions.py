"""Positions of readers, moved by compare-and-swap, so that a batch is never applied twice."""

from collections.abc import Iterable
from dataclasses import dataclass

from eventsourcing.persistence import IntegrityError, Tracking
from sqlalchemy import Connection, select

from store.database.errors import PositionMoved
from store.database.tables import tracking


@dataclass(frozen=True)
class Advance(Tracking):
    """Move the named position from exactly `expected` (None: there is none yet) to `notification_id`.

    A plain Tracking takes any greater position, so that a consumer which lost its place could apply a batch twice.
    """

    expected: int | None


def position_of(conn: Connection, name: str) -> int | None:
    """The stored position of that name."""
    position = conn.execute(select(tracking.c.position).where(tracking.c.name == name)).scalar_one_or_none()
    return None if position is None else int(position)


def advance(conn: Connection, moves: Iterable[Tracking]) -> None:
    """Move positions in the caller's transaction, in the order of names (so that two callers cannot deadlock).

    Raises PositionMoved for a stale Advance, IntegrityError for a plain Tracking that is not greater.
    """
    for move in sorted(moves, key=lambda move: move.application_name):
        if isinstance(move, Advance):
            _swap(conn, move)
        else:
            _raise_to(conn, move)


def _swap(conn: Connection, move: Advance) -> None:
    name, new, expected = move.application_name, move.notification_id, move.expected
    if expected is not None and new <= expected:
        raise PositionMoved(f"position {name!r} cannot move from {expected} to {new}: allowed are greater ones")
    placeholder = _placeholder(conn)
    if expected is None:
        result = conn.exec_driver_sql(
            f"INSERT INTO tracking (name, position) VALUES ({placeholder}, {placeholder})"
            " ON CONFLICT (name) DO NOTHING",
            (name, new),
        )
    else:
        result = conn.exec_driver_sql(
            f"UPDATE tracking SET position = {placeholder} WHERE name = {placeholder} AND position = {placeholder}",
            (new, name, expected),
        )
    if result.rowcount != 1:
        raise PositionMoved(
            f"position {name!r} is {position_of(conn, name)}, expected {expected}: another consumer went on from"
            " there. Forget what was read and start from the stored position"
        )


def _raise_to(conn: Connection, move: Tracking) -> None:
    name, new = move.application_name, move.notification_id
    placeholder = _placeholder(conn)
    result = conn.exec_driver_sql(
        f"INSERT INTO tracking (name, position) VALUES ({placeholder}, {placeholder}) ON CONFLICT (name)"
        " DO UPDATE SET position = excluded.position WHERE tracking.position < excluded.position",
        (name, new),
    )
    if result.rowcount != 1:
        raise IntegrityError(f"position {name!r} is at {new} or beyond already")


def _placeholder(conn: Connection) -> str:
    return "%s" if conn.dialect.name == "postgresql" else "?"
