"""`did` with sums, extremes, days, values, first and last: what they hold of, until when, and what is remembered."""

from fractions import Fraction
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.conditions.parse import parse_condition
from domain.conditions.tree import meaning
from domain.conditions.words import in_words
from domain.files.values import amount_of, millionths
from domain.fold.counter import LATEST
from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.touchpoints.touchpoint import NEVER, Touchpoint
from tests.domain.given_segments import DAY, HOUR, fold_of, stays
from tests.domain.stories import at, us

SUM = '{ did = "order_placed", sum = "amount", at_least = %s }'


def order(second: float, amount: Any = None, **more: Any) -> Touchpoint:
    given_amount = {} if amount is None else {"amount": amount}
    return at(second, "order_placed", "u:1", id=f"{second} {amount!r} {more!r}", **given_amount, **more)


def page(second: float, path: Any = "/") -> Touchpoint:
    return at(second, "page_viewed", "u:1", id=f"{second} {path!r}", path=path)


# ---- amounts ----


def test_a_sum_is_entered_by_the_order_that_reaches_it() -> None:
    fold = fold_of(SUM % 100)
    assert stays(fold, order(0, 60), order(5, "39.99"), order(9, 0.01), order(12, 7)) == [(us(9), None)]
    assert stays(fold, order(0, 60), order(5, 40), order(9, -1), order(12, 1)) == [(us(5), us(9)), (us(12), None)]


@pytest.mark.parametrize("amounts", list(permutations([0.1, 0.2, "0.3", -0.6, 1e12, -1e12]))[::37])
def test_a_sum_is_exact_in_every_order(amounts: list[Any]) -> None:
    fold = fold_of('{ did = "order_placed", sum = "amount", at_least = 0, at_most = 0 }')
    history = [order(second, amount) for second, amount in enumerate(amounts)]
    assert fold.fold(history, us(9)).now.segments == {"it": us(5)}


def test_a_sum_of_any_size_is_saved_and_exact() -> None:
    fold = fold_of('{ did = "order_placed", sum = "amount", at_most = 0 }')
    history = [order(second, 10**12 if second < 30 else -(10**12)) for second in range(60)]
    lead = fold.fold(history[:30], us(30))
    saved = msgspec.msgpack.decode(msgspec.msgpack.encode(lead), type=Lead)
    assert (saved, saved.now.segments) == (lead, {})
    for touchpoint in history[30:]:
        fold.step(saved, (touchpoint,), touchpoint.instant)
    assert saved.now.segments == {"it": us(59)}


@pytest.mark.parametrize("nothing", [None, "", "many", True, [5], {"value": 5}, 10**12 + 1, "1e13", float("nan")])
def test_what_is_no_amount_does_not_match(nothing: Any) -> None:
    assert stays(fold_of(SUM % 5), order(0, nothing), order(1, 4)) == []
    assert stays(fold_of('{ did = "order_placed", max = "amount", at_most = 9 }'), order(0, nothing)) == []


@pytest.mark.parametrize(
    ("number", "amount"),
    [(12.5, 12_500_000), ("12.50", 12_500_000), (0.0000005, 0), (0.0000015, 2), (0.0000025, 2), (-0.0000015, -2),
     (0.1, 100_000), ("1e3", 10**9), (10**12, 10**18), (0.00000251, 3)],
)  # fmt: skip
def test_an_amount_is_rounded_to_millionths_half_to_even(number: Any, amount: int) -> None:
    assert amount_of(number) == amount


@given(st.sampled_from(["", "-"]), st.integers(0, 10**8), st.integers(0, 10**6 - 1))
def test_six_decimals_are_read_as_they_are_written(sign: str, whole: int, decimals: int) -> None:
    written = f"{sign}{whole}.{decimals:06}"
    assert amount_of(written) == amount_of(float(written)) == int(f"{sign}{whole}{decimals:06}")
    assert millionths(whole) == whole * 10**6


