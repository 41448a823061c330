"""The report `channels`: who came from where, what became of them, what that cost and brought; on both databases."""

from collections.abc import Iterator
from itertools import product

import pytest

from domain.errors import NotFound
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import rfc3339
from projections.queries.days import DayRange
from projections.reports.answer import BadReport, ReportQuestion
from projections.reports.channels import CHANNELS
from projections.reports.people import people_behind
from projections.reports.registry import answered
from projections.upkeep.past import asked_for, build_past_view
from store.past_views import Keeping
from tests.domain.stories import at, us
from tests.given_views import asked
from tests.projections.given_lists import lists_agree
from tests.projections.given_money import (
    CNY,
    DAY,
    FIRST,
    SALES,
    SINCE_1970,
    STAGES,
    known,
    moved,
    opened,
    order,
    spend,
    told,
    visit,
)
from tests.projections.remembering import TimedWorld
from tests.projections.world import World

COUNTS = ("group", "visitors", "leads", "qualified", "hot", "won")
MONEY = ("group", "currency", "cost", "cost_per_lead", "cac", "revenue", "return")


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = opened(migrated_url)
    yield world
    assert world.verify().differing == 0
    world.close()


def test_what_a_thousand_leads_of_a_channel_cost(world: World) -> None:
    """1000 leads, 300 qualified, 20 won, 100,000 spent: 100 a lead, CAC 5,000; 30 %, 6.67 %, 2 %."""
    people = [f"e:{n}@x.example" for n in range(1000)]
    world.play([
        [each for who in people for each in (visit(1, who, "search"), known(1, who))],
        [moved(2, who, "qualified") for who in people[:300]],
        [moved(5, who, "customer") for who in people[:20]],
    ])  # fmt: skip
    spend(world, ("paid_search", "spring", 1, 60_000, "EUR"), ("paid_search", "", 2, 40_000, "EUR"))
    answer = told(world, CHANNELS)
    assert answer.picked(*COUNTS) == [("paid_search", 1000, 1000, 300, 0, 20)]
    assert answer.picked(*MONEY) == [("paid_search", "EUR", 100_000.0, 100.0, 5_000.0, None, None)]
    [row] = answer.items
    assert (row["qualified_share"], row["won_of_qualified"], row["won_share"]) == (0.3, 20 / 300, 0.02)
    assert row["days_to_won"] == 4.0
    assert answer.notes == ["qualified: entered qualified"]


def test_visitors_are_told_apart_from_leads_and_who_is_a_machine_alone_is_none(world: World) -> None:
    bot = at(1, "page_viewed", "c:bot", context={"machine": "known bot"})
    world.play([[visit(1, "c:1", "search"), visit(1, "c:2"), visit(2, "e:a@x.example", "mail"), bot]])
    assert told(world, CHANNELS).picked(*COUNTS[:3], "lead_share") == [
        ("direct", 1, 0, 0.0), ("email", 1, 1, 1.0), ("paid_search", 1, 0, 0.0),
    ]  # fmt: skip


def test_shares_of_leads_are_of_them_alone(migrated_url: str) -> None:
    """Visitors get hot, and are moved, too: of more of these than there are leads a share would be above all."""
    hot = '[score]\nhot_at = 10\n[[score.rules]]\nname = "page"\non = "page_viewed"\npoints = 12\n'
    world = opened(migrated_url, hot + STAGES)
    world.play([
        [visit(1, who, "search") for who in ("c:1", "c:2", "c:3", "e:a@x.example")],
        [moved(2, who, to) for who in ("c:1", "c:2") for to in ("qualified", "customer")],
    ])  # fmt: skip
    [row] = told(world, CHANNELS).items
    assert [row[name] for name in COUNTS] == ["paid_search", 4, 1, 0, 1, 0]
    assert (row["hot_share"], row["qualified_share"], row["won_share"], row["days_to_won"]) == (1.0, 0.0, 0.0, None)
    query = "SELECT channel, visitors, leads, qualified, hot, won FROM report_channels"
    assert asked(world.url, query) == [("paid_search", 4, 1, 0, 1, 0)]
    world.close()


