"""The look-ups that run for ever use their indexes: PostgreSQL is asked for its plans."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, select, tuple_

from projections.projecting.saved import due_query
from store.database import bulk
from store.database.columns import array
from store.database.database import Database, open_database
from store.database.tables import events, live
from store.events.store import EventStore
from tests.given_plans import indexes, indexes_of
from tests.services.postgres import PostgresServer
from tests.store.touchpoints import NOW, incoming, trail

COUNT = 30_000


@pytest.fixture(scope="module")
def filled(postgres_server: PostgresServer) -> Iterator[Database]:
    """A database with enough rows that a wrong plan would show."""
    url = postgres_server.create()
    database = open_database(url)
    database.migrate()
    EventStore(database).append([incoming(f"{n}", f"t{n % 4_000}") for n in range(COUNT)], [], NOW)
    leads = [UUID(int=n) for n in range(COUNT)]
    with database.transaction() as conn:
        bulk.insert(conn, live.scores, [
            (lead, 1.0, NOW, float(NOW + n) if n % 3 else None, False, None, None, "A", 0.0, None, "[]", "lead")
            for n, lead in enumerate(leads)
        ])  # fmt: skip
        bulk.insert(conn, live.clusters, [
            (n, b"state", NOW + n if n % 50 == 0 else None, "reason" if n % 9_000 == 0 else None, None)
            for n in range(COUNT)
        ])  # fmt: skip
        bulk.insert(conn, live.lead_states, [
            (lead, n, NOW, None, NOW + n if n % 50 == 0 else None, b"state") for n, lead in enumerate(leads)
        ])  # fmt: skip
        bulk.insert(conn, live.identities, [(lead, n // 3, None, None) for n, lead in enumerate(leads)])
        bulk.insert(conn, live.segment_members, [(f"s{n % 4}", lead, NOW) for n, lead in enumerate(leads)])
        origin = ("direct", None, None, "direct", None, None)
        bulk.insert(conn, live.funnel_leads, [(lead, "signup", 1, 20_000, *origin) for lead in leads])
        attempt = (1, NOW, NOW, f"[{NOW}]", None, NOW, None, 0, *origin)
        bulk.insert(conn, live.funnel_days, [(lead, "signup", n % 400, *attempt) for n, lead in enumerate(leads)])
        bulk.insert(conn, live.funnel_steps, [(lead, "signup", 2, n % 400, None, n) for n, lead in enumerate(leads)])
        bulk.insert(conn, live.segment_spells, [(lead, f"s{n % 4}", NOW, None) for n, lead in enumerate(leads)])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("VACUUM ANALYZE")
    yield database
    database.close()
    postgres_server.drop(url)


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the event store copies out."""
    asked: list[str] = []
    real = bulk.copy_out

    def spy(conn: Connection, query: str) -> bytes:
        asked.append(query)
        return real(conn, query)

    monkeypatch.setattr(bulk, "copy_out", spy)
    return asked


def test_scan_walks_the_positions(filled: Database, queries: list[str]) -> None:
    with filled.snapshot() as conn:
        assert len(EventStore(filled).scan(conn, 10_000, 5_000)) == 5_000
        assert len(EventStore(filled).scan(conn, 10_000, 5_000, until=10_500)) == 500
        assert [indexes(conn, query) for query in queries] == [{"events_pkey"}] * 2


def test_touchpoints_of_trails_come_by_trail(filled: Database, queries: list[str]) -> None:
    with filled.snapshot() as conn:
        for count in (1, 20, 80):
            EventStore(filled).of_trails(conn, [trail(f"t{n}") for n in range(count)], COUNT)
        assert [indexes(conn, query) for query in queries] == [{"events_trail_version"}] * 3


def test_the_newest_position_and_the_last_versions_are_probes(filled: Database) -> None:
    last = "(SELECT version FROM events WHERE trail = t ORDER BY version DESC LIMIT 1)"
    expression, parameter = array(events.c.trail, [trail(f"t{n}") for n in range(500)])
    with filled.snapshot() as conn:
        assert indexes_of(conn, select(func.max(events.c.position))) == {"events_pkey"}
        asked = f"SELECT n, {last} FROM unnest({expression}) WITH ORDINALITY AS asked (t, n)"
        assert indexes(conn, asked, (parameter,)) == {"events_trail_version"}


@pytest.mark.parametrize("count", [1, 100])
def test_known_dedupe_keys_are_probes(filled: Database, count: int) -> None:
    keys = [incoming(f"{n}").dedupe for n in range(count)]
    expression, parameter = array(events.c.dedupe, keys)
    with filled.snapshot() as conn:
        assert indexes(conn, f'SELECT dedupe FROM events WHERE "dedupe" = ANY({expression})', (parameter,)) == {
            "events_dedupe"
        }


def test_the_hottest_leads_come_in_order(filled: Database) -> None:
    scores = live.scores.c
    hottest = select(scores.lead).where(scores.z.is_not(None)).order_by(scores.z.desc(), scores.lead.desc()).limit(50)
    next_page = hottest.where(tuple_(scores.z, scores.lead) < tuple_(float(NOW + 900), UUID(int=900)))
    with filled.snapshot() as conn:
        assert indexes_of(conn, hottest) == {"scores_z"}
        assert indexes_of(conn, next_page) == {"scores_z"}


def test_what_is_due_or_aside_is_found_without_the_rest(filled: Database) -> None:
    clusters = live.clusters.c
    due = due_query(live).params(clock=NOW + 1_000, limit=500)
    with filled.snapshot() as conn:
        assert indexes_of(conn, due) == {"clusters_due", "lead_states_due", "clusters_aside"}
        assert indexes_of(conn, select(clusters.cluster).where(clusters.aside.is_not(None))) == {"clusters_aside"}


@pytest.mark.parametrize("count", [1, 100])
def test_rows_of_leads_and_clusters_are_probes(filled: Database, count: int) -> None:
    leads = [UUID(int=n * 17) for n in range(count)]
    by_lead = {
        live.scores: "scores_pkey",
        live.segment_members: "segment_members_lead",
        live.funnel_leads: "funnel_leads_pkey",
        live.funnel_days: "funnel_days_pkey",
        live.funnel_steps: "funnel_steps_pkey",
        live.segment_spells: "segment_spells_pkey",
    }
    with filled.snapshot() as conn:
        for table, index in by_lead.items():
            expression, parameter = array(table.c.lead, leads)
            assert indexes(conn, f'SELECT * FROM {table.name} WHERE "lead" = ANY({expression})', (parameter,)) == {
                index
            }
        expression, parameter = array(live.funnel_steps.c.lead, leads)
        first = f'SELECT step, took FROM funnel_steps WHERE (before IS NULL) AND "lead" = ANY({expression})'
        assert indexes(conn, first, (parameter,)) == {"funnel_steps_pkey"}
        expression, parameter = array(live.identities.c.cluster, list(range(count)))
        assert indexes(conn, f"SELECT id FROM identities WHERE cluster = ANY({expression})", (parameter,)) == {
            "identities_cluster"
        }
        expression, parameter = array(live.identities.c.id, leads)
        assert indexes(conn, f"SELECT cluster FROM identities WHERE id = ANY({expression})", (parameter,)) == {
            "identities_pkey"
        }