@given(st.floats(-1e12, 1e12) | st.integers(-(10**9), 10**9).map(lambda number: number / 2e6))
def test_any_float_is_rounded_as_it_is_written(number: float) -> None:
    assert millionths(number) == round(Fraction(repr(number)) * 10**6)


def test_without_any_the_sum_is_0_and_there_is_no_greatest() -> None:
    assert stays(fold_of('{ did = "order_placed", sum = "amount", at_most = 5 }'), page(3)) == [(us(3), None)]
    for name in ("max", "min"):
        assert stays(fold_of(f'{{ did = "order_placed", {name} = "amount", at_most = 5 }}'), page(3)) == []


def test_a_sum_leaves_when_the_order_that_carried_it_leaves_the_window() -> None:
    fold = fold_of('{ did = "order_placed", sum = "amount", at_least = 100, within = "1d" }')
    history = [order(0, 1), order(10, 50), order(20, 60), order(30, 5)]
    lead = fold.fold(history, us(30))
    assert lead.now.due == us(DAY + 10), "exactly: when 1 leaves nothing changes"
    assert stays(fold, *history) == [(us(20), us(DAY + 10))]


def test_a_sum_may_be_entered_by_time_alone() -> None:
    fold = fold_of('{ did = "order_placed", sum = "amount", at_least = 1, at_most = 10, within = "1d" }')
    assert stays(fold, order(0, 50), order(10, 7), order(20, -6)) == [(us(DAY), us(DAY + 10))]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(-2, 5)), min_size=1, max_size=8),
    st.tuples(st.integers(-2, 9), st.integers(-2, 9)).map(sorted),
    st.sampled_from(["at_least = {0}", "at_most = {1}", "at_least = {0}, at_most = {1}"]),
    st.sampled_from(["sum", "max", "min"]),
)
@example([(0, 3), (1, 2)], [0, 2], "at_most = {1}", "sum")
@example([(0, 3), (1, 2)], [2, 2], "at_least = {0}", "sum")
@example([(0, 3), (0, -3), (1, 2)], [2, 2], "at_least = {0}", "sum")
@example([(0, 3), (1, 3), (2, 1)], [3, 9], "at_least = {0}", "max")
@example([(0, 3), (0, 2), (1, 1)], [2, 3], "at_least = {0}, at_most = {1}", "sum")
@example([(0, 3), (1, 2), (2, 1)], [2, 3], "at_least = {0}, at_most = {1}", "sum")
@example([(0, 3), (1, 2)], [-2, -1], "at_least = {0}, at_most = {1}", "sum")
@example([(0, 0), (0, -1)], [0, 0], "at_least = {0}", "min")
def test_what_lies_in_a_window_changes_at_the_instants_at_which_it_does(
    orders: list[tuple[int, int]], bounds: list[int], limits: str, name: str
) -> None:
    """Against looking every second, at which alone anything happens or leaves the window."""
    table = f'did = "order_placed", {name} = "amount", {limits.format(*bounds)}, within = "5s"'
    fold = fold_of(f"{{ {table} }}")
    history = [order(second, amount, seq=place) for place, (second, amount) in enumerate(sorted(orders))]
    least, most = (bounds[0] if "least" in limits else -99), (bounds[1] if "most" in limits else 99)
    reached = {"sum": sum, "max": max, "min": min}[name]
    held = []
    for now in range(history[0].instant, us(20), 1_000_000):
        window = [each.properties["amount"] for each in history if now - 5_000_000 < each.instant <= now]
        held.append((bool(window) or name == "sum") and least <= reached(window) <= most)
    told = stays(fold, *history, until=20)
    seconds = range(history[0].instant, us(20), 1_000_000)
    assert held == [any(entered <= now < (left or us(99)) for entered, left in told) for now in seconds]
    assert all((entered - us(0)) % 1_000_000 == 0 for entered, _ in told)
    assert_no_look_in_vain(fold, history)


