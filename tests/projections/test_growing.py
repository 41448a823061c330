"""Tables with ever more rows a lead: what is written step by step is what a fold of the whole history gives."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.histories import law
from tests.domain.stories import at, us
from tests.projections.shelf import Shelf
from tests.projections.world import World
from tests.services.postgres import PostgresServer

MODEL = parse_model("""
timezone = "Asia/Shanghai"
stages = [{ name = "lead" }]
[[segments]]
name = "readers"
when = { did = "page_viewed", within = "2h" }
[[segments]]
name = "keen"
when = { did = "page_viewed", at_least = 3, within = "3d" }
[[segments]]
name = "asleep"
when = { did = "page_viewed", at_most = 0, at_least = 0, within = "2h" }
[[funnels]]
name = "signup"
window = "2d"
steps = [{ on = "page_viewed" }, { on = "form_submitted" }, { on = "demo_requested" }]
[[funnels]]
name = "all of it"
order = "any"
window = "12h"
steps = [{ on = "page_viewed" }, { on = "form_submitted" }]
exclude = [{ on = "email_unsubscribed" }]
""")
HOUR = 3_600
TYPES = ("page_viewed", "page_viewed", "form_submitted", "demo_requested", "email_unsubscribed", "identified")
WHO = (("c:k",), ("c:k",), ("c:l",), ("c:k", "u:1"), ("c:l", "u:1"), ("c:l", "e:a@x.test"), ("u:2",))


@st.composite
def stories(draw: st.DrawFn) -> list[list[Touchpoint]]:
    """Batches in the order of time, but for what comes late."""
    hours = sorted(draw(st.lists(st.integers(0, 120), min_size=2, max_size=25)))
    touchpoints = [
        at(hour * HOUR, draw(st.sampled_from(TYPES)), *draw(st.sampled_from(WHO)), id=f"t{n}")
        for n, hour in enumerate(hours)
    ]
    for place in draw(st.lists(st.integers(0, len(touchpoints) - 1), max_size=2)):
        touchpoints.append(touchpoints.pop(place))
    batches = []
    while touchpoints:
        size = draw(st.sampled_from([1, 1, 2, 5]))
        batches.append(touchpoints[:size])
        touchpoints = touchpoints[size:]
    return batches


@contextmanager
def _place(on: str, shelf: Shelf, server: PostgresServer) -> Iterator[World]:
    if on == "sqlite":
        with shelf.place(MODEL) as folder:
            yield World.on_sqlite(folder, MODEL, 0, ready=True)
    else:
        with shelf.on(server, MODEL) as url:
            yield World(url, MODEL, 0, ready=True)


@pytest.mark.parametrize(("on", "examples"), [("sqlite", 40), ("postgresql", 8)])
def test_what_is_written_step_by_step_is_what_the_whole_history_gives(
    on: str, examples: int, shelf: Shelf, postgres_server: PostgresServer
) -> None:
    @law(examples)
    @given(stories(), st.booleans(), st.sampled_from([0, 1, 3, 50]))
    def holds(batches: list[list[Touchpoint]], restart: bool, ahead: int) -> None:
        with _place(on, shelf, postgres_server) as world:
            for batch in batches:  # where the clock is ahead of what is delivered, time alone already did what follows
                world.clock = max(world.clock, *(each.instant + ahead * HOUR * 1_000_000 for each in batch))
                world.play([batch], restart=restart)
                verified = world.verify()
                assert verified.differing == 0, verified.differences[:3]
            world.clock = us(200 * HOUR)
            world.project()
            verified = world.verify()
            assert verified.differing == 0, verified.differences[:3]
            world.close()

    holds()


@pytest.mark.parametrize("on", ["sqlite", "postgresql"])
def test_rows_move_with_a_visitor_who_becomes_known(on: str, shelf: Shelf, postgres_server: PostgresServer) -> None:
    with _place(on, shelf, postgres_server) as world:
        world.clock = us(HOUR)
        world.play([[at(0, "page_viewed", "c:k")], [at(HOUR, "page_viewed", "c:k")]])
        assert len(world.rows("funnel_days")) == 2
        world.clock = us(100 * HOUR)
        world.play([[at(99 * HOUR, "identified", "c:k", "u:1"), at(100 * HOUR, "form_submitted", "u:1")]])
        [lead] = world.leads()
        days = world.rows("funnel_days")
        assert {row.lead for row in days} == {lead.lead}
        assert [(row.funnel, row.step, row.started_at) for row in days] == [
            ("all of it", 1, us(HOUR)),
            ("all of it", 1, us(100 * HOUR)),
            ("signup", 1, us(HOUR)),
        ]
        spells = world.rows("segment_spells")
        assert {row.lead for row in spells} == {lead.lead}
        [spell] = [row for row in spells if row.segment == "readers"]
        assert (spell.entered_at, spell.left_at) == (us(0), us(3 * HOUR))
        world.close()