def test_a_period_selects_people_by_their_first_touch_and_costs_by_their_day(world: World) -> None:
    world.play([
        [visit(1, "e:a@x.example", "search"), order(1.2, "e:a@x.example", 10)],
        [visit(2, "e:b@x.example", "search"), order(30, "e:b@x.example", 5), moved(31, "e:b@x.example", "customer")],
        [visit(3, "e:c@x.example", "search")],
    ])  # fmt: skip
    spend(world, *(("paid_search", "", day, 2**day, "EUR") for day in range(5)))
    told_day = told(world, CHANNELS, days=DayRange(FIRST + 2, FIRST + 3))
    assert told_day.picked("group", "leads", "won", "cost", "revenue") == [("paid_search", 1, 1, 4.0, 5.0)]
    assert told(world, CHANNELS).picked("leads", "cost", "revenue") == [(3, 31.0, 15.0)]
    assert told(world, CHANNELS, days=DayRange(FIRST + 20, FIRST + 21)).items == []


def test_costs_of_days_to_come_do_not_count_yet(world: World) -> None:
    world.play([[visit(1, "e:a@x.example", "search")]])
    spend(world, ("paid_search", "", 60, 5, "EUR"), ("paid_search", "", 61, 7, "EUR"))
    assert told(world, CHANNELS).picked("cost") == [(5.0,)]


def test_what_nobody_knows_is_null_and_not_nothing(world: World) -> None:
    world.play([[visit(1, "e:a@x.example", "search"), order(2, "e:b@x.example", 0)]])
    spend(world, ("paid_search", "", 1, 0, "EUR"), ("print", "", 1, 9, "EUR"))
    assert told(world, CHANNELS).picked(*MONEY) == [
        ("direct", "EUR", None, None, None, 0.0, None),
        ("paid_search", "EUR", 0.0, 0.0, None, None, None),
        ("print", "EUR", 9.0, None, None, None, None),
    ]
    assert told(world, CHANNELS).picked(*COUNTS)[-1] == ("print", 0, 0, 0, 0, 0)


def test_currencies_have_rows_of_their_own_and_never_meet(world: World) -> None:
    who = "e:a@x.example"
    world.play([
        [visit(1, who, "search"), order(2, who, 10), order(3, who, 7, currency="usd"), moved(4, who, "customer")],
        [order(5, who, 4, type="order_refunded")],
    ])  # fmt: skip
    spend(world, ("paid_search", "", 1, 3, "EUR"), ("paid_search", "", 1, 2, "GBP"))
    answer = told(world, CHANNELS)
    assert answer.picked(*MONEY) == [
        ("paid_search", "EUR", 3.0, 3.0, 3.0, 6.0, 2.0),
        ("paid_search", "GBP", 2.0, 2.0, 2.0, None, None),
        ("paid_search", "USD", None, None, None, 7.0, None),
    ]
    assert answer.picked("leads", "won") == [(1, 1)] * 3
    assert "what is of several currencies has a row for each: its other numbers are the same in each" in answer.notes


def test_amounts_are_converted_at_the_rate_of_their_day(migrated_url: str) -> None:
    world = opened(migrated_url, CNY + STAGES)
    who = "e:a@x.example"
    world.play([[
        visit(0, who, "search"), order(0, who, 100), order(1, who, 10), order(6, who, 10),
        order(6, who, 1, currency="USD"),
        order(6, who, 3, currency="CNY"), order(6, who, 2, currency="GBP"),
    ]])  # fmt: skip
    spend(world, ("paid_search", "", 2, 10, "EUR"), ("paid_search", "", 8, 20, "EUR"), ("paid_search", "", 0, 1, "EUR"))
    answer = told(world, CHANNELS)
    assert answer.picked("currency", "cost", "revenue") == [
        ("CNY", 230.0, 80.0 + 75 + 7 + 3), ("EUR", 1.0, 100.0), ("GBP", None, 2.0),
    ]  # fmt: skip
    assert answer.notes[1:-1] == [
        "cost: in CNY, each amount at the rate of its day",
        "cost: 1 in EUR not converted, [money] has no rate of their days",
        "revenue: in CNY, each amount at the rate of its day",
        "revenue: 1 in EUR not converted, [money] has no rate of their days",
        "revenue: 1 in GBP not converted, [money] has no rate of their days",
    ]
    world.close()


