"""A clock that was wrong for a while: it is said, and `rebuild --clock now` brings heat and hot leads back."""

import pytest
import structlog
from sqlalchemy import select
from structlog.testing import LogCapture

from projections.projecting.projector import read_progress
from projections.upkeep.rebuild import rebuild
from store.database.tables import live
from tests.domain.stories import SECOND, at
from tests.projections.world import World

STEP = 40_000 * 86_400 * SECOND


@pytest.fixture
def stepped(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Somebody was hot; then the clock was 40,000 days ahead for a moment."""
    monkeypatch.setattr(world.database, "now", lambda conn: world.clock)
    world.play([[at(1, "form_submitted", "e:a@x.de"), at(2, "form_submitted", "e:a@x.de")]])
    assert hot(world) == [True]
    world.clock += STEP
    world.project()
    world.clock -= STEP
    world.project()
    assert hot(world) == [False]
    return world


def hot(world: World) -> list[bool]:
    with world.database.snapshot() as conn:
        return [bool(each) for each in conn.execute(select(live.scores.c.hot)).scalars()]


def test_the_clock_is_set_back_and_heat_and_hot_leads_come_back(stepped: World) -> None:
    told = stepped.signals()
    rebuild(stepped.database, stepped.ids, stepped.model)
    assert hot(stepped) == [False]  # it goes by the stored clock
    rebuild(stepped.database, stepped.ids, stepped.model, clock_now=True)
    with stepped.database.snapshot() as conn:
        assert read_progress(conn).clock == stepped.clock
    assert hot(stepped) == [True]
    assert stepped.verify().differing == 0
    assert stepped.signals()[: len(told)] == told and ("lead.hot", "") in stepped.signals()[len(told) :]
    stepped.play([[at(3, "page_viewed", "e:a@x.de")]])
    assert stepped.verify().differing == 0


def test_a_clock_that_is_right_is_not_set_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.play([[at(1, "form_submitted", "e:a@x.de")]])
    with world.database.snapshot() as conn:
        before = read_progress(conn).clock
    monkeypatch.setattr(world.database, "now", lambda conn: before - 5 * SECOND)
    rebuild(world.database, world.ids, world.model, clock_now=True)
    with world.database.snapshot() as conn:
        assert read_progress(conn).clock == before


def test_the_projector_warns_once(stepped: World) -> None:
    said = LogCapture()
    structlog.configure(processors=[said])
    stepped.restart()
    stepped.projector._clock = lambda conn: stepped.clock
    for _ in range(3):
        stepped.projector.run_once()
    warnings = [each for each in said.entries if each["event"] == "project.clock_ahead"]
    assert len(warnings) == 1 and "rebuild --clock now" in warnings[0]["hint"]
