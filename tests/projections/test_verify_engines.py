"""`verify` on every engine: the same result, over one view, whatever happens meanwhile."""

import os
import signal

import pytest
from sqlalchemy import delete, text, update

from projections.history.engines import INLINE, Engine
from projections.upkeep import verify as verify_module
from projections.upkeep.verify import Verified, verify
from store.database.tables import live
from tests.domain.stories import at
from tests.projections.given_history import APART, PLACES, history, processes_of
from tests.projections.world import World

EVERYWHERE = pytest.mark.parametrize("place", PLACES)


@pytest.fixture
def full(full_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Cut into many tasks."""
    monkeypatch.setattr(verify_module, "_TASK", 7)
    return full_world


def verified(world: World, engine: Engine) -> Verified:
    return verify(world.database, world.ids, engine=engine)


@EVERYWHERE
def test_nothing_differs_and_everything_was_folded(full: World, place_engine: Engine) -> None:
    seen = verified(full, place_engine)
    assert (seen.differing, seen.differences, seen.failed, seen.aside) == (0, (), (), ())
    assert seen.touchpoints == len(history())
    assert seen == verified(full, INLINE)


@EVERYWHERE
def test_rows_that_were_spoilt_by_hand_are_told_in_one_order(full: World, place_engine: Engine) -> None:
    [kept, *_, gone, doubled] = [row.lead for row in full.leads()]
    with full.database.transaction() as conn:
        conn.execute(update(live.scores).where(live.scores.c.lead == kept).values(heat=live.scores.c.heat + 1e-9))
        conn.execute(delete(live.leads).where(live.leads.c.lead == gone))
        conn.execute(text("UPDATE leads SET touches = touches + 1"))
        columns = ", ".join(column.name for column in live.sort_keys.columns if column.name != "lead")
        nobody = "'%s'" % ("0" * 32)
        conn.exec_driver_sql(
            f"INSERT INTO sort_keys (lead, {columns}) SELECT {nobody}, {columns} FROM sort_keys LIMIT 1"
        )
    seen = verified(full, place_engine)
    assert seen == verified(full, INLINE)
    in_ledger = [each for each in seen.differences if each.table == "open_signals"]  # of the lead that is gone
    assert seen.differing == len(seen.differences) == len(full.leads()) + 3 + len(in_ledger)
    [surplus] = [each for each in seen.differences if each.table == "sort_keys"]
    assert surplus.expected is None and surplus.key[0].int == 0
    missing = [each for each in seen.differences if each.key == (gone,) and each.table == "leads"]
    assert [each.found for each in missing] == [None]
    assert doubled in {each.key[0] for each in seen.differences}


@EVERYWHERE
def test_what_happens_meanwhile_changes_nothing(full: World, place_engine: Engine) -> None:
    before = verified(full, place_engine)
    told: list[int] = []

    def live_traffic(done: int, of: int) -> None:
        if len(told) in (0, 5):
            full.deliver([at(500 + n, "form_submitted", f"e:new{n}@x.test", id=f"{len(told)}-{n}") for n in range(9)])
            full.deliver([at(1, "identified", "u:late", "c:kiosk", id=f"late-{len(told)}")])
            full.project()
        told.append(done)

    meanwhile = verify(full.database, full.ids, live_traffic, engine=place_engine)
    assert meanwhile == before
    assert len(told) > 5
    after = verified(full, place_engine)
    assert after.differing == 0
    assert after.touchpoints == before.touchpoints + 20


@pytest.mark.parametrize("place", APART)
def test_a_worker_that_is_killed_costs_time_only(full: World, place_engine: Engine) -> None:
    before = verified(full, INLINE)
    killed: list[int] = []

    def kill_one(done: int, of: int) -> None:
        if not killed and done > before.touchpoints:
            killed.append(processes_of(place_engine)[0])
            os.kill(killed[0], signal.SIGKILL)

    assert verify(full.database, full.ids, kill_one, engine=place_engine) == before
    assert killed


@EVERYWHERE
def test_whoever_reports_may_end_it(full: World, place_engine: Engine) -> None:
    def stop(done: int, of: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        verify(full.database, full.ids, stop, engine=place_engine)
    assert verified(full, place_engine).differing == 0
