"""The ledger as its readers take it: each kind in its topic's view, and no kind that is not known."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.errors import Misconfigured
from domain.signals.kinds import TRAITS, SignalKind, Topic
from store.database import bulk
from store.database.database import Database
from store.database.tables import ledger
from store.ledger import signals_after

LEAD = UUID(int=7)


@pytest.fixture
def put(database: Database) -> Callable[[list[str]], None]:
    """Write a row of each of some kinds, from position 1 on."""

    def write(kinds: list[str]) -> None:
        each = enumerate(kinds, 1)
        rows = [(n, f"{LEAD}:{kind}:{n}", kind, LEAD, LEAD, "", n, None, "{}", None, None) for n, kind in each]
        with database.transaction() as conn:
            bulk.insert(conn, ledger, rows)

    return write


def test_each_kind_is_in_the_view_of_its_topic_alone(database: Database, put: Callable[[list[str]], None]) -> None:
    put([kind.value for kind in SignalKind])
    with database.snapshot() as conn:
        for topic in Topic:
            seen = conn.execute(text(f"SELECT kind FROM {topic.view} ORDER BY position")).scalars().all()
            assert seen == [kind for kind in SignalKind if TRAITS[kind].topic is topic]


def test_rows_come_in_order_behind_a_position(database: Database, put: Callable[[list[str]], None]) -> None:
    put([kind.value for kind in SignalKind])
    with database.snapshot() as conn:
        assert [signal.kind for signal in signals_after(conn, 0, 100)] == list(SignalKind)
        assert [signal.position for signal in signals_after(conn, 2, 2)] == [3, 4]


def test_a_kind_of_a_newer_release_stops_its_reader_with_a_clear_line(
    database: Database, put: Callable[[list[str]], None]
) -> None:
    put(["lead.hot", "lead.sold"])
    with database.snapshot() as conn, pytest.raises(Misconfigured, match=r"'lead\.sold' at position 2.*newer release"):
        signals_after(conn, 0, 100)
