"""Ranges of clusters are the whole history, each once: folded anywhere, they give the live rows."""

import pytest

from domain.model.definition import parse_model
from projections.history.clusters import ranges
from projections.history.engines import Engine
from projections.history.work import Work
from projections.projecting.projector import read_progress
from store.database.exported import exported
from tests.domain.stories import at
from tests.given_model import MODEL
from tests.projections import tasks
from tests.projections.given_history import PLACES
from tests.projections.world import World


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("touchpoints", [1, 7, 1_000])
def test_all_ranges_give_every_live_row_once(full_world: World, place_engine: Engine, touchpoints: int) -> None:
    rows, text = [], parse_model(MODEL).text
    with exported(full_world.database, apart=place_engine.apart) as view, Work(place_engine) as work:
        progress = read_progress(view.conn)
        cut = list(ranges(view.conn, touchpoints))
        full_world.play([[at(900, "form_submitted", "e:meanwhile@x.test")]])
        for part in work.each(tasks.rows_of, ((view.source, text, within, progress) for within in cut)):
            rows += part
    meanwhile = full_world.rows("leads")
    assert len(rows) == len(meanwhile) - 1
    assert set(rows) < {tuple(row) for row in meanwhile}
    assert (len(cut) > 10, len(cut) == 1) == (touchpoints < 7, touchpoints > 100)


def test_where_nothing_is_projected_there_is_one_empty_range(migrated_sqlite_url: str) -> None:
    world = World(migrated_sqlite_url, parse_model(MODEL), 1)
    with world.database.snapshot() as conn:
        assert len(list(ranges(conn, 10))) == 1
    world.close()
