"""The report `revenue`: orders and returns by time, and what customers have brought so far; on both databases."""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.days import DayRange, day_named
from projections.reports.answer import BadReport
from projections.reports.channels import CHANNELS
from projections.reports.revenue import REVENUE
from tests.domain.histories import law
from tests.domain.stories import us
from tests.given_views import asked
from tests.projections.given_money import CNY, DAY, FIRST, STAGES, opened, order, told, visit
from tests.projections.shelf import Shelf
from tests.projections.world import World

SOLD = ("group", "orders", "first_orders", "customers", "currency", "amount", "returns")
SO_FAR = ("group", "customers", "currency", "amount", "returns", "per_customer")
A, B, C = "e:a@x.example", "e:b@x.example", "e:c@x.example"


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = opened(migrated_url, day=90)
    world.play([
        [visit(0, A, "search"), order(0, A, 10), order(1, A, 20), order(2, A, 5, type="order_refunded")],
        [visit(1, B, "mail"), order(1, B, 7, currency="usd"), visit(20, C, "search"), order(20, C, 8), order(20, C, 2)],
        [order(50, A, 1), order(51, B, -3, currency="USD"), order(89, "e:d@x.example", 0)],
    ])  # fmt: skip
    yield world
    assert world.verify().differing == 0
    world.close()


def test_by_month(world: World) -> None:
    answer = told(world, REVENUE)
    assert answer.picked(*SOLD) == [
        ("2023-11-01", 3, 2, 2, "EUR", 30.0, 5.0),
        ("2023-11-01", 3, 2, 2, "USD", 7.0, 0.0),
        ("2023-12-01", 2, 1, 1, "EUR", 10.0, 0.0),
        ("2024-01-01", 1, 0, 1, "EUR", 1.0, 0.0),
        ("2024-01-01", 1, 0, 1, "USD", 0.0, 3.0),
        ("2024-02-01", 1, 1, 1, "EUR", 0.0, 0.0),
    ]
    assert answer.picked("per_customer") == [(None,)] * 6
    assert answer.notes == ["what is of several currencies has a row for each: its other numbers are the same in each"]


def test_by_week_and_by_day(world: World) -> None:
    days = DayRange(FIRST, FIRST + 21)
    week, day = told(world, REVENUE, "week", days), told(world, REVENUE, "day", days)
    assert [row[:4] for row in week.picked(*SOLD)] == [
        ("2023-11-13", 3, 2, 2), ("2023-11-13", 3, 2, 2), ("2023-12-04", 2, 1, 1),
    ]  # fmt: skip
    assert [row[:4] for row in day.picked(*SOLD)] == [
        ("2023-11-14", 1, 1, 1), ("2023-11-15", 2, 1, 2), ("2023-11-15", 2, 1, 2), ("2023-11-16", 0, 0, 0),
        ("2023-12-04", 2, 1, 1),
    ]  # fmt: skip


def test_so_far_a_customer_by_channel(world: World) -> None:
    assert told(world, REVENUE, "channel").picked(*SO_FAR) == [
        ("direct", 1, "EUR", 0.0, 0.0, 0.0),
        ("email", 1, "USD", 7.0, 3.0, 4.0),
        ("paid_search", 2, "EUR", 41.0, 5.0, 18.0),
    ]


def test_so_far_a_customer_by_the_month_of_the_first_order(world: World) -> None:
    assert told(world, REVENUE, "cohort", DayRange(None, FIRST + 60)).picked(*SO_FAR) == [
        ("2023-11-01", 2, "EUR", 31.0, 5.0, 13.0),
        ("2023-11-01", 2, "USD", 7.0, 3.0, 2.0),
        ("2023-12-01", 1, "EUR", 10.0, 0.0, 10.0),
    ]


def test_where_nobody_ordered_there_is_nothing(world: World) -> None:
    for by in ("month", "day", "channel", "cohort"):
        assert told(world, REVENUE, by, DayRange(FIRST + 30, FIRST + 31)).items == []


