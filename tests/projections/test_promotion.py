"""Promotion: asked once an announced episode, or when what it waits for has come; withdrawn with what was retracted."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from consumers.promote.policy import asked_touchpoints
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from projections.upkeep.activation import activate
from store.database.tables import ledger, live
from store.ledger import signals_after
from tests.domain.histories import side
from tests.domain.stories import at
from tests.given_model import MODEL
from tests.projections.shelf import CLOCK, Shelf
from tests.projections.world import World

TEXT = MODEL.replace("rearm_at = 5", 'rearm_at = 5\npromote_to = "qualified"').replace("won = true", "hot = true")
PROMOTING = parse_model(TEXT)
HOT = [at(5, "form_submitted", "e:a@x.test"), at(6, "form_submitted", "e:a@x.test")]
COMPANY = at(20, "identified", "e:a@x.test", "u:1", profile={"company": "Acme"})


@pytest.fixture
def world(shelf: Shelf) -> Iterator[World]:
    with shelf.place(PROMOTING) as folder:
        opened = World.on_sqlite(folder, PROMOTING, CLOCK, ready=True)
        yield opened
        assert opened.verify().differing == 0
        opened.close()


def asked_for(world: World) -> list[Touchpoint]:
    """What the policy puts on the log."""
    with world.database.snapshot() as conn:
        return list(asked_touchpoints(signals_after(conn, 0, 1_000)))


def data(world: World, kind: str) -> list[dict[str, Any]]:
    with world.database.snapshot() as conn:
        rows = conn.execute(select(ledger.c.data).where(ledger.c.kind == kind).order_by(ledger.c.position)).scalars()
        return [orjson.loads(row) for row in rows]


def findings(world: World) -> list[list[Any]]:
    """Kind and detail of the one lead's data-quality findings."""
    with world.database.snapshot() as conn:
        [found] = conn.execute(select(live.leads.c.findings)).scalars()
    return [each[:2] for each in orjson.loads(found)]


def stage(world: World) -> str:
    [lead] = world.rows("leads")
    return str(lead.stage)


def test_who_has_what_the_stage_requires_is_asked_at_once(world: World) -> None:
    world.play([[*HOT, COMPANY]])
    [promotion] = asked_for(world)
    assert findings(world) == []
    assert promotion.properties["to"] == "qualified"
    assert promotion.identities == (("user_id", "1"),)
    assert not data(world, "lead.promotable")
    world.play([asked_for(world), asked_for(world)])
    assert stage(world) == "qualified"


def test_who_lacks_it_is_asked_by_the_touchpoint_that_brings_it(world: World) -> None:
    world.play([HOT])
    assert asked_for(world) == []
    [hot] = data(world, "lead.hot")
    assert (hot["promote_to"], hot["waits_for"]) == ("qualified", "profile.company")
    assert findings(world) == [["promotion_waits", "qualified: profile.company"]]
    world.play([[at(15, "page_viewed", "e:a@x.test")]])
    assert asked_for(world) == []
    world.play([[COMPANY]])
    assert findings(world) == []
    [promotion] = asked_for(world)
    assert promotion.identities == (("user_id", "1"),)
    assert [each["promote_to"] for each in data(world, "lead.promotable")] == ["qualified"]
    world.play([[at(25, "page_viewed", "e:a@x.test")], asked_for(world)])
    assert len(asked_for(world)) == 1
    assert stage(world) == "qualified"


def test_it_waits_only_as_long_as_the_announced_episode_lasts(world: World) -> None:
    world.play([HOT])
    [score] = world.rows("scores")
    world.clock = score.cools_at
    world.project()
    assert ("lead.cooled", "") in world.signals()
    world.play([[COMPANY]])
    assert asked_for(world) == []


def test_a_restart_forgets_nothing_of_it(world: World) -> None:
    world.play([HOT], restart=True)
    world.play([[COMPANY]])
    assert len(asked_for(world)) == 1


def test_hot_in_a_detour_is_asked_when_a_person_moves_the_lead_back(shelf: Shelf) -> None:
    model = parse_model(TEXT.replace("detour = true", "detour = true\nhot = true"))
    with shelf.place(model) as folder:
        world = World.on_sqlite(folder, model, CLOCK, ready=True)
        world.play([[at(1, "stage_changed", "e:a@x.test", to="disqualified", source="api"), *HOT, COMPANY]])
        assert asked_for(world) == []
        [hot] = data(world, "lead.hot")
        assert hot["waits_for"] == "the end of stage disqualified"
        world.play([[at(30, "stage_changed", "e:a@x.test", to="lead", source="api")]])
        assert len(asked_for(world)) == 1
        world.close()


def test_who_is_further_already_is_not_asked(world: World) -> None:
    world.play([[at(1, "stage_changed", "e:a@x.test", to="customer", source="api"), *HOT]])
    assert asked_for(world) == []
    assert all("promote_to" not in hot for hot in data(world, "lead.hot"))


def test_who_got_there_without_being_asked_is_not_asked_later(world: World) -> None:
    world.play([HOT, [at(10, "stage_changed", "e:a@x.test", to="customer", source="api")], [COMPANY]])
    world.play([[at(30, "stage_changed", "e:a@x.test", to="lead", source="api")]])
    assert asked_for(world) == []


def test_what_is_retracted_withdraws_what_was_asked_and_nothing_that_was_not(world: World) -> None:
    employee = at(40, "identified", "e:a@x.test", "u:1", profile={"email": "a@us.example"})
    world.play([HOT, [COMPANY], [employee]])
    promotion, withdrawal = asked_for(world)
    assert withdrawal.properties == {"withdraws": promotion.id}
    world.play([asked_for(world)])
    assert stage(world) == "lead"


def test_what_was_not_asked_is_not_withdrawn(world: World) -> None:
    world.play([HOT, [at(40, "identified", "e:a@x.test", profile={"email": "a@us.example"})]])
    assert ("lead.hot.retracted", "") in world.signals()
    assert asked_for(world) == []


@pytest.mark.parametrize(
    ("stage", "asked_into"),
    [('name = "sales ready"\nwas = ["qualified"]', "sales ready"), ('name = "qualified"\nretired = true', None)],
)
def test_what_waits_is_asked_by_the_name_that_the_stage_has_then(
    world: World, stage: str, asked_into: str | None
) -> None:
    world.play([HOT])
    renamed = TEXT.replace('name = "qualified"', stage).replace('promote_to = "qualified"', 'promote_to = "customer"')
    world.model = parse_model(renamed)
    activate(world.database, world.ids, world.model)
    world.restart()
    world.play([[COMPANY]])
    assert [promotion.properties["to"] for promotion in asked_for(world)] == [asked_into] * bool(asked_into)


def test_who_is_only_named_by_hand_in_the_same_cluster_stands_in_nobodys_way(world: World) -> None:
    by_hand = at(0, "merged", "e:a@x.test", source="api", **side("u:1"))
    shared = [at(0, "page_viewed", "u:2", "u:3", "c:m"), at(0, "page_viewed", "u:3", "e:a@x.test", "c:m", id="both")]
    hot = [at(n, "form_submitted", "u:3", profile={"company": "Acme"}) for n in (5, 6)]
    world.play([[each] for each in (by_hand, *shared)])
    world.play([hot])
    assert [promotion.properties["to"] for promotion in asked_for(world)] == ["qualified"]
