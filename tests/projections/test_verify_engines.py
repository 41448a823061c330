"""`verify` on every engine: the same result, over one view, whatever happens meanwhile."""

import os
import signal
from collections.abc import Iterator

import pytest
from sqlalchemy import delete, text, update

from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from projections.history.engines import INLINE, Dask, Engine, Pool
from projections.upkeep import verify as verify_module
from projections.upkeep.verify import Verified, verify
from store.database.tables import live
from tests.bench import cpu
from tests.domain.given_stories import STORIES
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.world import World

APART = ("sqlite pool", "postgresql pool", "postgresql dask")
"""A Dask cluster reads PostgreSQL only."""
EVERYWHERE = pytest.mark.parametrize("place", ("sqlite inline", "postgresql inline", *APART))


@pytest.fixture
def engine(place: str, request: pytest.FixtureRequest) -> Engine:
    name = place.split()[1]
    if name == "dask":
        return Dask(request.getfixturevalue("dask_cluster").address)
    return Pool(2) if name == "pool" else INLINE


@pytest.fixture
def full(place: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Many small clusters and some large ones, claims and what is shared among them, cut into many tasks."""
    url = request.getfixturevalue("migrated_sqlite_url" if "sqlite" in place else "migrated_postgres_url")
    monkeypatch.setattr(verify_module, "_TASK", 7)
    world = World(url, parse_model(MODEL), us(60_000))
    world.play([history()])
    yield world
    world.close()


def history() -> list[Touchpoint]:
    """Every story, each under identities of its own, then a kiosk."""
    touchpoints = [
        each._replace(id=f"{number}-{each.id}", identities=tuple(
            identity._replace(value=f"s{number}{identity.value}") for identity in each.identities
        ))
        for number, (story, _) in enumerate(STORIES.values())
        for each in story
    ]  # fmt: skip
    kiosk = [at(n, "identified", f"u:k{n}", "c:kiosk", id=f"kiosk-{n}") for n in range(100, 110)]
    return touchpoints + kiosk


def verified(world: World, engine: Engine) -> Verified:
    return verify(world.database, world.ids, engine=engine)


@EVERYWHERE
def test_nothing_differs_and_everything_was_folded(full: World, engine: Engine) -> None:
    seen = verified(full, engine)
    assert (seen.differing, seen.differences, seen.failed, seen.aside) == (0, (), (), ())
    assert seen.touchpoints == len(history())
    assert seen == verified(full, INLINE)


@EVERYWHERE
def test_rows_that_were_spoilt_by_hand_are_told_in_one_order(full: World, engine: Engine) -> None:
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
    seen = verified(full, engine)
    assert seen == verified(full, INLINE)
    in_ledger = [each for each in seen.differences if each.table == "open_signals"]  # of the lead that is gone
    assert seen.differing == len(seen.differences) == len(full.leads()) + 3 + len(in_ledger)
    [surplus] = [each for each in seen.differences if each.table == "sort_keys"]
    assert surplus.expected is None and surplus.key[0].int == 0
    missing = [each for each in seen.differences if each.key == (gone,) and each.table == "leads"]
    assert [each.found for each in missing] == [None]
    assert doubled in {each.key[0] for each in seen.differences}


@EVERYWHERE
def test_what_happens_meanwhile_changes_nothing(full: World, engine: Engine) -> None:
    before = verified(full, engine)
    told: list[int] = []

    def live_traffic(done: int, of: int) -> None:
        if len(told) in (0, 5):
            full.deliver([at(500 + n, "form_submitted", f"e:new{n}@x.test", id=f"{len(told)}-{n}") for n in range(9)])
            full.deliver([at(1, "identified", "u:late", "c:kiosk", id=f"late-{len(told)}")])
            full.project()
        told.append(done)

    meanwhile = verify(full.database, full.ids, live_traffic, engine=engine)
    assert meanwhile == before
    assert len(told) > 5
    after = verified(full, engine)
    assert after.differing == 0
    assert after.touchpoints == before.touchpoints + 20


@pytest.mark.parametrize("place", APART)
def test_a_worker_that_is_killed_costs_time_only(full: World, engine: Engine) -> None:
    before = verified(full, INLINE)
    killed: list[int] = []

    def kill_one(done: int, of: int) -> None:
        if not killed and done > before.touchpoints:
            killed.append(workers(engine)[0])
            os.kill(killed[0], signal.SIGKILL)

    assert verify(full.database, full.ids, kill_one, engine=engine) == before
    assert killed


def workers(engine: Engine) -> list[int]:
    """The processes that an engine uses now."""
    if isinstance(engine, Dask):
        from distributed import Client

        with Client(engine.address, set_as_default=False) as client:
            return list(client.run(os.getpid).values())
    [forkserver, *others] = [pid for pid in cpu.family(os.getpid()) if "forkserver" in cpu.title(pid)]
    return [pid for pid in others if pid != forkserver]


@EVERYWHERE
def test_whoever_reports_may_end_it(full: World, engine: Engine) -> None:
    def stop(done: int, of: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        verify(full.database, full.ids, stop, engine=engine)
    assert verified(full, engine).differing == 0
