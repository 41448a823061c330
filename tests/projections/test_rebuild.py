"""Rebuild and activation beside a projector that goes on: same bytes, and nobody works on with what was switched."""

from contextlib import closing

import pytest
from sqlalchemy import text

from domain.fold.fold import Fold
from domain.fold.lead import Lead, Now
from domain.model.definition import parse_model
from projections.projecting.saved import SavedByAnother
from projections.upkeep.beside import RebuildRuns
from projections.upkeep.rebuild import rebuild
from tests.domain.stories import SECOND, at, us
from tests.given_model import MODEL
from tests.projections.world import World

KNOWN = text("SELECT reltuples FROM pg_class WHERE relname = 'touches'")
"""Rows of the whole table, as far as PostgreSQL was told; -1: nobody told it."""


def test_the_projector_goes_on_with_the_clusters_of_the_build(world: World) -> None:
    """The build links less than the projector did, which learned late that the cookie was shared."""
    world.play([[at(n, "identified", "c:k", f"u:{n}")] for n in range(1, 5)])
    world.play([[at(30, "identified", "c:k", "u:8")], [at(31, "page_viewed", "u:8")]])
    world.play([[at(9, "identified", "c:k", "u:7")]])
    before = len(world.rows("clusters"))
    rebuild(world.database, world.ids, world.model)
    assert len(world.rows("clusters")) > before
    world.play([[at(40, "page_viewed", "u:8")]])
    world.clock += 2 * 86_400 * SECOND
    world.project()
    assert world.verify().differing == 0


def test_postgresql_knows_what_is_in_touches_after_it(migrated_postgres_url: str) -> None:
    with closing(World(migrated_postgres_url, parse_model(MODEL), us(100))) as world:
        world.play([[at(n, "page_viewed", f"c:{n}") for n in range(1, 5)]])
        with world.database.snapshot() as conn:
            assert conn.execute(KNOWN).scalar_one() == -1
        rebuild(world.database, world.ids, world.model)
        with world.database.snapshot() as conn:
            assert conn.execute(KNOWN).scalar_one() == 4


def test_what_was_received_ahead_of_the_clock_is_built_too(world: World) -> None:
    world.play([[at(1, "page_viewed", "e:a@x.de")], [at(1000, "form_submitted", "e:a@x.de")]])
    before = world.digest()
    rebuild(world.database, world.ids, world.model)
    assert world.digest() == before


def test_what_is_recorded_meanwhile_is_in_it(world: World) -> None:
    world.play([[at(1, "page_viewed", "e:a@x.de")]])

    def meanwhile(done: int, of: int) -> None:
        if done < of or world.rows("leads")[0].touches > 1:
            return
        world.deliver([at(2, "page_viewed", "e:a@x.de")])
        world.project()

    rebuild(world.database, world.ids, world.model, meanwhile)
    world.project()
    assert world.verify().differing == 0
    assert world.rows("leads")[0].touches == 2


def test_one_runs_at_a_time(world: World) -> None:
    lease = world.database.elect("rebuild")
    assert lease is not None
    with pytest.raises(RebuildRuns, match="another rebuild"):
        rebuild(world.database, world.ids, world.model)
    lease.release()
    rebuild(world.database, world.ids, world.model)


@pytest.mark.parametrize("part", ["step", "at"])
def test_who_cannot_be_folded_is_put_aside_and_verify_says_so(
    world: World, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = getattr(Fold, part)

    def fails(self: Fold, lead: Lead, *more: object) -> Now:
        found: Now = good(self, lead, *more)
        if lead.profile.get("email") == "a@x.de":
            raise ArithmeticError("a rule divides by nothing")
        return found

    monkeypatch.setattr(Fold, part, fails)
    world.play([[at(1, "page_viewed", "e:a@x.de"), at(1, "page_viewed", "e:b@x.de")]])
    assert [row.identities for row in world.rows("leads")] == ['[["email","b@x.de"]]']
    verified = world.verify()
    assert "divides by nothing" in verified.aside[0][1]
    assert "divides by nothing" in verified.failed[0]
    monkeypatch.undo()
    world.projector.retry_aside()
    assert len(world.rows("leads")) == 2
    assert world.verify().differing == 0


def test_saved_state_of_another_release_says_what_to_do_and_a_rebuild_mends_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.play([[at(1, "page_viewed", "e:a@x.de")]])
    monkeypatch.setattr("projections.projecting.saved.FORMAT", 99)
    world.restart()
    world.deliver([at(2, "page_viewed", "e:a@x.de")])
    with pytest.raises(SavedByAnother, match=r"saved by another release .* run `leadline rebuild`"):
        world.project()
    rebuild(world.database, world.ids, world.model)
    world.project()
    assert world.rows("leads")[0].touches == 2
    monkeypatch.undo()
    rebuild(world.database, world.ids, world.model)
