"""Past views: the tables at a pair are what the live ones were then, row by row; how many are kept, and which go."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import inspect, select

from domain.errors import NotFound
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import rfc3339
from projections.history.engines import Engine
from projections.queries import view as view_module
from projections.queries.as_of import NoPastView
from projections.queries.cursors import BadCursor
from projections.queries.leads import find_leads
from projections.queries.view import known_segment
from projections.upkeep import past
from projections.upkeep.activation import activate
from projections.upkeep.past import PastViewRuns, asked_for, build_past_view, drop_abandoned
from projections.upkeep.rebuild import rebuild
from store.database.derived import Derived
from store.database.errors import DatabaseAway
from store.database.tables import live
from store.past_views import (
    Keeping,
    NameTaken,
    PastView,
    PastViewGone,
    all_past_views,
    drop,
    drop_all,
    drop_old,
    past_view_of,
)  # fmt: skip
from tests.domain.histories import side
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.remembering import TimedWorld

DAY = 86_400
READ = [name for name in Derived.__slots__ if name not in ("prefix", "metadata", "projector", "clusters", "identities")]
"""The tables that two builds have in common to the byte, however they came by it."""
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def world(migrated_url: str) -> Iterator[TimedWorld]:
    world = TimedWorld(migrated_url, parse_model(MODEL), us(0))
    yield world
    assert world.verify().differing == 0
    world.close()


def arrives(world: TimedWorld, second: int, *touchpoints: Any) -> None:
    world.clock = us(second)
    world.deliver(touchpoints)
    world.project()


def traffic(world: TimedWorld) -> dict[int, Rows]:
    """Late events, a merge, an unmerge, another model; what the live tables were at some instants."""
    were = {}
    arrives(world, 10, at(8, "page_viewed", "c:1"), at(9, "form_submitted", "c:1", "e:a@x.de"))
    were[10] = rows(world, live)
    arrives(world, 3_600, at(5, "page_viewed", "c:1", received=us(3_600)), at(3_590, "page_viewed", "e:b@x.de"))
    were[3_600] = rows(world, live)
    arrives(world, DAY, at(DAY - 1, "merged", "e:a@x.de", source="api", **side("e:b@x.de")))
    were[DAY] = rows(world, live)
    switch(world, MODEL.replace("points = 12", "points = 40"))
    arrives(world, 2 * DAY, at(2 * DAY - 1, "unmerged", "e:a@x.de", source="api", **side("e:b@x.de")))
    were[2 * DAY] = rows(world, live)
    return were


def switch(world: TimedWorld, text: str) -> None:
    world.clock += 10_000_000
    world.project()
    activate(world.database, world.ids, parse_model(text))
    world.model = parse_model(text)
    world.restart()


def rows(world: TimedWorld, tables: Derived) -> Rows:
    """In the order of their keys."""
    with world.database.snapshot() as conn:
        return {
            name: sorted((tuple(row) for row in conn.execute(select(getattr(tables, name)))), key=repr) for name in READ
        }


def build(world: TimedWorld, second: int, knowing: str | None = None, name: str | None = None, **how: Any) -> PastView:
    pair = world.reader.pair(rfc3339(us(second)), knowing)
    asked = asked_for(name or pair.name, pair.position, pair.clock, pair.knowing, pair.model)
    return build_past_view(world.database, world.ids, asked, pair.model, how.pop("keeping", Keeping()), **how)


def test_at_each_pair_it_is_what_the_live_tables_were(world: TimedWorld) -> None:
    for second, were in traffic(world).items():
        assert rows(world, build(world, second).tables) == were


def test_of_the_present_pair_it_is_what_the_live_tables_are(world: TimedWorld) -> None:
    traffic(world)
    assert rows(world, build(world, 2 * DAY, "now").tables) == rows(world, live)


def test_workers_share_in_it(world: TimedWorld, apart: Engine) -> None:
    were = traffic(world)
    with patch.object(past, "SHARED", 1):
        assert rows(world, build(world, DAY, engine=apart).tables) == were[DAY]


def test_a_pair_before_all_time_ends_with_an_error_and_holds_nothing(world: TimedWorld) -> None:
    """It went on for ever before, with the database locked."""
    traffic(world)
    pair = world.reader.pair(rfc3339(us(1)))
    asked = asked_for("early", pair.position, -1, pair.knowing, pair.model)
    with pytest.raises(ValueError, match="lies before"):
        build_past_view(world.database, world.ids, asked, pair.model, Keeping())
    with world.database.snapshot() as conn:
        assert all_past_views(conn) == []


def test_before_anything_was_recorded_it_is_empty(world: TimedWorld) -> None:
    traffic(world)
    assert not any(rows(world, build(world, 1).tables).values())


def test_lists_are_those_of_then(world: TimedWorld) -> None:
    traffic(world)
    build(world, 3_600)
    with world.reader.view(rfc3339(us(3_600))) as view:
        page = find_leads(view, count=True)
        assert (page.count, [lead.touches for lead in page.items]) == (2, [3, 1])
        assert [lead.announced for lead in page.items] == [True, False]
        assert view.past is not None and (view.position, view.clock) == (4, us(3_600))
    missing = pytest.raises(NoPastView, match=r"`leadline past build \S+ --knowing now` makes it")
    with missing, world.reader.view(rfc3339(us(3_600)), "now"):
        pass


def test_a_cursor_goes_on_in_the_view_that_gave_it_alone(world: TimedWorld) -> None:
    traffic(world)
    for second in (3_600, 2 * DAY):
        build(world, second)
    with world.reader.view(rfc3339(us(3_600))) as view:
        cursor = find_leads(view, limit=1).next
        assert len(find_leads(view, cursor=cursor).items) == 1
    for as_of in (None, rfc3339(us(2 * DAY))):
        with world.reader.view(as_of) as other, pytest.raises(BadCursor):
            find_leads(other, cursor=cursor)


def test_a_segment_is_one_of_the_model_of_then(world: TimedWorld) -> None:
    arrives(world, 10, at(9, "page_viewed", "c:1"))
    switch(world, MODEL.replace('name = "warm"', 'name = "lukewarm"'))
    world.clock += 10_000_000
    world.project()
    build(world, 11)
    with world.reader.view(rfc3339(us(11))) as view:
        assert known_segment(view, "warm") == "warm"
        with pytest.raises(NotFound, match="the model has returners, quiet, warm"):
            known_segment(view, "lukewarm")


def test_the_one_that_was_not_used_for_longest_goes(world: TimedWorld) -> None:
    traffic(world)
    for second in (10, 11, 12):
        world.clock += 1_000_000
        build(world, second, keeping=Keeping(most=3))
    world.clock += 3_600_000_000
    with world.reader.view(rfc3339(us(10))):
        pass
    build(world, 13, keeping=Keeping(most=3))
    assert sorted(each.clock for each in kept(world)) == [us(10), us(12), us(13)]
    assert tables_of_past_views(world) == {f"past_{each.number}_leads" for each in kept(world)}


def test_whose_use_cannot_be_noted_is_read_all_the_same(world: TimedWorld) -> None:
    traffic(world)
    build(world, 10)
    world.clock += 3_600_000_000
    away = patch.object(world.database, "transaction", side_effect=DatabaseAway("somebody writes for long"))
    with away, world.reader.view(rfc3339(us(10))) as view:
        assert find_leads(view, count=True).count == 1
    assert kept(world)[0].used_at < world.clock


def test_what_is_too_old_goes(world: TimedWorld) -> None:
    traffic(world)
    build(world, 10)
    with world.database.transaction() as conn:
        drop_old(conn, Keeping(long=100), world.clock + 100)
        assert len(all_past_views(conn)) == 1
        drop_old(conn, Keeping(long=100), world.clock + 101)
    assert (kept(world), tables_of_past_views(world)) == ([], set())


def test_names_are_of_one_instant_each_and_dropped_by_name(world: TimedWorld) -> None:
    traffic(world)
    build(world, 10, name="q1")
    with pytest.raises(NameTaken, match="'q1' of another instant is there"):
        build(world, 11, name="q1")
    first, again = kept(world)[0], build(world, 10, name="q1")
    assert again.number > first.number and [each.name for each in kept(world)] == ["q1"]
    build(world, 10, name="other")
    assert [each.name for each in kept(world)] == ["other"], "one of a pair"
    with world.database.transaction() as conn:
        drop(conn, "other")
        with pytest.raises(NotFound, match="no past view 'q1': there are none"):
            drop(conn, "q1")
    assert tables_of_past_views(world) == set()


def test_an_erasure_can_drop_all(world: TimedWorld) -> None:
    traffic(world)
    build(world, 10)
    build(world, 11)
    with world.database.transaction() as conn:
        drop_all(conn)
    assert (kept(world), tables_of_past_views(world)) == ([], set())


def test_of_one_that_is_cancelled_nothing_is_left(world: TimedWorld) -> None:
    traffic(world)

    def cancelled(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(world, DAY, report=cancelled)
    assert (kept(world), tables_of_past_views(world)) == ([], set())


def test_what_a_killed_process_left_goes_with_the_next(world: TimedWorld) -> None:
    traffic(world)
    killed = patch.object(past, "_fill", side_effect=SystemExit), patch.object(past, "drop_unfinished")
    with killed[0], killed[1], pytest.raises(SystemExit):
        build(world, 10)
    assert [each.built_at for each in kept(world)] == [None]
    with pytest.raises(NoPastView), world.reader.view(rfc3339(us(10))):
        pass
    built = build(world, 11)
    assert [each.number for each in kept(world)] == [built.number]
    assert tables_of_past_views(world) == {f"past_{built.number}_leads"}


def test_what_a_killed_process_left_goes_though_none_is_built(world: TimedWorld) -> None:
    traffic(world)
    finished = build(world, 11)
    killed = patch.object(past, "_fill", side_effect=SystemExit), patch.object(past, "drop_unfinished")
    with killed[0], killed[1], pytest.raises(SystemExit):
        build(world, 10)
    lease = world.database.elect("past view")
    assert lease is not None
    drop_abandoned(world.database)
    assert len(kept(world)) == 2, "somebody builds it"
    lease.release()
    drop_abandoned(world.database)
    assert [each.number for each in kept(world)] == [finished.number]
    assert tables_of_past_views(world) == {f"past_{finished.number}_leads"}


def test_one_at_a_time_is_built(world: TimedWorld) -> None:
    traffic(world)
    lease = world.database.elect("past view")
    assert lease is not None
    with pytest.raises(PastViewRuns, match="wait until it is there"):
        build(world, 10)
    looks: list[int] = []

    def look(done: int, of: int) -> None:
        looks.append(done)
        if len(looks) == 1:
            lease.release()

    with patch.object(past, "_GLANCE", 0.0):
        build(world, 10, report=look, waits=True)
    assert len(kept(world)) == 1


def test_one_that_was_built_while_it_was_waited_for_is_the_one(world: TimedWorld) -> None:
    traffic(world)
    first = build(world, 10)
    assert build(world, 10, waits=True).number == first.number
    assert build(world, 10).number > first.number, "who builds it by hand builds it anew"


def test_one_that_is_dropped_while_it_is_built_says_so(world: TimedWorld) -> None:
    traffic(world)

    def dropped(done: int, of: int) -> None:
        with world.database.transaction() as conn:
            drop_all(conn)

    with pytest.raises(PastViewGone, match="was dropped while it was built"):
        build(world, DAY, report=dropped)
    with patch.object(past, "_fill", lambda *how: dropped(0, 0)), pytest.raises(PastViewGone):
        build(world, DAY)
    assert (kept(world), tables_of_past_views(world)) == ([], set())


def test_who_finds_one_that_is_dropped_that_moment_is_told_to_ask_again(world: TimedWorld) -> None:
    """On SQLite whoever reads has the tables for as long."""
    traffic(world)
    build(world, 10)

    def found_then_dropped(*pair: Any) -> PastView | None:
        found = past_view_of(*pair)
        with world.database.transaction() as conn:
            drop_all(conn)
        return found

    with patch.object(view_module, "past_view_of", found_then_dropped), ExitStack() as expected:
        if world.database.dialect == "postgresql":
            expected.enter_context(pytest.raises(PastViewGone, match="was dropped just now: ask again"))
        with world.reader.view(rfc3339(us(10))) as view:
            assert find_leads(view, count=True).count == 1
    assert kept(world) == []


def test_who_drops_one_waits_for_who_reads_it_and_none_fails(world: TimedWorld) -> None:
    """As two servers do, that look for what is too old at the same moment."""
    traffic(world)
    build(world, 10)

    def drops(_: int) -> None:
        with world.database.transaction() as conn:
            drop_all(conn)

    with ThreadPoolExecutor(2) as pool:
        with world.reader.view(rfc3339(us(10))) as view:
            dropping = [pool.submit(drops, n) for n in range(2)]
            wait(dropping, 1)
            assert [len(view.conn.execute(select(table)).all()) for table in view.tables.all]
        assert [each.result(30) for each in dropping] == [None, None]
    assert kept(world) == []


def test_postgres_knows_what_is_in_its_tables_when_it_plans(world: TimedWorld) -> None:
    traffic(world)
    table = build(world, 10).tables.leads.name
    if world.database.dialect == "postgresql":
        with world.database.snapshot() as conn:
            query = "SELECT reltuples FROM pg_class WHERE oid = %s::regclass"
            assert conn.exec_driver_sql(query, (table,)).scalar_one() == 1


def test_activations_and_rebuilds_leave_them_as_they_are(world: TimedWorld) -> None:
    were = traffic(world)
    view = build(world, DAY)
    switch(world, MODEL.replace("points = 12", "points = 41"))
    rebuild(world.database, world.ids, world.model)
    assert rows(world, view.tables) == were[DAY]
    with world.reader.view(rfc3339(us(DAY))) as opened:
        assert opened.model.hash == parse_model(MODEL).hash


def kept(world: TimedWorld) -> list[PastView]:
    with world.database.snapshot() as conn:
        return all_past_views(conn)


def tables_of_past_views(world: TimedWorld) -> set[str]:
    names = inspect(world.database.engine).get_table_names()
    return {name for name in names if name.startswith("past_") and name.endswith("_leads") and "funnel" not in name}
