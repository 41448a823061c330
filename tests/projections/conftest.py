"""One shelf of migrated databases for all worlds."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from domain.model.definition import parse_model
from projections.history.engines import INLINE, Dask, Engine, Pool
from tests.domain.stories import us
from tests.given_model import MODEL
from tests.projections.given_history import history
from tests.projections.given_sales import FRIDAY, TEXT, Company, Open
from tests.projections.shelf import Shelf, a_world, make_shelf
from tests.projections.switching import Switching
from tests.projections.world import World


@pytest.fixture(scope="session")
def shelf() -> Iterator[Shelf]:
    with make_shelf() as made:
        yield made


@pytest.fixture
def world(shelf: Shelf) -> Iterator[World]:
    """A world of its own, in which nothing differs from a refold at the end."""
    with a_world(shelf) as found:
        yield found


@pytest.fixture
def world_on_each(migrated_url: str) -> Iterator[World]:
    """Such a world on each database in turn."""
    world = World(migrated_url, parse_model(MODEL), us(60))
    yield world
    assert world.verify().differing == 0
    world.close()


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Open]:
    """Opens companies with owners, in which everything agrees at the end."""
    opened: list[Company] = []

    def open(clock: int = FRIDAY, text: str = TEXT) -> Company:
        opened.append(Company(tmp_path, clock, text))
        return opened[-1]

    yield open
    for each in opened:
        each.close()


@pytest.fixture
def switching(world: World) -> Switching:
    return Switching(world)


@pytest.fixture(params=["pool", "dask"])
def apart(request: pytest.FixtureRequest) -> Engine:
    """Each engine that works in other processes."""
    return Pool(2) if request.param == "pool" else Dask(request.getfixturevalue("dask_cluster").address)


@pytest.fixture(params=["inline", "pool", "dask"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine."""
    if request.param == "inline":
        return INLINE
    return Pool(2) if request.param == "pool" else Dask(request.getfixturevalue("dask_cluster").address)


@pytest.fixture
def place_engine(place: str, request: pytest.FixtureRequest) -> Engine:
    """The engine of a place (see given_history.py)."""
    name = place.split()[1]
    if name == "dask":
        return Dask(request.getfixturevalue("dask_cluster").address)
    return Pool(2) if name == "pool" else INLINE


@pytest.fixture
def full_world(place: str, request: pytest.FixtureRequest) -> Iterator[World]:
    """On the database of a place many small clusters and some large ones, claims and what is shared among them."""
    url = request.getfixturevalue("migrated_sqlite_url" if "sqlite" in place else "migrated_postgres_url")
    world = World(url, parse_model(MODEL), us(60_000))
    world.play([history()])
    yield world
    world.close()


@pytest.fixture(autouse=True)
def warnings_only() -> None:
    """A restart says which partitions it reads: thousands of times here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