def assert_no_look_in_vain(fold: Fold, history: list[Touchpoint]) -> None:
    """At every instant at which time alone is to change something, it does."""
    lead = fold.fold(history, history[-1].instant)
    while lead.now.due < NEVER:
        before = dict(lead.now.segments)
        fold.advance(lead, lead.now, lead.now.due)
        assert lead.now.segments != before


def test_what_shares_an_instant_leaves_together() -> None:
    fold = fold_of('{ did = "order_placed", sum = "amount", at_least = 100, within = "1d" }')
    history = [order(0, 50, seq=0), order(0, -50, seq=1), order(1, 100)]
    assert fold.fold(history, us(1)).now.due == us(DAY + 1), "not when only the first of both has left"


def test_the_greatest_and_the_least_in_a_window_are_those_that_have_not_left() -> None:
    greatest = fold_of('{ did = "order_placed", max = "amount", at_least = 10, within = "1d" }')
    assert stays(greatest, order(0, 30), order(5, 4), order(10, 20), order(15, 9)) == [(us(0), us(DAY + 10))]
    assert stays(greatest, order(0, 30), order(HOUR, 9)) == [(us(0), us(DAY))]
    least = fold_of('{ did = "order_placed", min = "amount", at_least = 10, within = "1d" }')
    assert stays(least, order(0, 30), order(5, 4), order(10, 20)) == [(us(0), us(5)), (us(DAY + 5), us(DAY + 10))]
    lowest = fold_of('{ did = "order_placed", min = "amount", at_most = -2.5 }')
    assert stays(lowest, order(0, 1), order(1, "-2.5"), order(2, 99)) == [(us(1), None)]


@pytest.mark.parametrize(("name", "kept"), [("sum", LATEST), ("max", LATEST), ("min", 1)])
def test_of_a_window_the_latest_1000_matches_are_remembered(name: str, kept: int) -> None:
    fold = fold_of(f'{{ did = "order_placed", {name} = "amount", at_least = 1, within = "30d" }}')
    lead = fold.fold([order(second, 5_000 - second) for second in range(LATEST + 500)], us(9_999))
    assert [len(each) for each in lead.did.values()] == [kept, kept]


def test_a_sum_within_a_window_is_of_the_latest_1000() -> None:
    fold = fold_of('{ did = "order_placed", sum = "amount", at_most = 999, within = "30d" }')
    history = [order(0, 5), *[order(1 + second, 1) for second in range(LATEST - 1)]]
    assert fold.fold(history, us(LATEST)).now.segments == {}
    assert fold.fold([*history, order(LATEST, 0)], us(LATEST)).now.segments == {"it": us(LATEST)}


def test_what_has_left_the_window_is_forgotten() -> None:
    fold = fold_of('{ did = "order_placed", sum = "amount", at_least = 1, within = "1h" }')
    lead = fold.fold([order(hours * 900, 1) for hours in range(100)], us(99 * 900))
    assert [len(each) for each in lead.did.values()] == [4, 4]


# ---- days and values ----


def test_days_are_those_of_the_models_time_zone() -> None:
    """The stories start at 22:13:20 UTC: 23:13:20 in Berlin, 06:13:20 in Shanghai."""
    when = '{ did = "page_viewed", days = true, at_least = 2 }'
    history = page(0), page(2_000), page(3_000)
    assert stays(fold_of(when, "UTC"), *history) == []
    assert stays(fold_of(when, "Europe/Berlin"), *history) == [(us(3_000), None)]
    assert stays(fold_of(when, "Asia/Shanghai"), *history, page(DAY)) == [(us(DAY), None)]


def test_a_day_leaves_the_window_with_its_last_touchpoint() -> None:
    fold = fold_of('{ did = "page_viewed", days = true, at_least = 2, within = "3d" }')
    history = page(0), page(600), page(2 * DAY), page(2 * DAY + 600)
    assert stays(fold, *history) == [(us(2 * DAY), us(3 * DAY + 600))]
    never = fold_of('{ did = "page_viewed", days = true, at_least = 0, at_most = 1, within = "3d" }')
    assert stays(never, *history) == [(us(0), us(2 * DAY)), (us(3 * DAY + 600), None)]