def test_amounts_whose_currency_nobody_said_are_apart(migrated_url: str) -> None:
    world = opened(migrated_url, STAGES)
    world.play([[order(1, "e:a@x.example", 2.5), order(1.5, "e:a@x.example", 1, currency="EUR")]])
    assert told(world, CHANNELS).picked("currency", "revenue") == [("EUR", 1.0), (None, 2.5)]
    world.close()


def test_sums_beyond_64_bits_are_sums(world: World) -> None:
    world.play([[order(n / 100, "e:a@x.example", 9e12) for n in range(30)]])
    assert told(world, CHANNELS).picked("revenue") == [(30 * 9e12,)]


def test_by_source_and_by_campaign(world: World) -> None:
    world.play([[
        visit(1, "e:a@x.example", "search"), visit(2, "e:a@x.example", "mail"), visit(1, "e:b@x.example", "fair"),
        visit(1, "e:c@x.example"),
    ]])  # fmt: skip
    spend(world, ("paid_search", "spring", 1, 4, "EUR"), ("email", "June", 1, 2, "EUR"), ("display", "", 1, 3, "EUR"))
    source, campaign = told(world, CHANNELS, "source"), told(world, CHANNELS, "campaign")
    assert source.picked("group", "leads", "cost") == [("Hannover", 1, None), ("google", 1, None), (None, 1, None)]
    assert source.notes[-1] == "cost: it is imported by channel and campaign, of a source nobody knows it"
    assert campaign.picked("group", "leads", "cost") == [(None, 2, None), ("spring", 1, 4.0), ("June", 0, 2.0)]
    assert campaign.notes[-1] == "cost: 3.00 EUR of no campaign are in no row"


def test_by_the_last_touch(world: World) -> None:
    world.play([[visit(1, "e:a@x.example", "search"), visit(2, "e:a@x.example", "mail"), visit(3, "e:b@x.example")]])
    last = {"channel": ["direct", "email"], "source": ["news", None], "campaign": ["May", None]}
    for by, groups in last.items():
        assert [row["group"] for row in told(world, CHANNELS, by, touch="last").items] == groups


def test_another_stage_may_make_a_lead_a_qualified_one(world: World) -> None:
    world.play([
        [visit(1, f"e:{n}@x.example", "search") for n in range(4)],
        [moved(2, "e:0@x.example", "lost"), moved(2, "e:1@x.example", "lost"), moved(3, "e:0@x.example", "customer")],
        [moved(4, "e:0@x.example", "lost")],
    ])  # fmt: skip
    answer = told(world, CHANNELS, qualified="lost")
    assert answer.picked("qualified", "qualified_share", "won_of_qualified") == [(2, 0.5, 0.5)]
    assert answer.notes == ["qualified: entered lost"]
    with pytest.raises(NotFound, match="no stage 'x': the model has lead, qualified, customer, lost"):
        told(world, CHANNELS, qualified="x")
    with pytest.raises(BadReport, match="touch: found 'x', allowed are first, last"):
        told(world, CHANNELS, touch="x")


def test_who_was_ever_hot_is_hot(migrated_url: str) -> None:
    rule = '[[score.rules]]\nname = "page"\non = "page_viewed"\npoints = 15\n'
    world = opened(migrated_url, SALES + '[score]\nhot_at = 10\nhalf_life = "1h"\n' + rule)
    world.play([[visit(1, "e:a@x.example"), known(1, "e:b@x.example")]])
    assert told(world, CHANNELS).picked("hot", "hot_share") == [(1, 0.5)]
    world.close()


