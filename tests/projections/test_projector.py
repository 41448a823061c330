"""The projector: whatever the order, batches, restarts and repeats, the same rows; and `verify` finds no difference."""

import itertools
import math
import random

import orjson
import pytest
from sqlalchemy import select

from domain.touchpoints.touchpoint import Touchpoint, rfc3339
from projections.projecting.batch import Batches
from projections.upkeep.rebuild import rebuild
from store.database.tables import ledger
from tests.domain.given_stories import STORIES
from tests.domain.histories import side
from tests.domain.stories import SECOND, at, us
from tests.given_ledger import standing
from tests.projections.paths import IDENTITIES
from tests.projections.shelf import CLOCK, Shelf, a_world
from tests.projections.world import World


@pytest.mark.parametrize("name", [name for name in STORIES if name not in IDENTITIES])
def test_a_story_of_what_is_said_by_hand_gives_the_same_rows_in_every_order(shelf: Shelf, name: str) -> None:
    touchpoints, expected = STORIES[name]
    orders = itertools.islice(
        itertools.permutations(touchpoints), 0, None, max(1, math.factorial(len(touchpoints)) // 9)
    )
    digests = set()
    for number, order in enumerate(orders):
        with a_world(shelf) as world:
            world.play([[touchpoint] for touchpoint in order], restart=number % 2 == 0)
            assert sorted(row.touches for row in world.rows("leads")) == sorted(expected.values())
            digests.add(tuple(world.digest().items()))
    assert len(digests) == 1


def test_with_next_to_no_memory_the_rows_are_the_same(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a projector remembers is bounded, and only saves it look-ups: here it forgets everything all the time."""
    alone = [at(n, "page_viewed", f"c:{n}") for n in range(12)] + [
        at(12 + n, "page_viewed", f"u:{n}") for n in range(6)
    ]
    linked = [at(20 + n, "form_submitted", f"c:{n}", f"u:{n % 6}", f"e:{n % 6}@x.de") for n in range(12)]
    later = [at(40 + n, "page_viewed", f"c:{n % 12}") for n in range(24)]
    told = [*alone, *linked, *later]
    digests = []
    for few in (False, True):
        if few:
            monkeypatch.setattr("projections.projecting.link._LIMIT", 1)
            monkeypatch.setitem(Batches.__init__.__kwdefaults__, "keep", 1)
        with a_world(shelf) as world:
            world.play([told[n : n + 4] for n in range(0, len(told), 4)])
            digests.append(world.digest())
    assert digests[0] == digests[1]


def test_a_hot_lead_is_announced_once_with_its_reasons_and_cools_at_its_instant(world: World) -> None:
    world.play([[at(0, "page_viewed", "c:k")], [at(1, "form_submitted", "c:k", "e:a@x.de")],
                [at(2, "page_viewed", "c:k")], [at(1, "form_submitted", "c:k", "e:a@x.de")]])  # fmt: skip
    assert [kind for kind, _ in world.signals()].count("lead.hot") == 1
    [score] = world.rows("scores")
    assert score.hot is True
    world.clock = score.cools_at - 1
    world.project()
    assert ("lead.cooled", "") not in world.signals()
    world.clock = score.cools_at
    world.project()
    assert ("lead.cooled", "") in world.signals()
    assert ("lead.hot", "") not in world.opens()


def test_an_alert_that_a_late_touchpoint_undoes_is_retracted(world: World) -> None:
    world.play([[at(5, "form_submitted", "e:a@x.de"), at(6, "form_submitted", "e:a@x.de")]])
    assert ("lead.hot", "") in world.opens()
    world.play([[at(7, "identified", "e:a@x.de", profile={"email": "a@us.example"})]])
    assert ("lead.hot.retracted", "") in world.signals()


def test_a_lead_that_ceased_hands_over_what_is_open(world: World) -> None:
    hot = [at(n, "form_submitted", f"e:{name}@x.test") for name in "ab" for n in (1, 2)]
    world.play([hot])
    assert world.opens().count(("lead.hot", "")) == 2
    world.play([[at(3, "merged", "e:a@x.test", source="api", **side("e:b@x.test"))]])
    assert len(world.rows("leads")) == 1
    assert world.opens().count(("lead.hot", "")) == 1
    world.play([[at(4, "unmerged", "e:a@x.test", source="api", **side("e:b@x.test"))]])
    assert world.opens().count(("lead.hot", "")) == 2


def test_a_touchpoint_after_the_clock_waits_for_its_instant(world: World) -> None:
    future = at(1000, "form_submitted", "e:a@x.de")
    world.play([[at(1, "page_viewed", "e:a@x.de"), future]])
    [lead] = world.rows("leads")
    assert (lead.touches, world.projector._progress.clock) == (1, CLOCK + 10 * SECOND)  # type: ignore[union-attr]
    world.clock = future.instant
    world.project()
    assert world.rows("leads")[0].touches == 2


def test_a_cookie_that_too_many_people_use_binds_nobody_in_any_order(shelf: Shelf) -> None:
    touchpoints = [at(n, "identified", "c:k", f"u:{n}") for n in range(1, 9)]
    touchpoints += [at(n + 0.5, "page_viewed", "c:k") for n in range(1, 9)]
    touchpoints += [at(n + 20, "page_viewed", f"u:{n}") for n in range(1, 9)]
    digests = set()
    for seed in range(6):
        dice = random.Random(seed)
        dice.shuffle(touchpoints)
        cuts = sorted(dice.sample(range(len(touchpoints)), 4))
        with a_world(shelf) as world:
            world.play([touchpoints[a:b] for a, b in itertools.pairwise([0, *cuts, len(touchpoints)])])
            digests.add(tuple(world.digest().items()))
            assert len(world.rows("leads")) == 9
    assert len(digests) == 1


def test_one_lead_never_stops_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from domain.fold.fold import Fold

    fold = Fold.step

    def fails(self: Fold, lead: object, group: list[Touchpoint], instant: int, trace: object = None) -> None:
        if any(touchpoint.properties.get("poison") for touchpoint in group):
            raise ArithmeticError("a rule divides by nothing")
        fold(self, lead, group, instant, trace)  # type: ignore[arg-type]

    monkeypatch.setattr(Fold, "step", fails)
    world.play([[at(1, "page_viewed", "e:a@x.de", poison=True), at(1, "page_viewed", "e:b@x.de")],
                [at(2, "page_viewed", "e:a@x.de"), at(2, "page_viewed", "e:b@x.de")]])  # fmt: skip
    assert [row.touches for row in world.rows("leads")] == [2]
    [cluster] = [row for row in world.rows("clusters") if row.aside]
    assert "a rule divides by nothing" in cluster.aside
    monkeypatch.undo()
    world.restart()
    world.projector.retry_aside()
    assert sorted(row.touches for row in world.rows("leads")) == [2, 2]


def test_rebuild_changes_no_byte_and_announces_nothing(world: World) -> None:
    world.play([[t for touchpoints, _ in STORIES.values() for t in touchpoints]])
    before, signals = world.digest(), world.signals()
    rebuild(world.database, world.ids, world.model)
    assert world.digest() == before
    world.project()
    assert (world.digest(), world.signals()) == (before, signals)


def test_memberships_say_since_when_and_until_when_however_late_they_are_looked_at(world: World) -> None:
    day = 86_400
    world.play([[at(0, "page_viewed", "e:a@x.test"), at(1, "page_viewed", "e:a@x.test")]])
    world.clock = CLOCK + 5 * day * SECOND
    world.project()
    with world.database.snapshot() as conn:
        rows = conn.execute(select(ledger.c.kind, ledger.c.data).where(ledger.c.subject == "returners")).all()
    ann = standing(world.model, email="a@x.test")
    assert {row.kind: orjson.loads(row.data) for row in rows} == {
        "segment.entered": {"segment": "returners", "since": rfc3339(us(1)), **ann},
        "segment.left": {"segment": "returners", "ended": rfc3339(us(day)), **ann},
    }
    with world.database.snapshot() as conn:
        [stage] = conn.execute(select(ledger.c.data).where(ledger.c.kind == "stage.changed")).scalars()
    assert orjson.loads(stage) == {"from": "visitor", "to": "lead", "since": rfc3339(us(0)), **ann}


def test_of_two_that_become_one_the_second_stage_says_where_they_are_now(world: World) -> None:
    world.play([[at(1, "identified", "e:a@x.test")], [at(2, "stage_changed", "e:b@x.test", to="customer")]])
    world.play([[at(3, "merged", "e:a@x.test", source="api", **side("e:b@x.test"))]])
    with world.database.snapshot() as conn:
        rows = conn.execute(select(ledger.c.data).where(ledger.c.kind == "stage.changed")).scalars().all()
    merged = [data for row in rows if (data := orjson.loads(row)).get("reason") == "merged"]
    one = standing(world.model, stage="customer", email="b@x.test")  # said last, and not by the command
    assert merged == [{"from": "customer", "to": "customer", "since": rfc3339(us(2)), "reason": "merged", **one}]