def test_a_clock_that_is_set_back_makes_no_new_day() -> None:
    """29 October 2023 has 25 hours in Berlin: its day begins at 22:00 UTC and ends at 23:00."""
    fold = fold_of('{ did = "page_viewed", days = true, at_least = 2 }', "Europe/Berlin")
    begins = -17 * DAY - 13 * 60 - 20  # 28 October 2023, 22:00 UTC
    assert stays(fold, page(begins), page(begins + 25 * HOUR - 1)) == []
    assert stays(fold, page(begins), page(begins + 25 * HOUR)) == [(us(begins + 25 * HOUR), None)]


def test_different_values_are_counted_once_each_by_when_they_were_last_seen() -> None:
    fold = fold_of('{ did = "page_viewed", values = "path", at_least = 2, within = "1d" }')
    assert stays(fold, page(0, "/a"), page(1, "/a"), page(2, "/b"), page(10, "/a")) == [(us(2), us(DAY + 2))]
    assert stays(fold, page(0, 1), page(1, "1"), page(2, None), page(3, "")) == [(us(1), us(DAY))]


def test_a_value_that_was_forgotten_and_comes_again_is_counted_right() -> None:
    fold = fold_of('{ did = "page_viewed", values = "path", at_least = 2, at_most = 2, within = "1h" }')
    history = [page(0, "/a"), page(60, "/b"), page(120, "/c"), page(180, "/d"), page(240, "/a")]
    lead = fold.fold(history, us(240))
    assert [len(each) for each in lead.did.values()] == [3, 3]
    assert stays(fold, *history) == [(us(60), us(120)), (us(HOUR + 120), us(HOUR + 180))]


def test_of_values_so_many_are_remembered_as_are_asked_for() -> None:
    fold = fold_of('{ did = "page_viewed", values = "path", at_least = 1000 }')
    lead = fold.fold([page(number, f"/{number}") for number in range(3_000)], us(3_000))
    assert ([len(each) for each in lead.did.values()], lead.now.segments) == ([1_000] * 2, {"it": us(999)})


# ---- first and last ----


def test_the_first_and_the_last_are_compared_with_now_and_with_days() -> None:
    new = fold_of('{ did = "order_placed", first = { within_last = "30d" } }')
    assert stays(new, order(0), order(20 * DAY)) == [(us(0), us(30 * DAY))]
    recent = fold_of('{ did = "order_placed", last = { within_last = "30d" } }')
    assert stays(recent, order(0), order(20 * DAY), order(90 * DAY)) == [
        (us(0), us(50 * DAY)),
        (us(90 * DAY), us(120 * DAY)),
    ]
    gone = fold_of('{ did = "order_placed", last = { before = 2023-11-16 } }')
    assert stays(gone, page(0), order(1), order(5 * DAY)) == [(us(1), us(5 * DAY))]
    since = fold_of('{ did = "order_placed", last = { after = "2023-11-15", before = "2023-11-17T10:00:00+08:00" } }')
    assert stays(since, order(0), order(1.2 * DAY), order(3 * DAY)) == [(us(1.2 * DAY), us(3 * DAY))]


def test_a_day_is_the_models_and_a_time_is_not() -> None:
    """The stories start on 14 November in Berlin, on the 15th in Shanghai."""
    when = '{ did = "order_placed", first = { after = "2023-11-14" } }'
    assert stays(fold_of(when, "Europe/Berlin"), order(0)) == []
    assert stays(fold_of(when, "Asia/Shanghai"), order(0)) == [(us(0), None)]


# ---- several types, and what is counted alike ----


def test_of_several_types_any_counts() -> None:
    fold = fold_of('{ did = ["page_viewed", "order_placed"], days = true, at_least = 2 }')
    assert stays(fold, page(0), order(60), order(DAY)) == [(us(DAY), None)]