def test_too_many_times_are_refused(migrated_url: str) -> None:
    world = opened(migrated_url, day=500)
    world.play([[order(1, A, 1), order(450, A, 1)]])
    with pytest.raises(BadReport, match="by: 450 times of one day, allowed are 400: ask for a shorter period"):
        told(world, REVENUE, "day")
    assert len(told(world, REVENUE, "week").items) == 2
    world.close()


def test_amounts_are_converted_at_the_rate_of_their_day(migrated_url: str) -> None:
    world = opened(migrated_url, CNY + STAGES)
    world.play([[order(0, A, 1), order(1, A, 2), order(8, A, 2), order(8, A, 1, currency="USD"), order(9, A, -1)]])
    answer = told(world, REVENUE)
    assert answer.picked("currency", "amount", "returns") == [("CNY", 16.0 + 15 + 7, 7.5), ("EUR", 1.0, 0.0)]
    assert answer.notes[:3] == [
        "amount: in CNY, each amount at the rate of its day",
        "amount: 1 in EUR not converted, [money] has no rate of their days",
        "returns: in CNY, each amount at the rate of its day",
    ]
    world.close()


MODEL = parse_model(CNY + STAGES)
RATES = {"EUR": ((FIRST + 1, Fraction(8)), (FIRST + 6, Fraction(15, 2))), "USD": ((FIRST - 13, Fraction(7)),)}
orders = st.builds(
    lambda day, who, n, currency: order(day, who, n / 1000, currency=currency),
    st.integers(0, 9),
    st.sampled_from([A, B]),
    st.integers(-9_999_999, 9_999_999),
    st.sampled_from(["EUR", "USD", "CNY", "GBP"]),
)


def worth(day: int, currency: str, amount: int) -> tuple[str, Fraction]:
    """In which currency an amount of a day is told, and how much that is."""
    if currency == "CNY":
        return currency, Fraction(amount)
    rates = [rate for since, rate in RATES.get(currency, ()) if since <= FIRST + day]
    return ("CNY", amount * rates[-1]) if rates else (currency, Fraction(amount))


@law(40)
@given(history=st.lists(orders, max_size=20, unique_by=lambda touchpoint: touchpoint.id))
def test_every_amount_is_converted_at_the_rate_of_its_day_and_rounded_once(
    shelf: Shelf, history: list[Touchpoint]
) -> None:
    expected: dict[tuple[str, str], list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
    in_all: dict[str, Fraction] = defaultdict(Fraction)
    for each in history:
        day = (each.occurred_at - us(0)) // (DAY * 1_000_000)
        currency, amount = worth(day, each.properties["currency"], round(each.properties["amount"] * 1_000_000))
        expected[day_named(FIRST + day).isoformat(), currency][amount < 0] += abs(amount)
        in_all[currency] += amount
    with shelf.place(MODEL) as folder:
        world = World.on_sqlite(folder, MODEL, us(60 * DAY), ready=True)
        world.play([history])
        by_day, of_channel = told(world, REVENUE, "day"), told(world, CHANNELS)
        world.close()
    assert {(row[0], row[1]): row[2:] for row in by_day.picked("group", "currency", "amount", "returns")} == {
        key: tuple(round(sum) / 1e6 for sum in sums) for key, sums in expected.items()
    }
    assert dict(of_channel.picked("currency", "revenue")) == {
        currency: round(amount) / 1e6 for currency, amount in in_all.items()
    }


def test_sums_beyond_what_a_database_s_integer_holds(migrated_url: str) -> None:
    world = opened(migrated_url, day=90)
    world.play([[order(1, each, 9e12) for each in (A, B, C)]])
    assert told(world, REVENUE).picked("orders", "amount") == [(3, 2.7e13)]
    assert [float(sum) for [sum] in asked(world.url, "SELECT revenue FROM report_revenue")] == [2.7e13]
    world.close()
