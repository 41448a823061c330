"""Activation of another model while a cluster is put aside: it is compared when it is folded again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.fold.fold import Fold
from projections.upkeep.rebuild import rebuild
from tests.domain.histories import side
from tests.domain.stories import at, identity
from tests.projections.switching import EASY, Switching, form


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bool], None]]:
    """Let the fold of whoever has an e-mail b@x.de fail, or not any more."""
    step = Fold.step

    def raises(self: Fold, lead: Any, group: Any, *more: Any) -> None:
        if any(identity("e:b@x.test") in touchpoint.identities for touchpoint in group):
            raise ValueError("a fault of ours")
        step(self, lead, group, *more)

    def switch(on: bool) -> None:
        monkeypatch.setattr(Fold, "step", raises if on else step)

    yield switch
    switch(False)


def test_a_cluster_that_was_put_aside_is_compared_for_the_activation_when_it_is_folded_again(
    switching: Switching, failing: Callable[[bool], None]
) -> None:
    world = switching.world
    world.play([[form(5, "e:a@x.test")], [form(5, "e:b@x.test")]])
    failing(True)
    world.play([[form(4, "e:b@x.test", seq=1)]])
    switching.to(EASY)
    assert switching.hot() == {switching.lead("e:a@x.test"): None}
    failing(False)
    before = switching.end
    world.projector.retry_aside()
    assert switching.hot() == {switching.lead("e:a@x.test"): None, switching.lead("e:b@x.test"): None}
    assert "lead.hot" not in [kind for kind, _ in switching.said(before)]


@pytest.mark.parametrize("at_once", [True, False])
def test_announce_reaches_who_was_put_aside_when_they_are_folded_again(
    switching: Switching, failing: Callable[[bool], None], at_once: bool
) -> None:
    world = switching.world
    world.play([[form(5, "e:b@x.test")]])
    failing(True)
    world.play([[form(4, "e:b@x.test", seq=1)]])
    switching.to(EASY, announce=at_once)
    if not at_once:
        switching.to(EASY, announce=True)
    world.project()
    failing(False)
    before = switching.end
    world.projector.retry_aside()
    world.project()
    assert [kind for kind, _ in switching.said(before)].count("lead.hot") == 1


@pytest.mark.parametrize("mended", ["before the second", "after it"])
def test_another_activation_does_not_take_back_that_who_was_put_aside_shall_be_told(
    switching: Switching, failing: Callable[[bool], None], mended: str
) -> None:
    world = switching.world
    world.play([[form(5, "e:b@x.test")], [form(5, "e:c@x.test")]])
    failing(True)
    world.play([[form(4, "e:b@x.test", seq=1)]])
    switching.to(EASY, announce=True)
    world.project()
    failing(mended == "after it")
    before = switching.end
    switching.to(EASY.replace("hot_at = 10", "hot_at = 9"))
    failing(False)
    world.projector.retry_aside()
    world.project()
    assert [kind for kind, _ in switching.said(before)].count("lead.hot") == 1
    assert None not in switching.hot().values()


@pytest.mark.parametrize("mended", ["before the rebuild", "after it"])
def test_a_rebuild_keeps_what_the_ledger_waits_for_of_who_was_put_aside(
    switching: Switching, failing: Callable[[bool], None], mended: str
) -> None:
    world = switching.world
    world.play([[form(5, "e:b@x.test")]])
    failing(True)
    world.play([[form(4, "e:b@x.test", seq=1)]])
    switching.to(EASY, announce=True)
    failing(mended == "after it")
    rebuild(world.database, world.ids, world.model)
    failing(False)
    before = switching.end
    world.restart()
    world.projector.retry_aside()
    world.project()
    assert [kind for kind, _ in switching.said(before)].count("lead.hot") == 1


def test_what_a_rebuild_mends_is_announced_when_a_projector_looks_at_it(
    switching: Switching, failing: Callable[[bool], None]
) -> None:
    """A rebuild never touches the ledger; who was merged while aside hands over what is open."""
    world = switching.world
    world.play([[form(5, "e:a@x.test"), form(6, "e:a@x.test")], [form(5, "e:b@x.test"), form(6, "e:b@x.test")]])
    assert len(switching.hot()) == 2
    failing(True)
    world.play([[at(20, "merged", "e:a@x.test", source="api", **side("e:b@x.test"))]])
    failing(False)
    before = switching.end
    rebuild(world.database, world.ids, world.model)
    assert switching.end == before
    world.restart()
    world.projector.retry_aside()
    assert len(switching.hot()) == 1
    assert [data["reason"] for kind, data in switching.said(before) if kind == "lead.cooled"] == ["merged"]
