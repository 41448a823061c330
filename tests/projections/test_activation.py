"""Activation of another model: memberships are told, alerts are quiet, and who was told hears what no longer holds."""

from typing import Any

import pytest
from sqlalchemy import select

from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import rfc3339
from projections.queries.leads import find_leads
from projections.queries.view import Reader
from projections.upkeep import activation
from projections.upkeep.activation import Activated, ActivationRefused, activate
from store.database.tables import models
from tests.domain.histories import side
from tests.domain.stories import at, us
from tests.given_ledger import standing
from tests.given_model import MODEL
from tests.given_plans import statements_of
from tests.projections.shelf import CLOCK, Shelf
from tests.projections.switching import EASY, HOT_AT, NEVER, Switching, form
from tests.projections.world import World
from tests.services.postgres import PostgresServer

# ---- alerts ------------------------------------------------------------------------------------------------------


def test_who_is_hot_only_by_the_new_rules_is_quiet_until_they_earn_again(switching: Switching) -> None:
    switching.world.play([[form(5, "e:a@x.test")]])
    before = switching.end
    done = switching.to(EASY)
    assert done.quiet == 1
    assert switching.hot() == {switching.lead("e:a@x.test"): None}
    switching.world.play([[at(6, "identified", "e:a@x.test", profile={"city": "Bern"})]])
    assert [kind for kind, _ in switching.said(before)] == []
    switching.world.play([[at(7, "page_viewed", "e:a@x.test")]])
    assert [kind for kind, _ in switching.said(before)] == ["lead.hot", "segment.left"]
    assert list(switching.hot().values()) == [f"{switching.lead('e:a@x.test')}:lead.hot:1"]


def test_an_open_earns_nothing(switching: Switching) -> None:
    switching.world.play([[form(5, "e:a@x.test")]])
    switching.to(EASY)
    before = switching.end
    switching.world.play([[at(7, "email_opened", "e:a@x.test")]])
    assert "lead.hot" not in [kind for kind, _ in switching.said(before)]


def test_what_began_quietly_ends_quietly_and_the_next_time_is_told(switching: Switching) -> None:
    switching.world.play([[form(5, "e:a@x.test")]])
    switching.to(EASY)
    before = switching.end
    [score] = switching.world.rows("scores")
    cools_at = score.cools_at
    switching.world.clock = cools_at
    switching.world.project()
    assert switching.hot() == {}
    assert not {"lead.hot", "lead.cooled"} & {kind for kind, _ in switching.said(before)}
    again = (cools_at - us(0)) // 1_000_000 + 1
    switching.world.clock = us(again + 1)
    switching.world.play([[form(again, "e:a@x.test")]])
    assert [kind for kind, _ in switching.said(before) if kind.startswith("lead")] == ["lead.hot"]


def test_who_was_told_and_still_is_hot_hears_nothing(switching: Switching) -> None:
    switching.world.play([[form(5, "e:a@x.test"), form(6, "e:a@x.test")]])
    told = switching.hot()
    before = switching.end
    switching.to(EASY)
    later = MODEL.replace(HOT_AT, "hot_at = 25")  # the episode begins later by it
    switching.to(later)
    switching.world.project()
    switching.world.play([[at(7, "identified", "e:a@x.test", profile={"city": "Bern"})]])
    assert switching.hot() == told
    assert not [kind for kind, _ in switching.said(before) if kind.startswith("lead")]


def test_who_was_told_and_is_not_hot_any_more_is_withdrawn_aloud_and_keeps_the_promotion(switching: Switching) -> None:
    switching.to(MODEL.replace(HOT_AT, HOT_AT + '\npromote_to = "qualified"'))
    switching.world.play([[form(5, "e:a@x.test", profile={"company": "Acme"}), form(6, "e:a@x.test")]])
    assert len(switching.asks()) == 1
    before = switching.end
    done = switching.to(NEVER)
    assert [move.leads for move in done.moved.hot if move.before == "hot"] == [1]
    withdrawn = {"reason": "model", **standing(switching.world.model, email="a@x.test", company="Acme")}
    assert ("lead.hot.retracted", withdrawn) in switching.said(before)
    assert switching.hot() == {}
    assert len(switching.asks()) == 1


