"""What verifications saw, kept so that everybody can read it who did not wait for its end."""

from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from store.database.database import Database
from store.database.tables import verifications


class Verification(NamedTuple):
    """What one saw, in its columns' order. Instants in microseconds."""

    at: int
    """When it ended."""
    position: int
    clock: int
    touchpoints: int
    rows: int
    differing: int
    aside: int
    """Clusters that were put aside."""


def keep_verification(
    database: Database, position: int, clock: int, *, touchpoints: int, rows: int, differing: int, aside: int
) -> None:
    """Write down what one saw at a pair."""
    with database.transaction() as conn:
        seen = Verification(database.now(conn), position, clock, touchpoints, rows, differing, aside)
        conn.execute(insert(verifications).values(seen._asdict()))


def last_verification(conn: Connection) -> Verification | None:
    """The last one; None: none ever ended."""
    row = conn.execute(select(verifications).order_by(verifications.c.at.desc()).limit(1)).one_or_none()
    return None if row is None else Verification(*row)
