"""kill -9 of a projector around the commit that decides a signal: the ledger ends as if nobody had killed it."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Row, select

from domain.model.definition import parse_model
from store.database.tables import deadlines, ledger
from tests.domain.stories import at
from tests.projections.killed_projector import TEXT
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
    with shelf.place(parse_model(TEXT)) as folder:
        world = World.on_sqlite(folder, parse_model(TEXT), CLOCK, ready=True)
        world.deliver(HOT)
        world.project(limit=1)
        rows = decided(world)
        world.close()
    kinds = [row.kind for row in rows]
    assert (kinds.count("lead.hot"), kinds.count("lead.assigned")) == (1, 1)
    return rows


def waited_for(world: World) -> Sequence[Row[Any]]:
    """By when an owner must have accepted."""
    with world.database.snapshot() as conn:
        return conn.execute(select(deadlines)).all()


def killed(url: str, step: str, when: str, numbers: Sequence[int] = (2,)) -> World:
    """A world whose projector was killed at its second step, and maybe again, and goes on as another process."""
    world = World(url, parse_model(TEXT), CLOCK, ready=True)
    world.deliver(HOT)
    world.close()
    program = [sys.executable, "-m", "tests.projections.killed_projector", url, str(CLOCK), step, when]
    for number in numbers:
        assert subprocess.run([*program, str(number)], check=False, timeout=120).returncode == -9
    world.start()
    assert ("lead.hot" in {row.kind for row in decided(world)}) is (step == "_run_once")
    world.project(limit=1)
    return world


@STEPS
def test_each_signal_is_decided_once(shelf: Shelf, step: str, when: str) -> None:
    with shelf.place(parse_model(TEXT)) as folder:
        world = killed(f"sqlite:///{folder / 'leadline.db'}", step, when)
        assert decided(world) == undisturbed(shelf)
        assert world.verify().differing == 0
        world.close()


def test_one_that_is_killed_twice_while_it_assigns_an_owner_assigns_one(shelf: Shelf) -> None:
    with shelf.place(parse_model(TEXT)) as folder:
        world = killed(f"sqlite:///{folder / 'leadline.db'}", "_take", "after", numbers=(2, 1))
        assert decided(world) == undisturbed(shelf)
        assert [(row.kind, row.owner, row.state) for row in waited_for(world)] == [("accept", "ana", "open")]
        assert world.verify().differing == 0
        world.close()


@STEPS
def test_on_postgresql_too(shelf: Shelf, postgres_server: PostgresServer, step: str, when: str) -> None:
    with shelf.on(postgres_server, parse_model(TEXT)) as url:
        world = killed(url, step, when)
        assert decided(world) == undisturbed(shelf)
        world.close()