def test_announce_tells_of_the_quiet_ones_after_the_switch(
    switching: Switching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.projecting.batch._TOLD", 2)
    switching.world.play([[form(5, f"e:{name}@x.test") for name in "abcde"]])
    before = switching.end
    done = switching.to(EASY, announce=True)
    assert done.quiet == 5
    assert [kind for kind, _ in switching.said(before)] == []
    switching.world.project()
    assert [kind for kind, _ in switching.said(before)] == ["lead.hot"] * 5
    assert None not in switching.hot().values()


def test_announce_alone_tells_of_who_is_quiet_since_before(switching: Switching) -> None:
    switching.world.play([[form(5, "e:a@x.test")]])
    switching.to(EASY)
    switching.to(EASY, announce=True)
    switching.world.project()
    assert None not in switching.hot().values()


@pytest.mark.parametrize("told_first", [True, False])
def test_where_a_told_and_a_quiet_one_meet_the_told_one_stays(switching: Switching, told_first: bool) -> None:
    """The quiet one may be the older."""
    told, quiet = ("e:a@x.test", "e:b@x.test") if told_first else ("e:b@x.test", "e:a@x.test")
    switching.world.play([[form(5, told), form(6, told), form(1 if told_first else 9, quiet)]])
    switching.to(EASY)
    signal = switching.hot()[switching.lead(told)]
    assert signal is not None and switching.hot()[switching.lead(quiet)] is None
    before = switching.end
    switching.world.play([[at(20, "merged", told, source="api", **side(quiet))]])
    assert list(switching.hot().values()) == [signal]
    assert not [kind for kind, _ in switching.said(before) if kind.startswith("lead")]


def test_one_that_was_told_after_the_other_became_quiet_stays_too(switching: Switching) -> None:
    world = switching.world
    world.play([[form(5, "e:a@x.test")]])
    switching.to(EASY)
    world.clock += 1_000_000
    world.play([[form(9, "e:b@x.test")]])
    signal = switching.hot()[switching.lead("e:b@x.test")]
    before = switching.end
    world.play([[at(20, "merged", "e:a@x.test", source="api", **side("e:b@x.test"))]])
    assert signal is not None and list(switching.hot().values()) == [signal]
    assert not [kind for kind, _ in switching.said(before) if kind.startswith("lead")]


def test_two_quiet_ones_that_meet_stay_quiet(switching: Switching) -> None:
    switching.world.play([[form(5, "e:a@x.test"), form(9, "e:b@x.test")]])
    switching.to(EASY)
    before = switching.end
    switching.world.play([[at(20, "merged", "e:a@x.test", source="api", **side("e:b@x.test"))]])
    assert list(switching.hot().values()) == [None]
    assert "lead.hot" not in [kind for kind, _ in switching.said(before)]


def test_readers_see_of_whom_somebody_was_told(switching: Switching) -> None:
    world = switching.world
    world.play([[form(5, "e:a@x.test")], [form(5, "e:b@x.test"), form(6, "e:b@x.test")]])
    switching.to(EASY)
    with Reader(world.database, world.events, world.ids).view() as view:
        seen = {lead.profile["email"]: (lead.hot, lead.announced) for lead in find_leads(view).items}
    assert seen == {"a@x.test": (True, False), "b@x.test": (True, True)}


# ---- memberships -------------------------------------------------------------------------------------------------


def test_memberships_are_told_in_the_switch_with_the_model_as_reason(switching: Switching) -> None:
    switching.world.play([[form(5, "e:a@x.test"), at(6, "page_viewed", "e:b@x.test")]])
    before = switching.end
    dropped = MODEL.replace('name = "warm"', 'name = "lukewarm"')
    done = switching.to(dropped)
    both = [
        ({"since": rfc3339(us(second)), "reason": "model"}, standing(switching.world.model, email=email))
        for second, email in ((5, "a@x.test"), (6, "b@x.test"))
    ]
    assert sorted(switching.said(before), key=lambda each: (each[0], each[1]["person"]["email"])) == [
        *(("segment.entered", {"segment": "lukewarm", **when, **who}) for when, who in both),
        *(("segment.left", {"segment": "warm", "reason": "model", **who}) for _, who in both),
    ]
    assert {(move.before, move.now, move.leads) for move in done.moved.segments} == {
        ("", "lukewarm", 2),
        ("warm", "", 2),
    }
    assert done.moved.segments[0].examples[0].who.startswith("email ")
    switching.world.project()
    assert switching.end == before + 4


def test_where_no_stage_vanishes_nobody_counts_who_entered_which(shelf: Shelf) -> None:
    """The doctor and the page Health ask this each time; a history of stages is long."""
    with shelf.place(parse_model(MODEL)) as folder:
        world = World.on_sqlite(folder, parse_model(EASY), CLOCK, ready=True)
        with world.database.snapshot() as conn, statements_of(conn) as asked:
            activation.check_kept(conn, world.model, world.model)
        assert not [statement for statement, _ in asked if "stage_history" in statement]
        world.close()


def test_a_first_activation_is_no_change(shelf: Shelf) -> None:
    with shelf.place(parse_model(MODEL)) as folder:
        world = World.on_sqlite(folder, parse_model(EASY), CLOCK, ready=True)
        with world.database.transaction() as conn:
            conn.execute(models.delete())
        assert activate(world.database, world.ids, world.model) == Activated(world.model.hash, activation=1)
        world.play([[form(5, "e:a@x.test")]])
        assert ("lead.hot", "") in world.signals()
        world.close()


BERLIN = """
[[destinations]]
name = "berlin"
type = "webhook"
url = { env = "LEADLINE_BERLIN_URL" }
secret = { env = "LEADLINE_BERLIN_KEY" }
"""


@pytest.mark.parametrize(
    "other", [MODEL.replace('name = "lead"\n', 'name = "lead"\nlabel = "Fresh"\n', 1), MODEL + BERLIN]
)
def test_a_file_in_which_only_labels_or_destinations_differ_is_activated_without_a_refold(
    switching: Switching, other: str
) -> None:
    switching.world.play([[form(5, "e:a@x.test"), form(6, "e:a@x.test")]])
    before, rows = switching.end, switching.world.rows("projector")
    assert not switching.to(other).refolded
    with switching.world.database.snapshot() as conn:
        text = conn.execute(select(models.c.text).order_by(models.c.activation.desc())).scalars().first()
    assert text == other
    assert (switching.end, switching.world.rows("projector")) == (before, rows)


# ---- what may not vanish -----------------------------------------------------------------------------------------

SHORT = MODEL.replace('[[stages]]\nname = "customer"\nwon = true\n', "")


def test_a_stage_that_a_lead_ever_entered_may_not_vanish(switching: Switching) -> None:
    moves = [at(n, "stage_changed", "e:a@x.test", to=to) for n, to in ((6, "customer"), (7, "disqualified"))]
    switching.world.play([[form(5, "e:a@x.test"), *moves]])
    rows, before = switching.world.digest(), switching.end
    with pytest.raises(ActivationRefused, match="no stage 'customer', which 1 leads have entered"):
        activate(switching.world.database, switching.world.ids, parse_model(SHORT))
    assert (switching.world.digest(), switching.end) == (rows, before)
    switching.world.play([[form(8, "e:b@x.test")]])  # the active model is on as before


@pytest.mark.parametrize(
    "stage", ['name = "buyer"\nwas = ["customer"]\nwon = true', 'name = "customer"\nretired = true']
)
def test_it_may_be_renamed_or_kept(switching: Switching, stage: str) -> None:
    switching.world.play([[form(5, "e:a@x.test"), at(6, "stage_changed", "e:a@x.test", to="customer")]])
    before = switching.end
    text = MODEL.replace('name = "customer"\nwon = true', stage)
    assert text != MODEL
    done = switching.to(text)
    renamed = [data for kind, data in switching.said(before) if kind == "stage.changed"]
    if "buyer" in stage:
        assert [(move.before, move.now, move.leads) for move in done.moved.stages] == [("customer", "buyer", 1)]
        one = standing(switching.world.model, stage="buyer", email="a@x.test")
        assert renamed == [{"from": "customer", "to": "buyer", "since": rfc3339(us(6)), "reason": "model", **one}]
        with pytest.raises(ActivationRefused, match="'customer'"):  # what was reported under that name would be lost
            switching.to(text.replace('was = ["customer"]\n', ""))
    else:
        assert not done.moved.stages and not renamed


def test_one_that_nobody_entered_may(switching: Switching) -> None:
    switching.world.play([[form(5, "e:a@x.test")]])
    assert switching.to(SHORT).refolded


def test_it_is_asked_again_in_the_switch(switching: Switching, monkeypatch: pytest.MonkeyPatch) -> None:
    world, build = switching.world, activation.build_beside
    world.play([[form(5, "e:a@x.test")]])

    def meanwhile(*parts: Any, **more: Any) -> Any:
        world.play([[at(6, "stage_changed", "e:a@x.test", to="customer")]])
        return build(*parts, **more)

    monkeypatch.setattr(activation, "build_beside", meanwhile)
    with pytest.raises(ActivationRefused, match="customer"):
        activate(world.database, world.ids, parse_model(SHORT))


# ---- in both modes -----------------------------------------------------------------------------------------------


def test_on_postgresql_too(shelf: Shelf, postgres_server: PostgresServer) -> None:
    """What the switch finds as a set, the report, and the announcement of who is quiet."""
    with shelf.on(postgres_server, parse_model(MODEL)) as url:
        world = World(url, parse_model(MODEL), CLOCK, ready=True)
        switching = Switching(world)
        world.play([[form(5, "e:a@x.test"), form(6, "e:a@x.test")], [form(5, "e:b@x.test")], [form(5, "c:k")]])
        told = switching.hot()
        done = switching.to(EASY.replace('name = "warm"', 'name = "lukewarm"'))
        assert [(move.before, move.now, move.leads) for move in done.moved.hot] == [("", "hot", 1)]
        assert {(move.before, move.now, move.leads) for move in done.moved.segments} == {
            ("", "lukewarm", 2),
            ("warm", "", 2),
        }
        assert switching.hot() == told | {switching.lead("e:b@x.test"): None}
        before = switching.end
        switching.to(EASY, announce=True)
        world.project()
        assert "lead.hot" in [kind for kind, _ in switching.said(before)]
        assert None not in switching.hot().values()
        switching.to(NEVER)
        assert switching.hot() == {}
        with pytest.raises(ActivationRefused, match="'lead', which 2 leads"):
            switching.to(MODEL.replace('name = "lead"', 'name = "fresh"'))
        assert world.verify().differing == 0
        world.close()
