"""`touches` and `awards`: a row for each touchpoint and each time that a rule gave points; and when a lead was won."""

from typing import Any

import orjson
import pytest
from sqlalchemy import Row
from sqlalchemy.event import listen

from domain.model.definition import parse_model
from projections.upkeep.activation import activate
from projections.upkeep.rebuild import rebuild
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.world import World

CLICKED = "https://us.example/prices?utm_source=News&utm_medium=email&utm_campaign=May%00"

NEWSLETTER = '[[channels.rules]]\nname = "newsletter"\nwhere = { "source.source" = "News" }\n'


def touches(world: World) -> list[Row[Any]]:
    return sorted(world.rows("touches"), key=lambda row: (row.at, row.n))


def awards(world: World) -> list[Row[Any]]:
    return sorted(world.rows("awards"), key=lambda row: (row.at, row.n))


def test_a_touch_says_what_happened_and_where_it_came_from(world: World) -> None:
    visit = at(0, "page_viewed", "c:k", source="browser", source_name="site", id="v\x001", url=CLICKED, path="/prices")
    second = at(1, "page_viewed", "c:k", source="browser", form="", campaign=" June ", variant="B", path=7)
    world.play([[visit, second]])
    [lead] = world.leads()
    first, then = touches(world)
    assert first._asdict() == {
        "lead": lead.lead, "at": us(0), "n": 0, "day": us(0) // 86_400_000_000, "touchpoint": "v\ufffd1",
        "type": "page_viewed", "source_kind": "browser", "source": "site", "channel": "email", "came_from": "News",
        "medium": "email", "campaign": "May\ufffd", "variant": None, "path": "/prices", "form": None, "value": None,
        "revenue": None, "currency": None, "properties": orjson.dumps({"url": CLICKED, "path": "/prices"}).decode(),
        "machine": None, "withheld": None,
    }  # fmt: skip
    assert (then.channel, then.came_from, then.medium) == (None, None, None)
    assert (then.campaign, then.variant, then.path, then.form) == ("June", "B", None, None)


@pytest.mark.parametrize(("number", "text"), [(2026, "2026"), (0, "0"), (7.0, "7"), (1.5, None), (True, None)])
def test_campaigns_variants_and_forms_may_be_numbered(world: World, number: object, text: str | None) -> None:
    says = {"campaign": number, "variant": number, "form": number, "path": number}
    world.play([[at(0, "email_sent", "e:a@x.de", **says), at(1, "email_clicked", "e:a@x.de", source="import", **says)]])
    sent, clicked = touches(world)
    assert (sent.campaign, sent.variant, sent.form, sent.path) == (text, text, text, None)
    assert (clicked.campaign, clicked.variant, clicked.channel) == (text, text, None)


def test_a_path_and_what_a_touch_says_hold_no_address_of_theirs(world: World) -> None:
    says = {"path": "/unsubscribe/a@x.de", "url": "https://s.test/unsubscribe/a%40x.de"}
    world.play([[at(0, "page_viewed", "e:a@x.de", source="server", **says)]])
    [touch] = touches(world)
    assert (touch.path, orjson.loads(touch.properties)) == (
        "/unsubscribe/***",
        {"path": "/unsubscribe/***", "url": "https://s.test/unsubscribe/***"},
    )


def test_a_rule_of_channels_names_the_channel(migrated_sqlite_url: str) -> None:
    world = World(migrated_sqlite_url, parse_model(MODEL + NEWSLETTER), us(60))
    world.play([[at(0, "page_viewed", "c:k", url=CLICKED)]])
    channels = [row.channel for row in touches(world)]
    world.close()
    assert channels == ["newsletter"]


def test_what_shares_its_instant_with_a_machine_of_before_a_restart_is_a_row_beside_it(world: World) -> None:
    """What a machine does is no touch of the lead; it is taken, and its instant is known, all the same."""
    world.play([[at(0, "form_submitted", "e:a@x.de", id="a")]])
    world.play([[at(5, "email_opened", "e:a@x.de", id="b", context={"machine": "scanner"})]])
    world.restart()
    world.play([[at(5, "email_clicked", "e:a@x.de", id="c")]])
    assert [(row.touchpoint, row.n) for row in touches(world)] == [("a", 0), ("b", 0), ("c", 1)]


