"""The score and the timeline of a lead, told by rows, are what its history gives when it is folded once more."""

from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.fold.explain import Explanation
from domain.fold.fold import Fold
from domain.fold.outlook import coming, distance
from domain.model.definition import Model, parse_model
from domain.touchpoints.touchpoint import Instant
from projections.queries.explained import explanation_of
from projections.queries.happened import page_of
from projections.queries.score import score
from projections.queries.view import View
from projections.upkeep.rebuild import rebuild
from store.database.tables import live
from store.models import record_activation
from tests.domain.histories import BY_HAND, TYPES, histories, law
from tests.domain.stories import SECOND, at, us
from tests.projections.shelf import Shelf
from tests.projections.world import World
from tests.services.postgres import PostgresServer

WAITS: Final = (0, 60, 4_000, 100_000)
WHATS: Final = ("go on", "go on", "restart", "rebuild")
MODEL: Model = parse_model("""
[[stages]]
name = "lead"
[[stages]]
name = "qualified"
enter = [{ on = "form_submitted", where = { "profile.title" = "CEO" } }]
[[stages]]
name = "customer"
won = true
[[stages]]
name = "disqualified"
detour = true
[score]
half_life = "1d"
hot_at = 20
[[score.rules]]
name = "page"
on = "page_viewed"
points = 3
limit = "2 per 1h"
[[score.rules]]
name = "page of a chief"
on = "page_viewed"
where = { "profile.title" = "CEO" }
points = 0.1
[[score.rules]]
name = "form"
on = "form_submitted"
points = 12
limit = { count = 1, per = "amount" }
[[score.rules]]
name = "opened"
on = "email_opened"
points = -2
limit = "once"
[[score.rules]]
name = "moved"
on = "stage_changed"
points = 5
[[segments]]
name = "eager"
when = { did = "page_viewed", at_least = 2, within = "1h" }
""")


def agree(view: View) -> int:
    """How many leads there are; each is told by rows what its history gives."""
    fold, leads = Fold(view.model), view.conn.execute(select(live.leads.c.lead)).scalars().all()
    for lead in leads:
        by_rows = explanation_of(view, fold, lead)
        assert told(fold, by_rows, view.clock) == told(fold, view.lookup.explain(view.conn, fold, lead), view.clock)
        journal = view.lookup.journal(view.conn, fold, lead)
        for newest in (False, True):
            history = journal[::-1] if newest else journal
            for start in range(len(history)):
                after = history[start - 1][0].order if start else None
                assert page_of(view, lead, after, 3, newest=newest) == history[start : start + 3]
    return len(leads)


def told(fold: Fold, explanation: Explanation, clock: int) -> tuple[Any, ...]:
    """All that is said of a lead."""
    lead = explanation.lead
    ahead = distance(fold, lead, Instant(clock)), coming(fold, lead, Instant(clock))
    return explanation.points, explanation.heat, explanation.withheld, *ahead


def play(world: World, data: st.DataObject) -> None:
    """Batch by batch, a while after each other; after each all is compared."""
    waiting = data.draw(histories(most=14, types=(*TYPES, *BY_HAND, "owner_accepted"), least=3))
    try:
        while waiting:
            count, later, what = data.draw(st.tuples(st.integers(1, 9), st.sampled_from(WAITS), st.sampled_from(WHATS)))
            world.play([waiting[:count]], restart=what == "restart")
            world.clock += later * SECOND
            world.project()
            if what == "rebuild":
                rebuild(world.database, world.ids, world.model)
            with world.view() as view:
                assert agree(view)
            waiting = waiting[count:]
    finally:
        world.close()


@law(60)
@given(st.data())
def test_rows_say_what_the_history_gives(shelf: Shelf, data: st.DataObject) -> None:
    with shelf.place(MODEL) as folder:
        play(World.on_sqlite(folder, MODEL, us(100_000), ready=True), data)


@law(5)
@given(st.data())
def test_it_is_so_on_postgresql(shelf: Shelf, postgres_server: PostgresServer, data: st.DataObject) -> None:
    with shelf.on(postgres_server, MODEL) as url:
        play(World(url, MODEL, us(100_000), ready=True), data)


def test_of_one_instant_machines_come_first_and_what_a_reset_took_away_last(world: World) -> None:
    """Between them is what the limit withheld, before the reset and after it: a third page of the hour."""
    at_once = [at(1, "page_viewed", "e:a@x.test", seq=n, id=f"p{n}") for n in (0, 1, 2, 4)]
    world.model = MODEL
    with world.database.transaction() as conn:
        record_activation(conn, MODEL, world.clock)
    world.restart()
    machine = at(1, "page_viewed", "e:a@x.test", seq=5, id="p5", context={"machine": "honeypot"})
    world.play([[*at_once, machine, at(1, "score_reset", "e:a@x.test", seq=3, source="api")]])
    with world.view() as view:
        [lead] = world.leads()
        assert agree(view) == 1
        withheld = score(view, lead.lead).withheld
        assert [(each.touchpoint, each.why) for each in withheld] == [
            ("p5", "machine: honeypot"), ("p2", "limit"), ("p4", "limit"), ("p0", "reset"), ("p1", "reset"),
        ]  # fmt: skip
