"""One shelf of migrated databases for all worlds."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from domain.model.definition import parse_model
from projections.history.engines import INLINE, Dask, Engine, Pool
from tests.domain.stories import us
from tests.given_model import MODEL
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


@pytest.fixture(autouse=True)
def warnings_only() -> None:
    """A restart says which partitions it reads: thousands of times here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