def test_of_the_past_it_says_what_it_said_then(migrated_url: str) -> None:
    world = TimedWorld(migrated_url, parse_model(SALES), us(5 * DAY))
    world.play([[visit(1, "e:a@x.example", "search"), order(2, "e:a@x.example", 10)]])
    spend(world, ("paid_search", "", 1, 3, "EUR"), ("paid_search", "", 2, 1, "EUR"))
    world.clock = us(6 * DAY)
    world.play([[order(3, "e:a@x.example", 7, received=us(6 * DAY)), visit(5.5, "e:b@x.example", "search")]])
    spend(world, ("paid_search", "", 1, 5, "EUR"), ("email", "", 4, 2, "EUR"))
    world.project()
    answers = {}
    for knowing in (None, "now"):
        pair = world.reader.pair(rfc3339(us(5 * DAY)), knowing)
        asked = asked_for(pair.name, pair.position, pair.clock, pair.knowing, pair.model)
        build_past_view(world.database, world.ids, asked, pair.model, Keeping())
        with world.reader.view(rfc3339(us(5 * DAY)), knowing) as view:
            answer = answered(view, CHANNELS, ReportQuestion(SINCE_1970))
        answers[knowing] = [(row["group"], row["leads"], row["cost"], row["revenue"]) for row in answer.items]
    assert answers == {
        None: [("paid_search", 1, 4.0, 10.0)],
        "now": [("paid_search", 1, 6.0, 17.0), ("email", 0, 2.0, None)],
    }
    assert told(world, CHANNELS).picked("group", "leads", "cost", "revenue") == [
        ("paid_search", 2, 6.0, 17.0), ("email", 0, 2.0, None),
    ]  # fmt: skip
    world.close()


def test_a_model_of_one_stage_has_no_qualified_leads(migrated_url: str) -> None:
    world = opened(migrated_url, '[[stages]]\nname = "lead"\n')
    world.play([[visit(1, "e:a@x.example")]])
    answer = told(world, CHANNELS)
    assert answer.picked("qualified", "qualified_share", "won_of_qualified") == [(None, None, None)]
    assert answer.notes == []
    world.close()


# ---- the people behind a number ----------------------------------------------------------------------------------


def test_every_number_has_just_so_many_people(world: World) -> None:
    who = [f"e:{n}@x.example" for n in range(9)]
    world.play([
        [visit(1 + n / 10, each, (None, "search", "mail", "fair")[n % 4]) for n, each in enumerate(who)],
        [visit(1, "c:visitor", "search"), visit(1.5, who[1], "mail"), visit(5, "c:later", "search")],
        [known(2, each) for each in who],
        [moved(3, each, "qualified") for each in who[:6]],
        [moved(4, each, "lost") for each in who[3:5]],
        [moved(5, each, "customer") for each in who[:3]],
    ])  # fmt: skip
    days = DayRange(FIRST + 1, FIRST + 3)
    for by, touch, more in product(CHANNELS.by, ("first", "last"), ({}, {"qualified": "lost"})):
        question = ReportQuestion(days, by, {"touch": touch, **more})
        answer = told(world, CHANNELS, by, days, **question.options)
        assert sum(item["visitors"] for item in answer.items) == 10 and len(answer.items) > 2
        with world.view() as view:
            assert lists_agree(view, "channels", question) >= 8


def test_a_model_with_one_stage_has_no_qualified_people(migrated_url: str) -> None:
    world = opened(migrated_url, '[[stages]]\nname = "lead"\n')
    with world.view() as view, pytest.raises(BadReport, match="number: found 'qualified'"):
        people_behind(view, CHANNELS, ReportQuestion(by="channel"), "qualified")
    world.close()