@pytest.mark.parametrize(("says", "value"), [
    ({"value": 7}, 7.0), ({"amount": 2.5, "total": 3}, 3.0), ({"value": "7", "amount": 1}, 7.0),
    ({"value": "1,200.50", "total": " 12.50 "}, 12.5), ({"value": "9" * 40}, float("9" * 40)), ({"value": ""}, None),
    ({"value": True}, None), ({"value": 2**64 - 1}, float(2**64 - 1)), ({}, None),
])  # fmt: skip
def test_the_value_is_the_first_number(world: World, says: dict[str, Any], value: float | None) -> None:
    world.play([[at(0, "order_placed", "e:a@x.de", **says)]])
    assert [row.value for row in touches(world)] == [value]


def test_a_machine_is_a_row_with_its_reason_and_earns_nothing(world: World) -> None:
    robot = {"context": {"machine": "honeypot"}}
    world.play([[
        at(0, "form_submitted", "e:a@x.de", id="a", **robot),
        at(0, "form_submitted", "e:a@x.de", id="b"),
        at(1, "email_unsubscribed", "e:a@x.de", id="c", **robot),
    ]])  # fmt: skip
    rows = [(row.touchpoint, row.n, row.machine) for row in touches(world)]
    assert rows == [("a", 0, "honeypot"), ("b", 1, None), ("c", 0, None)], "who unsubscribes by POST is a person"
    assert {row.touchpoint for row in awards(world)} == {"b"}


def test_of_one_instant_each_has_its_place_however_late_it_comes(world_on_each: World) -> None:
    world = world_on_each
    world.play([[at(0, "form_submitted", "e:a@x.de", id="b")], [at(0, "page_viewed", "e:a@x.de", id="a")]])
    assert [(row.n, row.touchpoint) for row in touches(world)] == [(0, "a"), (1, "b")]
    assert [(row.n, row.touchpoint, row.rule, row.points) for row in awards(world)] == [
        (0, "a", "page", 5.0),
        (1, "b", "form", 12.0),
        (2, "b", "first form", 3.0),
    ]


def test_rows_go_with_whoever_the_person_turns_out_to_be(world_on_each: World) -> None:
    world = world_on_each
    world.play([[at(0, "page_viewed", "c:k")], [at(1, "page_viewed", "c:k"), at(2, "page_viewed", "c:l")]])
    assert len({row.lead for row in touches(world)}) == 2
    world.play([[at(3, "identified", "c:k", "u:1")], [at(4, "merged", "u:1", source="api", **WITH_L)]])
    world.play([[at(5, "identified", "c:l", "e:a@x.de")]])
    [lead] = [row.lead for row in world.leads() if row.identified][:1]
    assert {row.lead for row in touches(world)} == {row.lead for row in world.leads()}
    assert [row.lead for row in touches(world)][:2] == [lead, lead]
    before = touches(world), awards(world)
    rebuild(world.database, world.ids, world.model)
    assert (touches(world), awards(world)) == before


