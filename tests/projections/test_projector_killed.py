"""kill -9 of a projector around the commit that decides a signal: the ledger ends as if nobody had killed it."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Row, select

from domain.model.definition import parse_model
from store.database.tables import ledger
from tests.domain.stories import at
from tests.given_model import MODEL
from tests.projections.shelf import CLOCK, Shelf
from tests.projections.world import World
from tests.services.postgres import PostgresServer

HOT = [at(5, "form_submitted", "e:a@x.test"), at(6, "form_submitted", "e:a@x.test"), at(7, "page_viewed", "e:a@x.test")]
"""The second makes the lead hot."""
STEPS = pytest.mark.parametrize(("step", "when"), [("_take", "before"), ("_take", "after"), ("_run_once", "after")])
"""Nothing is written yet; all is, and not committed; it is committed, and nobody knows."""


def decided(world: World) -> Sequence[Row[Any]]:
    with world.database.snapshot() as conn:
        return conn.execute(select(ledger).order_by(ledger.c.position)).all()


def undisturbed(shelf: Shelf) -> Sequence[Row[Any]]:
    """The ledger of a projector that nobody killed."""
    with shelf.place(parse_model(MODEL)) as folder:
        world = World.on_sqlite(folder, parse_model(MODEL), CLOCK, ready=True)
        world.deliver(HOT)
        world.project(limit=1)
        rows = decided(world)
        world.close()
    assert [row.kind for row in rows].count("lead.hot") == 1
    return rows


def killed(url: str, step: str, when: str) -> World:
    """A world whose projector was killed, and goes on as another process."""
    world = World(url, parse_model(MODEL), CLOCK, ready=True)
    world.deliver(HOT)
    world.close()
    program = [sys.executable, "-m", "tests.projections.killed_projector", url, str(CLOCK), step, when]
    assert subprocess.run(program, check=False, timeout=120).returncode == -9
    world.start()
    assert ("lead.hot" in {row.kind for row in decided(world)}) is (step == "_run_once")
    world.project(limit=1)
    return world


@STEPS
def test_each_signal_is_decided_once(shelf: Shelf, step: str, when: str) -> None:
    with shelf.place(parse_model(MODEL)) as folder:
        world = killed(f"sqlite:///{folder / 'leadline.db'}", step, when)
        assert decided(world) == undisturbed(shelf)
        assert world.verify().differing == 0
        world.close()


@STEPS
def test_on_postgresql_too(shelf: Shelf, postgres_server: PostgresServer, step: str, when: str) -> None:
    with shelf.on(postgres_server, parse_model(MODEL)) as url:
        world = killed(url, step, when)
        assert decided(world) == undisturbed(shelf)
        world.close()
