"""`verify` counts the ledger: what is announced and not withdrawn is what is open, and that is what holds."""

import pytest
from sqlalchemy import text

from tests.domain.stories import at
from tests.projections.shelf import Shelf, a_world
from tests.projections.world import World


@pytest.mark.parametrize(
    ("tampering", "table", "differing"),
    [
        ("DELETE FROM open_signals WHERE kind = 'lead.hot'", "open_signals", 2),
        ("UPDATE open_signals SET signal = NULL, earned = 0 WHERE kind = 'lead.hot'", "open_signals", 1),
        ("DELETE FROM ledger WHERE kind = 'stage.changed'", "ledger", 3),
        ("UPDATE ledger SET closes = 'nobody' WHERE kind = 'segment.entered'", "ledger", 1),
        ("UPDATE open_signals SET value = 'customer' WHERE kind = 'stage.changed'", "open_signals", 1),
    ],
)
def test_what_was_tampered_with_is_seen(shelf: Shelf, tampering: str, table: str, differing: int) -> None:
    with a_world(shelf) as world:
        world.play([[at(5, "form_submitted", "e:a@x.test"), at(6, "form_submitted", "e:a@x.test")]])
        before = sealed(world)
        with world.database.transaction() as conn:
            conn.execute(text(tampering))
        seen = world.verify()
        assert table in {each.table for each in seen.differences}, seen.differences
        assert seen.differing >= differing
        restore(world, before)


def sealed(world: World) -> dict[str, list[tuple[object, ...]]]:
    """The rows of the ledger and of what is open."""
    with world.database.snapshot() as conn:
        return {name: [tuple(row) for row in conn.execute(text(f"SELECT * FROM {name}"))] for name in TABLES}


def restore(world: World, rows: dict[str, list[tuple[object, ...]]]) -> None:
    with world.database.transaction() as conn:
        for name, kept in rows.items():
            conn.execute(text(f"DELETE FROM {name}"))
            for row in kept:
                conn.exec_driver_sql(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)


TABLES = ("ledger", "open_signals")
