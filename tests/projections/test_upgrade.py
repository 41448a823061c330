"""A database that a former release wrote, in this release: refused in one line, rebuilt, and then gone on with."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import inspect, select, text

from domain.errors import Retry
from domain.model.definition import parse_model
from projections.projecting.projector import read_progress
from projections.projecting.saved import SavedByAnother
from projections.upkeep.activation import activate
from projections.upkeep.rebuild import rebuild
from store.database.database import Database
from store.database.tables import ledger, live, open_signals
from tests.domain.stories import SECOND, START, at
from tests.given_model import MODEL
from tests.given_releases import load_release
from tests.projections.switching import EASY
from tests.projections.world import World

REFUSED = r"saved by another release \(format (6|12|13), this one's is \d+\): run `leadline rebuild`"


WITHOUT_OWNERS = [(release, name) for release in ("0.2", "0.3") for name in ("sqlite", "postgresql")]
"""Releases, and databases: they knew no owners."""


@pytest.fixture(params=[*WITHOUT_OWNERS, ("0.4", "sqlite"), ("0.4", "postgresql")], ids=" ".join)
def given_former_release(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world in which a former release worked, with today's code, at the instant at which it was left."""
    release, name = request.param
    folder = request.getfixturevalue("tmp_path")
    sqlite = name == "sqlite"
    url = f"sqlite:///{folder / 'leadline.db'}" if sqlite else request.getfixturevalue("postgres_url")
    load_release(url, release)
    world = World(url, parse_model(MODEL), 0)
    with world.database.snapshot() as conn:
        world.clock = read_progress(conn).clock
    yield world
    world.close()


