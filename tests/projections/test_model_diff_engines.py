"""What another model would change is the same on every engine, over one view, whatever happens meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.model.variant import Variant
from projections.history.engines import INLINE, Engine
from projections.reports.model_diff import shape_of, sweep_of
from projections.upkeep import comparing
from projections.upkeep.comparing import diff, judge
from tests.domain.stories import at
from tests.given_model import MODEL
from tests.projections.given_history import PLACES, history
from tests.projections.switching import EASY
from tests.projections.world import World

EVERYWHERE = pytest.mark.parametrize("place", PLACES)
Told = Callable[[int, int], None]


@pytest.fixture
def full(full_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Cut into many tasks."""
    monkeypatch.setattr(comparing, "_TASK", 7)
    return full_world


def compared(world: World, engine: Engine, report: Told | None = None) -> dict[str, Any]:
    return shape_of(diff(world.database, Variant(EASY), None, report, engine)).model_dump()


@EVERYWHERE
def test_the_result_is_that_of_one_process_though_things_go_on_meanwhile(full: World, place_engine: Engine) -> None:
    alone, told = compared(full, INLINE), list[tuple[int, int]]()

    def live_traffic(done: int, of: int) -> None:
        if not told:
            full.deliver([at(500 + n, "form_submitted", f"e:new{n}@x.test", id=f"new-{n}") for n in range(9)])
            full.project()
        told.append((done, of))

    assert compared(full, place_engine, live_traffic) == alone
    assert alone["changed"] > 0 and alone["failed"] == []
    assert len(told) > 5 and told[-1] == (len(history()), len(history()))
    assert compared(full, place_engine) == compared(full, INLINE) != alone


@EVERYWHERE
def test_thresholds_are_judged_alike(full: World, place_engine: Engine) -> None:
    levels = (5.0, 15.0, 60.0)
    variants = [Variant(MODEL, hot_at=level) for level in levels]
    sweeps = [
        sweep_of(levels, judge(full.database, variants, engine=engine)).model_dump()
        for engine in (place_engine, INLINE)
    ]
    assert sweeps[0] == sweeps[1]
