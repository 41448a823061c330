"""What handing over asks all day long uses its indexes, on both databases: they are asked for their plans."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from domain.fold.fold import Fold
from domain.model.definition import parse_model
from projections.projecting.hands import Hands
from store.database import bulk
from store.database.database import Database, open_database
from store.database.tables import deadlines, live, open_signals
from tests.given_plans import indexes, statements_of
from tests.projections.given_sales import TEXT

COUNT = 100_000
NOW = 1_700_000_000_000_000
MODEL = parse_model(TEXT.replace('name = "ana"', 'name = "ana"\ncapacity = 5'))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database in which every second lead has an owner, of whom a deadline is open."""
    server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    url = f"sqlite:///{tmp_path_factory.mktemp('hands') / 'leadline.db'}" if server is None else server.create()
    database = open_database(url)
    database.migrate()
    leads = [UUID(int=n) for n in range(COUNT)]
    owned = leads[::2]
    with database.transaction() as conn:
        bulk.insert(conn, live.clusters, [(n, b"state", None, None, None) for n in range(COUNT)])
        bulk.insert(conn, live.identities, [(lead, n, None, None) for n, lead in enumerate(leads)])
        bulk.insert(conn, open_signals, [
            (lead, "stage.changed", "", f"s{n}", lead, NOW, "lead", NOW, None, False) for n, lead in enumerate(leads)
        ])  # fmt: skip
        bulk.insert(conn, open_signals, [
            (lead, "lead.assigned", "", f"a{n}", lead, NOW, f"owner {n % 9}", NOW, None, n % 2 == 0)
            for n, lead in enumerate(owned)
        ])  # fmt: skip
        bulk.insert(conn, deadlines, [
            ("accept", f"a{n}", lead, f"owner {n % 9}", None, NOW, NOW + n, "open", None, None, None)
            for n, lead in enumerate(owned)
        ])  # fmt: skip
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("ANALYZE")
    yield database
    database.close()
    if server is not None:
        server.drop(url)


@pytest.mark.parametrize("due", [0, 10, 100])
def test_what_is_due_is_found_by_its_instant(filled: Database, due: int) -> None:
    hands = Hands(Fold(MODEL), MODEL)
    with filled.snapshot() as conn, statements_of(conn) as said:
        assert sum(map(len, hands.due(conn, NOW + due - 1, 5_000).values())) == due
    with filled.snapshot() as conn:
        assert "deadlines_due" in indexes(conn, *said[-1])


def test_how_many_leads_owners_have_is_counted_without_all_others(filled: Database) -> None:
    with filled.snapshot() as conn, statements_of(conn) as said:
        desk = Hands(Fold(MODEL), MODEL).at(conn, [], {}, NOW)
        assert desk is not None and sum(desk.turns().open.values()) == COUNT // 4
    with filled.snapshot() as conn:
        assert "open_signals_owned" in indexes(conn, *said[-1])