def later(world: World, type: str, *names: str, **more: Any) -> Any:
    """A touchpoint ten seconds after the world's clock, which is moved on to it."""
    world.clock += 10 * SECOND
    return at((world.clock - START) / SECOND, type, *names, **more)


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows but the events."""
    with database.snapshot() as conn:
        return {
            table.name: [tuple(row) for row in conn.execute(select(table).order_by(*table.primary_key))]
            for table in (*live.all, ledger, open_signals)
        }


def announced(world: World) -> tuple[list[Any], list[Any]]:
    rows = everything(world.database)
    return rows["ledger"], rows["open_signals"]


# ---- before the rebuild ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("e:new@x.test",), ("e:hot@x.test",), ("e:new@x.test", "c:visitor")])
def test_the_projector_refuses_before_it_works_on_anything(given_former_release: World, names: tuple[str, ...]) -> None:
    """Also where nobody is touched whom 0.2 saved: a mixture could not be told apart from then on."""
    world = given_former_release
    world.deliver([later(world, "form_submitted", *names)])
    before = everything(world.database)
    with pytest.raises(SavedByAnother, match=REFUSED) as caught:
        world.project()
    assert len(caught.value.lines) == 1
    assert everything(world.database) == before


def test_neither_does_time_alone_move_it_nor_is_what_was_put_aside_tried(given_former_release: World) -> None:
    world = given_former_release
    before = everything(world.database)
    world.clock += 30 * 86_400 * SECOND
    for work in (world.project, world.projector.retry_aside):
        with pytest.raises(SavedByAnother, match=REFUSED):
            work()
    assert everything(world.database) == before


def test_it_waits_and_goes_on_by_itself_when_the_rebuild_is_done(given_former_release: World) -> None:
    assert issubclass(SavedByAnother, Retry)  # a projector's process waits it out, and a reader is told to come back
    world = given_former_release
    world.deliver([later(world, "form_submitted", "e:new@x.test")])
    with pytest.raises(SavedByAnother), world.projector.term(lambda _: True):
        pass
    rebuild(world.database, world.ids, world.model)
    with world.projector.term(lambda _: True) as term:
        assert term is not None
        assert term.turn()
    assert len(world.rows("leads")) == 7


def test_read_models_of_a_former_release_are_readable_and_verify_says_what_they_are(
    given_former_release: World,
) -> None:
    world = given_former_release
    assert len(world.leads()) == 6
    assert [row.stage for row in world.leads()].count("customer") == 1
    with pytest.raises(SavedByAnother, match=REFUSED):
        world.verify()


# ---- what mends it -----------------------------------------------------------------------------------------------


def rebuilt(world: World) -> None:
    rebuild(world.database, world.ids, world.model)


def test_a_rebuild_announces_nothing_again_and_verify_finds_no_difference(given_former_release: World) -> None:
    world = given_former_release
    before = announced(world)
    rebuilt(world)
    assert announced(world) == before
    [aside] = world.verify().aside
    assert "a rule divides by nothing" in aside[1]
    world.restart()
    world.projector.retry_aside()
    assert announced(world)[0][: len(before[0])] == before[0]
    assert world.signals()[len(before[0]) :] == [("segment.left", "quiet"), ("segment.entered", "warm")]
    verified = world.verify()
    assert (verified.differing, verified.aside, verified.touchpoints) == (0, (), 22)


def test_what_a_rebuild_of_a_former_release_left_behind_is_in_nobodys_way(given_former_release: World) -> None:
    """It was killed: the tables beside the live ones have other columns."""
    world = given_former_release
    with world.database.transaction() as conn:
        for name in ("projector", "leads", "lead_states"):
            conn.execute(text(f"CREATE TABLE next_{name} AS SELECT * FROM {name}"))
        conn.execute(text("ALTER TABLE next_leads DROP COLUMN first_channel"))
    rebuilt(world)
    assert world.verify().differing == 0
    with world.database.snapshot() as conn:
        assert [name for name in inspect(conn).get_table_names() if name.startswith("next_")] == []


def test_what_a_former_release_did_not_derive_is_there_after_the_rebuild(given_former_release: World) -> None:
    world = given_former_release
    rebuilt(world)
    channels = {row.identities: (row.first_channel, row.last_channel) for row in world.leads()}
    assert channels['[["anonymous_id","visitor"]]'] == ("email", "email")
    assert channels['[["email","hot@x.test"],["anonymous_id","hot"]]'] == ("paid_search", "paid_search")
    assert world.rows("lead_sources")


@pytest.mark.parametrize("given_former_release", WITHOUT_OWNERS, ids=" ".join, indirect=True)
def test_an_activation_mends_it_too(given_former_release: World) -> None:
    world = given_former_release
    world.model = parse_model(EASY)
    assert activate(world.database, world.ids, world.model).refolded
    world.restart()
    world.projector.retry_aside()
    assert world.verify().differing == 0


def test_new_touchpoints_go_on_where_a_former_release_left_off(given_former_release: World) -> None:
    world = given_former_release
    rebuilt(world)
    world.restart()
    world.projector.retry_aside()
    before = len(world.signals())
    world.play([[later(world, "page_viewed", "e:hot@x.test")]])
    assert "lead.hot" not in [kind for kind, _ in world.signals()[before:]]
    world.play([[later(world, "form_submitted", "e:cooled@x.test"), later(world, "form_submitted", "e:cooled@x.test")]])
    assert [kind for kind, _ in world.signals()[before:]].count("lead.hot") == 1
    assert world.verify().differing == 0


@pytest.mark.parametrize("given_former_release", WITHOUT_OWNERS, ids=" ".join, indirect=True)
def test_whoever_becomes_hot_then_gets_an_owner_and_who_was_hot_before_none(given_former_release: World) -> None:
    world = given_former_release
    rebuilt(world)
    world.restart()
    world.projector.retry_aside()
    activate(world.database, world.ids, parse_model(MODEL + '\n[[sales.owners]]\nname = "ana"\n'))
    world.play([[later(world, "page_viewed", "e:hot@x.test")]])
    assert "lead.assigned" not in [kind for kind, _ in world.signals()]
    world.play([[later(world, "form_submitted", "e:cooled@x.test"), later(world, "form_submitted", "e:cooled@x.test")]])
    assert [kind for kind, _ in world.signals()].count("lead.assigned") == 1
    assert world.verify().differing == 0