def test_what_moves_or_goes_is_looked_for_from_the_leads_first_touch_on(world: World) -> None:
    """So PostgreSQL looks at few months, however many there are."""
    world.play([[at(0, "page_viewed", "c:o"), at(7, "page_viewed", "c:k"), at(9, "page_viewed", "c:k")]])
    said: list[str] = []
    listen(world.database.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    world.play([[at(20, "identified", "c:k", "u:1")]])  # a new name
    world.play([[at(8, "page_viewed", "c:k")]])  # folded anew
    changing = [each for each in said if '"touches"' in each and not each.startswith("INSERT")]
    assert [each.split()[0] for each in changing] == ["UPDATE", "SELECT", "DELETE"]
    assert all(f'"at" >= {us(7)}' in each for each in changing)


def test_touchpoints_of_any_month_have_their_rows(world_on_each: World) -> None:
    world, day = world_on_each, 86_400
    ago = [400 * day, 5_000 * day, 31 * day, 30 * day, 0]
    world.play(
        [[at(-each, "page_viewed", "c:k", id=f"{each}") for each in ago], [at(-70 * day, "form_submitted", "c:k")]]
    )
    world.play([[at(1, "identified", "c:k", "u:1")]])
    before = touches(world)
    assert len(before) == 7 and len({row.lead for row in before}) == 1
    assert world.verify().differing == 0
    rebuild(world.database, world.ids, world.model)
    world.restart()
    world.play([[at(2, "page_viewed", "c:k"), at(-800 * day, "page_viewed", "c:k")]])
    assert len(touches(world)) == 9


WITH_L = {"with": [{"kind": "user_id", "value": "2"}]}


def test_what_a_limit_withholds_is_no_award_and_what_a_reset_takes_away_is_one(world: World) -> None:
    pages = [at(n, "page_viewed", "e:a@x.de", id=f"p{n}") for n in range(5)]
    world.play([pages, [at(5, "score_reset", "e:a@x.de", source="api")]])
    assert [row.touchpoint for row in awards(world)] == ["p0", "p1", "p2"]
    assert world.rows("scores")[0].heat == 0


def test_won_at_is_the_first_time(world: World) -> None:
    move = {"source": "api"}
    world.play([[at(0, "form_submitted", "e:a@x.de")], [at(1, "stage_changed", "e:a@x.de", to="customer", **move)]])
    world.play([[at(2, "stage_changed", "e:a@x.de", to="disqualified", **move)]])
    world.play([[at(3, "stage_changed", "e:a@x.de", to="customer", **move), at(4, "page_viewed", "e:b@x.de")]])
    assert [row.won_at for row in world.leads()] == [us(1), None]


def test_days_are_those_of_the_models_zone(migrated_sqlite_url: str) -> None:
    world = World(migrated_sqlite_url, parse_model('timezone = "Pacific/Kiritimati"\n' + MODEL), us(60))
    world.play([[at(0, "form_submitted", "e:a@x.de")]])
    days = {row.day for row in (*touches(world), *awards(world))}
    world.close()
    assert days == {(us(0) + 14 * 3_600_000_000) // 86_400_000_000}


def test_revenue_is_what_the_model_says_and_value_stays_the_first_number(migrated_sqlite_url: str) -> None:
    money = (
        '[money]\ncurrency = "EUR"\nrevenue = [{ on = "order_placed", amount = "net" }, { on = "order_refunded" }]\n'
    )
    world = World(migrated_sqlite_url, parse_model(money + MODEL), us(60))
    world.play([[
        at(0, "order_placed", "e:a@x.de", net=7.25, amount=9),
        at(1, "order_refunded", "e:a@x.de", amount=2, currency="usd"),
        at(2, "page_viewed", "e:a@x.de", net=3),
    ]])  # fmt: skip
    rows = [(row.value, row.revenue, row.currency) for row in touches(world)]
    verified = world.verify()
    world.close()
    assert rows == [(9.0, 7_250_000, "EUR"), (2.0, -2_000_000, "USD"), (None, None, None)]
    assert verified.differing == 0


@pytest.mark.parametrize("model", [
    MODEL.replace("won = true", "hot = false"), 'timezone = "Pacific/Kiritimati"\n' + MODEL,
    '[money]\ncurrency = "EUR"\n' + MODEL, MODEL + NEWSLETTER,
])  # fmt: skip
def test_an_activation_builds_the_rows_anew_for_whatever_stands_in_them(world: World, model: str) -> None:
    """That a refold of the end differs in nothing is the world's own test."""
    won = at(1, "stage_changed", "e:a@x.de", source="api", to="customer")
    world.play([[at(0, "order_placed", "e:a@x.de", amount=5, url=CLICKED), won]])
    before = touches(world), [row.won_at for row in world.leads()]
    world.model = parse_model(model)
    activate(world.database, world.ids, world.model)
    world.restart()
    assert (touches(world), [row.won_at for row in world.leads()]) != before
