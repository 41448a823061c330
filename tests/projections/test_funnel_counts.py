"""How many leads came how far in a funnel, and about how long they took, is kept: it equals the rows whatever happens,
and quartiles of all time are exact."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from projections.projecting.counts import count_rows
from projections.queries.quartiles import quartiles
from projections.read_models.funnel_steps import SPANS, WHOLE
from projections.reports.funnels.attempts import known_funnel
from projections.reports.funnels.durations import took_ever
from projections.upkeep.rebuild import rebuild
from store.database import bulk
from store.database.database import Database, open_database
from store.database.tables import live
from tests.domain.stories import at, us
from tests.given_funnels import view_of
from tests.projections.world import World

DAY = 86_400
MINUTE = 60


@pytest.fixture
def world(world_on_each: World) -> World:
    """Six come, four fill in a form, two of these order; what happens lies days apart."""
    world_on_each.clock = us(60 * DAY)
    world_on_each.play([[
        *(at(n * DAY, "page_viewed", f"c:{n}") for n in range(6)),
        *(at(n * DAY + n * MINUTE, "form_submitted", f"c:{n}", f"e:p{n}@x.de") for n in range(4)),
    ]])  # fmt: skip
    return world_on_each


def kept(world: World) -> dict[tuple[str, int], int]:
    """By funnel and step, which is what the rows have; and so with the times."""
    steps = [row for row in world.rows("funnel_steps") if row.before is None]
    times = Counter((row.funnel, row.step, bisect_right(SPANS, row.took) - 1) for row in steps)
    assert {(row.funnel, row.step, row.span): row.leads for row in world.rows("funnel_times")} == times
    sizes = Counter((row.funnel, row.step) for row in world.rows("funnel_leads"))
    assert {(row.funnel, row.step): row.leads for row in world.rows("funnel_sizes")} == sizes
    assert world.verify().differing == 0
    return dict(sizes)


def test_leads_that_come_further_again_late_or_as_one(world: World) -> None:
    [name] = {row.funnel for row in world.rows("funnel_leads")}
    assert kept(world) == {(name, 1): 2, (name, 2): 4}
    world.play([[at(4 * DAY + 60, "form_submitted", "c:4", "e:p4@x.de")]], restart=True)  # further
    assert kept(world) == {(name, 1): 1, (name, 2): 5}
    world.play([[at(9 * DAY, "page_viewed", "c:1"), at(9 * DAY + 5, "form_submitted", "c:1", "e:p1@x.de")]])  # again
    assert kept(world) == {(name, 1): 1, (name, 2): 5}
    world.play([[at(DAY + 30, "form_submitted", "c:1", "e:p1@x.de")]])  # sooner than was known
    world.play([[at(5 * DAY + 7, "form_submitted", "c:5", "e:p0@x.de")]], restart=True)  # who came is somebody known
    assert kept(world) == {(name, 2): 5}
    world.play([[at(40 * DAY, "merged", "e:p2@x.de", "e:p3@x.de", source="api")]])
    assert kept(world) == {(name, 2): 4}


def test_a_wrong_count_is_found_and_a_rebuild_counts_anew(world: World) -> None:
    before = kept(world)
    with world.database.transaction() as conn:
        conn.execute(update(live.funnel_sizes).values(leads=77))
        conn.execute(delete(live.funnel_times))
    assert {each.table for each in world.verify().differences} == {"funnel_sizes", "funnel_times"}
    rebuild(world.database, world.ids, world.model)
    assert kept(world) == before


# ---- quartiles ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    url = f"sqlite:///{tmp_path_factory.mktemp('times') / 'leadline.db'}" if server is None else server.create()
    database = open_database(url)
    database.migrate()
    yield database
    database.close()
    if server is not None:
        server.drop(url)


EDGES = [*SPANS[:12], *(edge + more for edge in SPANS[2::31] for more in (-1, 0, 1)), SPANS[-1] * 3]
TIMES = st.lists(st.one_of(st.sampled_from(EDGES), st.integers(0, 400 * DAY * 1_000_000)), min_size=1, max_size=60)


@given(took=TIMES, again=TIMES)
def test_quartiles_of_all_time_are_those_of_the_sorted_times(
    database: Database, took: list[int], again: list[int]
) -> None:
    """What is not the first time does not count; nor does another step."""
    with database.transaction() as conn:
        conn.execute(delete(live.funnel_steps))
        bulk.insert(conn, live.funnel_steps, [
            *((UUID(int=n), "plain", 2, 20_000, None, each) for n, each in enumerate(took)),
            *((UUID(int=n), "plain", 2, 20_001, 20_000, each) for n, each in enumerate(again)),
            *((UUID(int=n), "sale", 2, 20_000, None, each) for n, each in enumerate(again)),
            *((UUID(int=n), "plain", WHOLE, 20_000, None, each) for n, each in enumerate(again)),
        ])  # fmt: skip
        count_rows(conn, live)
        assert conn.scalar(select(func.sum(live.funnel_times.c.leads))) == len(took) + 2 * len(again)
    with view_of(database) as view:
        found = took_ever(view, known_funnel(view, "plain"))
    assert found == {2: quartiles(sorted(took)), WHOLE: quartiles(sorted(again))}


def test_of_nobody_there_are_none(database: Database) -> None:
    with database.transaction() as conn:
        conn.execute(delete(live.funnel_steps))
        count_rows(conn, live)
    with view_of(database) as view:
        assert took_ever(view, known_funnel(view, "plain")) == {}
