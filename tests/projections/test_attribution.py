"""The report `attribution`: what origins are owed of won leads and of revenue, against a recount of the histories."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fold.channel import Grouping
from domain.fold.money import Amounts
from domain.fold.origin import reader
from domain.model.definition import Model, parse_model
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.days import DayRange
from projections.reports.attribution import ATTRIBUTION
from tests.domain.histories import law
from tests.domain.stories import us
from tests.projections.given_money import CNY, DAY, FIRST, SALES, STAGES, known, moved, opened, order, told, visit
from tests.projections.shelf import Shelf
from tests.projections.world import World
from tests.services.postgres import PostgresServer

WON = ("group", "won_first", "won_last", "won_linear")
PAID = ("group", "currency", "revenue_first", "revenue_last", "revenue_linear")
WHO = "e:a@x.example"


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = opened(migrated_url)
    yield world
    assert world.verify().differing == 0
    world.close()


def test_a_deal_is_owed_to_the_first_the_last_and_to_all_alike(world: World) -> None:
    world.play([
        [visit(1, WHO, "search"), visit(2, WHO, "search"), visit(3, WHO, "mail"), visit(4, WHO), visit(5, WHO, "fair")],
        [order(6, WHO, 100), moved(6, WHO, "customer"), visit(7, WHO, "search")],
    ])  # fmt: skip
    third = 0.333333
    answer = told(world, ATTRIBUTION)
    assert answer.picked(*WON) == [
        ("email", 0.0, 0.0, 0.333334), ("event", 0.0, 1.0, third), ("paid_search", 1.0, 0.0, third),
    ]  # fmt: skip
    assert answer.picked(*PAID) == [
        ("email", "EUR", 0.0, 0.0, 33.333333), ("event", "EUR", 0.0, 100.0, 33.333333),
        ("paid_search", "EUR", 100.0, 0.0, 33.333334),
    ]  # fmt: skip
    assert answer.notes == []


def test_an_origin_that_comes_again_after_another_counts_again(world: World) -> None:
    world.play([[visit(1, WHO, "search"), visit(2, WHO, "mail"), visit(3, WHO, "search"), order(4, WHO, 3)]])
    assert told(world, ATTRIBUTION).picked(*PAID) == [
        ("email", "EUR", 0.0, 0.0, 1.0), ("paid_search", "EUR", 3.0, 3.0, 2.0),
    ]  # fmt: skip


def test_what_no_origin_led_to_is_direct(world: World) -> None:
    world.play([[order(1, WHO, 5), visit(2, WHO, "search"), moved(1, "e:b@x.example", "customer")]])
    assert told(world, ATTRIBUTION).picked(*WON, "revenue_linear") == [("direct", 1.0, 1.0, 1.0, 5.0)]
    assert told(world, ATTRIBUTION, "source").picked(*WON) == [(None, 1.0, 1.0, 1.0)]


def test_what_the_deal_itself_bears_led_to_it(world: World) -> None:
    world.play([[visit(1, WHO, "search"), order(2, WHO, 8, source="import", medium="email", campaign="June")]])
    assert told(world, ATTRIBUTION, "campaign").picked(*PAID) == [
        ("June", "EUR", 0.0, 8.0, 4.0), ("spring", "EUR", 8.0, 0.0, 4.0),
    ]  # fmt: skip


def test_a_machine_led_nobody_anywhere(world: World) -> None:
    bot = visit(1, WHO, "search", context={"machine": "known bot"})
    world.play([[bot, visit(2, WHO, "mail"), order(3, WHO, 5)]])
    assert told(world, ATTRIBUTION).picked(*PAID) == [("email", "EUR", 5.0, 5.0, 5.0)]


def test_a_period_selects_deals(world: World) -> None:
    world.play([[
        visit(1, WHO, "search"), order(2, WHO, 5), visit(3, WHO, "mail"), order(4, WHO, 2), moved(4, WHO, "customer"),
    ]])  # fmt: skip
    assert told(world, ATTRIBUTION, days=DayRange(FIRST + 2, FIRST + 3)).picked(*PAID) == [
        ("paid_search", "EUR", 5.0, 5.0, 5.0)
    ]
    assert told(world, ATTRIBUTION, days=DayRange(FIRST + 4)).picked(*WON, "revenue_last") == [
        ("email", 0.0, 1.0, 0.5, 2.0), ("paid_search", 1.0, 0.0, 0.5, 0.0),
    ]  # fmt: skip


def test_returns_are_owed_like_what_they_take_back(world: World) -> None:
    world.play([[
        visit(1, WHO, "search"), visit(2, WHO, "mail"), visit(3, WHO, "fair"), order(4, WHO, 1),
        order(5, WHO, 1, type="order_refunded"),
    ]])  # fmt: skip
    assert {row[2:] for row in told(world, ATTRIBUTION).picked(*PAID)} == {(0.0, 0.0, 0.0)}


def test_currencies_stay_apart_or_are_converted_at_the_rate_of_the_day(migrated_url: str) -> None:
    world = opened(migrated_url, CNY + STAGES)
    world.play([[
        visit(0, WHO, "search"), order(0.05, WHO, 9), visit(1, WHO, "mail"), order(1.5, WHO, 1, currency="USD"),
        order(8, WHO, 1),
    ]])  # fmt: skip
    answer = told(world, ATTRIBUTION)
    assert answer.picked(*PAID) == [
        ("email", "CNY", 0.0, 14.5, 7.25), ("paid_search", "CNY", 14.5, 0.0, 7.25),
        ("paid_search", "EUR", 9.0, 9.0, 9.0),
    ]  # fmt: skip
    assert answer.notes == [
        "revenue: in CNY, each amount at the rate of its day",
        "revenue: 1 in EUR not converted, [money] has no rate of their days",
        "what is of several currencies has a row for each: its other numbers are the same in each",
    ]
    world.close()


# ---- against a recount -----------------------------------------------------------------------------------------------

PEOPLE = ("e:a@x.example", "e:b@x.example", "e:c@x.example")
people = st.sampled_from(PEOPLE)
days = st.integers(1, 12)
happenings = st.one_of(
    st.builds(visit, days, people, st.sampled_from([None, "search", "mail", "fair"])),
    st.builds(lambda day, who, n, currency: order(day, who, n / 7, currency=currency), days, people,
              st.integers(-700, 700), st.sampled_from(["EUR", "USD"])),
    st.builds(moved, days, people, st.sampled_from(["qualified", "customer", "lost"])),
    st.builds(known, days, people),
)  # fmt: skip
histories = st.lists(happenings, max_size=25, unique_by=lambda touchpoint: touchpoint.id)

MODEL = parse_model(SALES)
Owed = dict[str, dict[Any, Fraction]]


def recount(model: Model, history: Sequence[Touchpoint]) -> tuple[Owed, Owed]:
    """Won leads by group, and millionths of revenue by group and currency: by way, as exact parts."""
    origin, channels, amounts = reader(model.channels.ignore), Grouping(model.channels), Amounts(model.money)
    won: Owed = defaultdict(lambda: defaultdict(Fraction))
    paid: Owed = defaultdict(lambda: defaultdict(Fraction))

    def owe(owed: Owed, worth: int, groups: list[str], currency: tuple[str | None, ...] = ()) -> None:
        for way, of_way in (("first", groups[:1]), ("last", groups[-1:]), ("linear", groups)):
            for group in of_way:
                owed[way][(group, *currency)] += Fraction(worth, len(of_way))

    for who in PEOPLE:
        mine = sorted(
            (each for each in history if who[2:] in {x.value for x in each.identities}), key=lambda t: t.order
        )
        before: list[Any] = []
        is_won = False
        for _, group in groupby(mine, key=lambda each: each.instant):
            together = list(group)
            before += [channels.seen(seen) for each in together if (seen := origin(each)) is not None]
            channel = [seen["channel"] for n, seen in enumerate(before) if n == 0 or seen != before[n - 1]] or [
                "direct"
            ]
            for each in together:
                if (amount := amounts.of(each)) is not None:
                    owe(paid, amount.millionths, channel, (amount.currency,))
            if not is_won and any(each.properties.get("to") == "customer" for each in together):
                is_won = True
                owe(won, 1, channel)
    return won, paid


@law(60)
@given(history=histories)
def test_it_is_a_recount_of_the_histories_and_adds_up(shelf: Shelf, history: list[Touchpoint]) -> None:
    with shelf.place(MODEL) as folder:
        agrees(World.on_sqlite(folder, MODEL, us(60 * DAY), ready=True), history)


@law(15)
@given(history=histories)
def test_it_is_so_on_postgresql(shelf: Shelf, postgres_server: PostgresServer, history: list[Touchpoint]) -> None:
    with shelf.on(postgres_server, MODEL) as url:
        agrees(World(url, MODEL, us(60 * DAY), ready=True), history)


def agrees(world: World, history: list[Touchpoint]) -> None:
    world.play([history])
    won, paid = recount(MODEL, history)
    answer = told(world, ATTRIBUTION)
    world.close()
    for way in ("first", "last", "linear"):
        leads = {row[0]: row[1] for row in answer.picked("group", f"won_{way}")}
        assert sum(round(each * 1e6) for each in leads.values()) == 1e6 * sum(won[way].values())
        for (group,), share in won[way].items():
            assert abs(leads[group] - share) <= 1e-6
        sums: dict[str, int] = defaultdict(int)
        for group, currency, amount in answer.picked("group", "currency", f"revenue_{way}"):
            if amount is not None:
                exact = paid[way][group, currency]
                sums[currency] += round(amount * 1e6)
                assert abs(round(amount * 1e6) - exact) <= len(history)
        for currency in ("EUR", "USD"):
            assert sums[currency] == sum(each for (_, of), each in paid[way].items() if of == currency)
