"""The score and the timeline of a lead are read off indexes, on PostgreSQL: it is asked for its plans."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from domain.model.definition import parse_model
from projections.queries.one_lead import live_lead
from projections.queries.score import score
from projections.queries.timeline import timeline
from store.database import bulk
from store.database.partitions import Partitions
from store.database.tables import live
from tests.conftest import migrated
from tests.domain.stories import SECOND, at, us
from tests.given_model import MODEL
from tests.given_plans import indexes, statements_of
from tests.projections.world import World
from tests.services.postgres import PostgresServer

PEOPLE, EACH = 2_000, 20
MONTH = 31 * 86_400 * SECOND
WHO = "e:a@x.test"


@pytest.fixture(scope="module")
def world(postgres_server: PostgresServer) -> Iterator[World]:
    """Enough rows of others that a wrong plan would show, in the months of one lead's touchpoints."""
    world = World(migrated(postgres_server.create()), parse_model(MODEL), us(0) + 3 * MONTH)
    world.play([[at(n * 86_400, "page_viewed", WHO) for n in range(60)]])
    with world.database.transaction() as conn:
        people = [UUID(int=n * 2**96 + n) for n in range(1, PEOPLE)]
        instants = [(lead, us(n * 3 * 86_400), n) for lead in people for n in range(EACH)]
        touches = [
            (lead, when, 0, 0, f"{n}", "page_viewed", "server", "shop", *[None] * 9, None, "{}", None, None)
            for lead, when, n in instants
        ]
        Partitions(live.touches).cover(conn, touches)
        bulk.insert(conn, live.touches, touches)
        bulk.insert(conn, live.awards, [
            (lead, when, 0, f"{n}", "page_viewed", "page", 1.0, 0, None) for lead, when, n in instants
        ])  # fmt: skip
        for table in ("touches", "awards"):
            conn.exec_driver_sql(f"ANALYZE {table}")
    yield world
    world.close()
    postgres_server.drop(world.url)


def test_the_score_reads_a_leads_rows_and_nothing_of_what_is_recorded(world: World) -> None:
    with world.view() as view:
        [row] = world.leads()
        with statements_of(view.conn) as asked:
            told = score(view, live_lead(view, str(row.lead)))
        assert len(told.items) + len(told.withheld) >= 60
        growing = [each for each in asked if "FROM touches" in each[0] or "FROM awards" in each[0]]
        assert len(growing) == 2 and len(asked) == 5  # and whose id it is, the card, the saved state
        assert not any(table in each[0] for each in asked for table in ("events", "clusters", "identities."))
        used = set().union(*(indexes(view.conn, *each) for each in growing))
    assert "awards_pkey" in used and all(name.endswith("_pkey") for name in used)
    assert not any("2023_10" in name or "2025" in name for name in used)  # months in which the lead was not there


def test_a_page_of_a_timeline_reads_that_page_alone(world: World) -> None:
    with world.view() as view:
        [row] = world.leads()
        first = timeline(view, row.lead, limit=10)
        with statements_of(view.conn) as asked:
            timeline(view, row.lead, limit=10, cursor=first.next)
        assert [each[0].split("FROM ")[1].split()[0] for each in asked] == ["lead_states", "touches", "awards"]
        used = set().union(*(indexes(view.conn, *each) for each in asked[1:]))
    assert "awards_pkey" in used and all(name.endswith("_pkey") for name in used)
