"""A build that is shared among workers: the bytes of an ordinary one, whoever dies or goes on meanwhile."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Fenced
from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.model.definition import parse_model
from projections.history.engines import Engine
from projections.projecting.projector import Projector, read_progress
from projections.upkeep import beside, shares
from projections.upkeep.rebuild import rebuild
from projections.upkeep.shares import LINKING, Lap, fold_share
from store.database.derived import derived
from store.database.exported import Target
from store.events.store import EventStore
from tests.domain.histories import histories, law
from tests.domain.stories import SECOND, at, us
from tests.given_model import MODEL
from tests.projections.given_history import processes_of
from tests.projections.shelf import Shelf
from tests.projections.world import World

CLUSTER = pytest.mark.parametrize("place", ["postgresql pool", "postgresql dask"])


@pytest.fixture(autouse=True)
def small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_LAST_LAP", 1)
    monkeypatch.setattr(shares, "_TASK", 7)


@pytest.fixture
def folded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many touchpoints were folded, as each share says."""
    told: list[int] = []
    ordinary = shares.fold_shares

    def telling(*arguments: object) -> Iterator[int]:
        for done in ordinary(*arguments):  # type: ignore[arg-type]
            told.append(done)
            yield done

    monkeypatch.setattr(beside, "fold_shares", telling)
    return told


def same_saved(world: World) -> list[object]:
    """What is saved beside the read models, but for the order in which clusters got their numbers."""
    return [(row.lead, row.last, row.due) for row in world.rows("lead_states")]


@CLUSTER
def test_the_bytes_are_those_of_the_ordinary_build(full_world: World, place_engine: Engine, folded: list[int]) -> None:
    world = full_world
    before, saved = world.digest(), same_saved(world)
    rebuild(world.database, world.ids, world.model, engine=place_engine)
    assert len(folded) > 5
    assert (world.digest(), same_saved(world)) == (before, saved)
    world.play([[at(500, "form_submitted", "e:new@x.test"), at(501, "identified", "u:k3", "e:new@x.test")]])
    world.play([[at(90, "identified", "u:k200", "c:kiosk")]])  # late, and one more of the kiosk's
    world.clock += 3 * 86_400 * SECOND
    world.project()
    assert world.verify().differing == 0


@CLUSTER
def test_a_worker_that_is_killed_costs_time_only(full_world: World, place_engine: Engine, folded: list[int]) -> None:
    before = full_world.digest()
    killed: list[int] = []

    def kill_one(done: int, of: int) -> None:
        if folded and not killed:
            killed.append(processes_of(place_engine)[0])
            os.kill(killed[0], signal.SIGKILL)

    rebuild(full_world.database, full_world.ids, full_world.model, kill_one, engine=place_engine)
    assert killed and full_world.digest() == before
    assert full_world.verify().differing == 0


@CLUSTER
def test_what_is_recorded_meanwhile_is_in_it(full_world: World, place_engine: Engine, folded: list[int]) -> None:
    world = full_world
    told: list[int] = []

    def meanwhile(done: int, of: int) -> None:
        told.append(done)
        if len(told) in (1, 8):
            world.deliver([at(1, "identified", "u:late", "c:kiosk", id=f"late-{done}")])
            world.deliver([at(600, "page_viewed", "e:meanwhile@x.test", id=f"meanwhile-{done}")])
            world.project()

    rebuild(world.database, world.ids, world.model, meanwhile, engine=place_engine)
    assert len(told) > 8 and folded
    world.project()
    assert world.verify().differing == 0


@CLUSTER
def test_who_reports_may_end_it_and_nothing_was_changed(full_world: World, place_engine: Engine) -> None:
    before = full_world.digest()

    def stop(done: int, of: int) -> None:
        if 2 * done > of:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        rebuild(full_world.database, full_world.ids, full_world.model, stop, engine=place_engine)
    assert full_world.digest() == before
    rebuild(full_world.database, full_world.ids, full_world.model, engine=place_engine)
    assert full_world.digest() == before


# ---- shares, in this process -------------------------------------------------------------------------------------


@pytest.fixture
def shared_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares without workers, on SQLite."""
    monkeypatch.setattr(beside, "worth", lambda database, engine: True)


@pytest.mark.usefixtures("shared_here")
@law(60)
@given(st.data())
def test_the_law_of_shares(shelf: Shelf, data: st.DataObject) -> None:
    """Over random histories with merges, unmerges, aliases, claims and machines, some of it after the clock."""
    history = data.draw(histories())
    cut = data.draw(st.integers(0, len(history)))
    model = parse_model(MODEL)
    with shelf.place(model) as folder:
        world = World.on_sqlite(folder, model, us(data.draw(st.sampled_from([20, 200, 200_000]))), ready=True)
        world.play([[each] for each in data.draw(st.permutations(history[:cut]))])
        before, saved = world.digest(), same_saved(world)
        rebuild(world.database, world.ids, model)
        assert (world.digest(), same_saved(world)) == (before, saved)
        world.play([history[cut:]])
        world.clock = us(400_000)
        world.project()
        assert world.verify().differing == 0
        world.close()


@pytest.mark.usefixtures("shared_here")
def test_who_cannot_be_folded_is_put_aside(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.play([[at(n, "page_viewed", f"e:{n}@x.de") for n in range(1, 30)]])
    good = Fold.fold

    def fails(self: Fold, history: list[object], *more: object) -> Lead:
        lead: Lead = good(self, history, *more)  # type: ignore[arg-type]
        if lead.profile.get("email") == "7@x.de":
            raise ArithmeticError("a rule divides by nothing")
        return lead

    monkeypatch.setattr(Fold, "fold", fails)
    rebuild(world.database, world.ids, world.model)
    assert [row.aside for row in world.rows("clusters") if row.aside] == ["ArithmeticError: a rule divides by nothing"]
    assert len(world.rows("leads")) == 28
    monkeypatch.undo()
    world.projector.retry_aside()
    assert len(world.rows("leads")) == 29


def test_a_share_may_be_done_twice_and_none_of_another_build(world: World) -> None:
    world.play([[at(n, "page_viewed", f"e:{n}@x.de") for n in range(1, 30)]])
    tables = derived("next_")
    with world.database.transaction() as conn:
        tables.metadata.create_all(conn)
    builder = Projector(
        world.database, EventStore(world.database), world.ids, world.model, clock=lambda _: LINKING, tables=tables,
        announce=False, tick=1, ahead=0,
    )  # fmt: skip
    while builder.run_once():
        pass
    with world.database.snapshot() as conn:
        stamp = read_progress(conn, tables)
    target = Target(world.database.address, world.database.given_id_key)
    whole = Lap(-1, 2**62, 29)

    def fold(at: int) -> int:
        return fold_share(target, world.model, "next_", replace(stamp, build=at), world.clock, whole)

    with pytest.raises(Fenced):
        fold(stamp.build + 1)
    rows = [fold(stamp.build) and dumped(world) for _ in range(2)]
    assert rows[0] == rows[1] and len(rows[0]) == 29
    with world.database.transaction() as conn:
        tables.metadata.drop_all(conn)


def dumped(world: World) -> list[tuple[object, ...]]:
    with world.database.snapshot() as conn:
        return [tuple(row) for row in conn.exec_driver_sql("SELECT * FROM next_leads ORDER BY lead")]