def test_what_is_counted_alike_is_remembered_once() -> None:
    did = 'did = "order_placed", sum = "amount", within = "7d"'
    other = (
        f'[[segments]]\nname = "other"\nwhen = {{ any = [ {{ {did}, at_most = 3 }}, {{ {did}, at_least = 9 }} ] }}\n'
    )
    lead = fold_of(f"{{ {did}, at_least = 5 }}", more=other).fold([order(0, 4), order(1, 2)], us(2))
    assert list(lead.did.values()) == [[us(0), us(1)], [4_000_000, 2_000_000]]
    assert lead.now.segments == {"it": us(1)}


def test_what_an_operand_tells_apart_is_remembered_apart() -> None:
    one, true = ('{ did = "page_viewed", where = { n = 1 } }', '{ did = "page_viewed", where = { n = true } }')
    fold = fold_of(one, more=f'[[segments]]\nname = "other"\nwhen = {true}\n')
    assert fold.fold([at(0, "page_viewed", "u:1", n=True)], us(0)).now.segments == {"other": us(0)}


# ---- words, version ----


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"did": "order_placed", "where": {"shop": "b"}, "sum": "amount", "at_least": 99.5, "within": "30d"},
         "did order_placed where shop is b with sum of amount at least 99.5 within 30d"),
        ({"did": "order_placed", "max": "order.total", "at_least": -1, "at_most": 10**12},
         "did order_placed with max of order.total at least -1 and at most 1000000000000"),
        ({"did": "page_viewed", "days": True, "at_least": 3, "at_most": 5, "within": "7d"},
         "did page_viewed on at least 3 and at most 5 days within 7d"),
        ({"did": ["b", "a", "b"], "days": True}, "did a or b on at least one day"),
        ({"did": "page_viewed", "values": "path"}, "did page_viewed with at least 1 different values of path"),
        ({"did": "a", "first": {"within_last": "30d"}}, "did a, the first time within the last 30d"),
        ({"did": "a", "last": {"before": "2026-12-01T09:00:00+01:00"}},
         "did a, the last time before 2026-12-01T08:00:00.000000Z"),
        ({"profile.ends": {"within_next": "36h"}}, "profile.ends within the next 36h"),
        ({"profile.ends": {"after": "2026-12-01"}}, "profile.ends after 2026-12-01"),
        ({"segment": ["b", "a"]}, "segment is a or b"),
    ],
)  # fmt: skip
def test_each_is_said_in_words(raw: dict[str, Any], words: str) -> None:
    assert in_words(parse_condition(raw, "segment")) == words


def test_what_means_the_same_has_one_version_and_what_does_not_has_another() -> None:
    def version(raw: dict[str, Any]) -> Any:
        return meaning(parse_condition(raw, "segment"))

    did = {"did": "a", "at_least": 1}
    conditions = [
        did, {**did, "days": True}, {**did, "values": "x"}, {**did, "sum": "x"}, {**did, "max": "x"},
        {**did, "min": "x"},
        {**did, "sum": "y"}, {**did, "sum": "x", "within": "7d"}, {"did": "a", "first": {"after": "2026-12-01"}},
        {"did": "a", "last": {"after": "2026-12-01"}}, {"did": "a", "last": {"before": "2026-12-01"}},
        {"profile.x": {"before": "2026-12-01"}}, {"profile.x": {"lt": "2026-12-01"}}, {"segment": "a"}, {"stage": "a"},
    ]  # fmt: skip
    assert len({repr(version(each)) for each in conditions}) == len(conditions)
    assert version({"did": ["a"]}) == version(did) != version({"did": ["a", "b"]}) == version({"did": ["b", "a"]})
    assert version({"profile.x": {"after": "2026-12-01T00:00:00Z"}}) == version(
        {"profile.x": {"after": "2026-12-01T08:00:00.000+08:00"}}
    )
